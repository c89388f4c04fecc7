// The data of the page, the filters, and the address that holds both.

const { run, late, bins, history: past, scenarios, proof: proved } = JSON.parse(document.getElementById("data").textContent);
const byKey = new Map();

for (const [index, one] of scenarios.entries()) {
  one.index = index;
  one.key = byKey.has(one.place) ? `${one.place}~${index}` : one.place;
  byKey.set(one.key, one);
  const rules = one.attempts.flatMap((attempt) => [
    ...(attempt.findings ?? []).map((finding) => finding.rule),
    ...(attempt.diagnosis?.rules ?? []),
  ]);
  one.rules = [...new Set(rules)];
  one.hops = [...new Set(one.attempts.map((attempt) => attempt.diagnosis?.edge).filter(Boolean))];
}

// Failures come first; scenarios with the same verdict keep the order of the files.
const RANKS = { failed: 0, unknown: 1, passed: 3, skipped: 4 };
const rank = (one) => (one.verdict === "passed" && one.flaky ? 2 : RANKS[one.verdict]);
const ordered = [...scenarios].sort((a, b) => rank(a) - rank(b) || a.index - b.index);

const FILTERS = {
  verdict: (one, wanted) => one.verdict === wanted,
  tag: (one, wanted) => one.tags.includes(wanted),
  hop: (one, wanted) => one.hops.includes(wanted),
  check: (one, wanted) => one.rules.includes(wanted),
  text: (one, wanted) => {
    one.words ??= [one.feature, one.rule, one.name, one.place, one.why].join("\n").toLowerCase();
    return wanted.toLowerCase().split(/\s+/).every((word) => one.words.includes(word));
  },
};

/** The address: `#/view?filters`, or `#/s/place?filters` for one scenario. */
function route() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const asked = new URLSearchParams(query);
  const filters = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, asked.get(name) ?? ""]));
  if (!path.startsWith("s/")) return { view: path || "overview", key: null, filters };
  let key = path.slice(2);
  try {
    key = decodeURIComponent(key);
  } catch {
    // A hand-typed address; it is looked up as it stands.
  }
  return { view: "scenarios", key, filters };
}

/** The address of a view or of a scenario, with filters. */
function address(view, key, filters) {
  const query = new URLSearchParams(Object.entries(filters ?? {}).filter(([, value]) => value)).toString();
  const path = key === null || key === undefined ? view : `s/${encodeURIComponent(key)}`;
  return `#/${path}${query ? `?${query}` : ""}`;
}

function filtered(filters) {
  const wanted = Object.entries(filters).filter(([, value]) => value);
  return ordered.filter((one) => wanted.every(([name, value]) => FILTERS[name](one, value)));
}

/** Counts each value; the most frequent comes first. */
function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || String(a).localeCompare(String(b)));
}
