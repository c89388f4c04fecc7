// The tabs beside the scenarios: checks, delays, flaky, not checked, history, the run itself.

function section(title, ...children) {
  return el("section", {}, el("h2", {}, title), children);
}

function table(heads, rows) {
  return el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map(([name, kind]) => el("th", { scope: "col", class: kind }, name)))),
    el("tbody", {}, rows.map((cells) => el("tr", {}, cells.map((cell, index) =>
      (index === 0 ? el("th", { scope: "row" }, cell) : el("td", { class: heads[index][1] }, cell))))))));
}

const scenarioLink = (one) => el("a", { href: address("", one.key) }, `${one.feature} › ${one.name}`);

function checks() {
  const found = new Map(tally(scenarios.flatMap((one) => one.rules)));
  const known = (run.checks ?? []).map(({ rule, says, scenarios: judged }) => ({ rule, says, judged }));
  const others = [...found.keys()].filter((rule) => !known.some((one) => one.rule === rule));
  const all = [...known, ...others.map((rule) => ({ rule, says: "", judged: null }))];
  if (all.length === 0) return section("Checks", el("p", { class: "quiet" }, "No check reported anything."));
  return section("Checks",
    el("p", { class: "quiet" }, "These rules are checked in every scenario, whether or not a step asks for it. A rule that had nothing to judge has no result."),
    table([["rule"], ["meaning"], ["judged in", "number"], ["broken in", "number"]], all.map(({ rule, says, judged }) => {
      const broken = found.get(rule) ?? 0;
      return [rule, says ?? "",
        judged === null ? "" : judged === 0 ? el("span", { class: "chip state-unknown" }, "no result") : String(judged),
        broken ? el("a", { class: "chip state-failed", href: address("scenarios", null, { check: rule }) }, `✗ ${broken}`) : "0"];
    })));
}

function lateness() {
  if (late.length === 0) return section("Delays", el("p", { class: "quiet" }, "No scenario reached two stages of the path, so there is nothing to measure."));
  return section("Delays",
    el("p", { class: "quiet" }, "The time from one stage of the path to the next, over all scenarios of this run."),
    table([["from – to"], ["seen", "number"], ["median", "number"], ["95 %", "number"], ["slowest", "number"], ["slowest in"]],
      late.map((one) => [`${one.from} – ${one.to}`, String(one.count), time(one.median), time(one.p95), time(one.worst),
        scenarios[one.scenario] ? scenarioLink(scenarios[one.scenario]) : ""])),
    el("h3", {}, "Distribution"), el("div", { class: "spreads" }, late.map(spread)));
}

/** Bars, one for each span of time, from the first that was seen to the last. */
function spread(one) {
  const seen = one.bins.map((count, index) => ({ count, index })).filter(({ count }) => count > 0);
  const shown = one.bins.slice(seen[0].index, seen.at(-1).index + 1);
  const most = Math.max(...shown);
  const says = (index) => (index < bins.length ? `≤ ${time(bins[index])}` : `> ${time(bins.at(-1))}`);
  return el("figure", { class: "spread" },
    el("figcaption", {}, `${one.from} – ${one.to}`),
    el("ol", {}, shown.map((count, offset) => {
      const bar = el("i", { "aria-hidden": "true" });
      bar.style.width = `${(count / most) * 100}%`;
      return el("li", {}, el("span", {}, says(seen[0].index + offset)), el("span", { class: "track" }, bar), el("span", { class: "number" }, String(count)));
    })));
}

function flaky() {
  const all = scenarios.filter((one) => one.flaky);
  if (all.length === 0) return section("Flaky", el("p", { class: "quiet" }, "Nothing needed a second attempt."));
  return section("Flaky",
    el("p", { class: "quiet" }, "These scenarios passed only on a retry. Each attempt is shown."),
    table([["scenario"], ["attempts", "number"], ["failure of the first attempt"]], all.map((one) => {
      const first = one.attempts[0];
      const said = first?.diagnosis?.sentence ?? first?.steps.find((step) => step[3] === "failed")?.[5] ?? "";
      return [scenarioLink(one), String(one.attempts.length), said.split("\n")[0]];
    })));
}

function unchecked() {
  const never = (run.checks ?? []).filter((one) => one.scenarios === 0);
  const skipped = tally(scenarios.filter((one) => one.verdict === "skipped").map((one) => one.reason || "no reason given"));
  const excused = scenarios.filter((one) => one.quarantine);
  const notes = run.notes;
  const nothing = notes.length + never.length + skipped.length + excused.length === 0;
  return section("Not checked",
    el("p", { class: "quiet" }, "Rules and scenarios about which this run has no result."),
    nothing && el("p", {}, "Every rule and scenario has a result."),
    notes.length ? el("ul", { class: "notes" }, notes.map((note) => el("li", {}, note))) : null,
    never.length ? [el("h3", {}, "Rules that had nothing to judge"),
      el("ul", { class: "notes" }, never.map((one) => el("li", {}, el("b", {}, one.rule), ` ${one.says ?? ""}`)))] : null,
    skipped.length ? [el("h3", {}, "Skipped"),
      table([["reason"], ["scenarios", "number"]], skipped.map(([why, count]) => [why, el("a", { href: address("scenarios", null, { verdict: "skipped" }) }, String(count))]))] : null,
    excused.length ? [el("h3", {}, "Quarantined"), table([["scenario"], ["why"]], excused.map((one) => [scenarioLink(one), one.quarantine]))] : null);
}

const COURSE = { p: ["passed", "passed"], y: ["unknown", "flaky"], f: ["failed", "failed"], u: ["unknown", "unknown"], s: ["skipped", "skipped"], ".": ["none", "did not run"] };

/** A square for each run, the newest at the right. */
function course(letters) {
  const short = letters.slice(-30);
  const told = tally([...short].map((letter) => COURSE[letter][1])).map(([word, count]) => `${count} ${word}`).join(", ");
  return el("span", { class: "results", role: "img", "aria-label": told, title: told },
    [...short].map((letter) => el("i", { class: `state-${COURSE[letter][0]}` }, letter === "f" ? "✗" : letter === "y" ? "~" : "")));
}

function earlier() {
  const link = (one) => (scenarios[one.scenario] ? el("a", { href: address("", scenarios[one.scenario].key) }, one.name) : one.name);
  const words = ["failed", "unknown", "skipped", "passed"];
  const most = Math.max(1, ...past.runs.map((one) => one.counts.reduce((sum, count) => sum + count, 0)));
  const bar = (one) => el("span", { class: "stack", role: "img", "aria-label": words.map((word, index) => `${one.counts[index]} ${word}`).join(", ") },
    words.map((word, index) => {
      const part = el("i", { class: `state-${word}` });
      part.style.width = `${(one.counts[index] / most) * 100}%`;
      return part;
    }));
  const none = (words) => el("p", { class: "quiet" }, words);
  return section("History",
    el("p", { class: "quiet" }, `${past.runs.length} runs, the newest first; this one is the first line.`),
    table([["run"], ["exit", "number"], ["failed", "number"], ["flaky", "number"], ["took", "number"], ["scenarios"]],
      [...past.runs].reverse().map((one) => [[one.started, " ", el("code", {}, one.id)], String(one.exit), String(one.counts[0]), String(one.flaky), time(one.took), bar(one)])),
    el("h3", {}, "Red since"),
    past.red.length ? table([["scenario"], ["since"], ["run"], ["results"]],
      past.red.map((one) => [link(one), one.since, el("code", {}, one.run), course(one.course)])) : none("Nothing is red."),
    el("h3", {}, "Flaky"),
    past.flaky.length ? table([["scenario"], ["rate", "number"], ["times", "number"], ["results"]],
      past.flaky.map((one) => [link(one), `${Math.round((one.flaky / Math.max(1, one.ran)) * 100)} %`, `${one.flaky} of ${one.ran}`, course(one.course)])) : none("Nothing was flaky."),
    el("h3", {}, "Slowest"),
    table([["scenario"], ["median", "number"], ["last", "number"], ["results"]],
      past.slowest.map((one) => [link(one), time(one.median), time(one.last), course(one.course)])));
}

function about() {
  const facts = [
    ["ended", `exit ${run.exit}: ${run.meaning}`], ["took", run.took], ["started", run.started], ["command", el("code", {}, run.command.join(" "))],
    ["seed", run.seed], ["run", run.id], ["paidpath", run.version], ["target", run.target], ["topology", run.topology], ["services", run.stands_on],
    ["workers", String(run.jobs)], ["preflight", run.verified ?? "not recorded"],
    ...run.faults.map((fault) => ["fault", fault]),
  ];
  const parts = run.parts.length === 0 ? null : [el("h3", {}, "Merged from"),
    table([["journal"], ["shard"], ["run"], ["started"], ["scenarios", "number"], ["exit", "number"], ["seed", "number"]],
      run.parts.map((one) => [one.journal, one.shard ?? "", el("code", {}, one.id), one.started, String(one.scenarios), String(one.exit), one.seed]))];
  return section("The run",
    el("table", { class: "facts-table" }, el("tbody", {}, facts.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))),
    parts,
    el("h3", {}, "Services"),
    table([["service"], ["provider"], ["address"]], run.services.map((one) => [one.name, one.provider, el("code", {}, one.address)])));
}
