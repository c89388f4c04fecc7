// The recorded exchanges: one row per exchange on a common time line. A row opens to the request and the response side by side, with
// each finding beside its field.

const MANY = 150;

/** Gives names to the parts of an exchange. */
function unpacked([id, edge, at, took, method, target, ended, more = {}]) {
  return {
    id, at, took, method, target, ended, ...more,
    edge: (typeof edge === "number" ? run.edges[edge] : edge).join(" → "),
    /** Says whether the exchange shows the failure. */
    broken(attempt) {
      const hops = attempt.diagnosis?.hops ?? [];
      return hops.some((hop) => hop.state === "broken" && hop.exchanges?.includes(id))
        || (attempt.findings ?? []).some((finding) => finding.exchange === id);
    },
  };
}

function waterfall(attempt) {
  const all = attempt.exchanges.map(unpacked);
  if (all.length === 0) return el("p", { class: "quiet" }, "No exchange was recorded.");
  const span = Math.max(1, ...all.map((one) => one.at + one.took));
  const list = el("ol", { class: "fall" });
  const show = (some) => list.append(...some.map((one) => row(one, attempt, span)));
  show(all.slice(0, MANY));
  if (all.length <= MANY) return list;
  const rest = el("button", { class: "more", onclick: () => { show(all.slice(MANY)); rest.remove(); } },
    `show ${all.length - MANY} more exchanges`);
  return [list, rest];
}

function row(one, attempt, span) {
  const broken = one.broken(attempt);
  const answered = typeof one.ended === "number";
  const bar = el("i");
  const left = (one.at / span) * 100;
  bar.style.left = `${left}%`;
  bar.style.width = `${(one.took / span) * 100}%`;
  const took = el("span", {}, time(one.took));
  // The words stand on the side of the bar that has room for them.
  if (left > 55) took.style.right = `calc(${100 - left}% + 4px)`;
  else took.style.left = `calc(${left + (one.took / span) * 100}% + 5px)`;
  const inside = el("div", { hidden: true });
  const toggle = () => {
    if (!inside.firstChild) inside.append(sides(one, attempt));
    inside.hidden = !inside.hidden;
    head.setAttribute("aria-expanded", String(!inside.hidden));
  };
  const head = el("button", { class: "row", "aria-expanded": "false", onclick: toggle },
    el("span", { class: "offset" }, `+${(one.at / 1e6).toFixed(3)} s`),
    el("span", { class: "edge-name" }, one.edge),
    el("span", { class: `status${!answered || one.ended >= 400 ? " bad" : ""}` }, [broken && "✗ ", answered ? one.ended : one.ended.split(":")[0]]),
    el("span", { class: "asked", title: `${one.method} ${one.target}` }, `${one.method} ${one.target}`),
    el("span", { class: "bar" }, bar, took),
    (one.faults ?? []).map((fault) => el("span", { class: "flag" }, `⚡ fault: ${fault}`)));
  const item = el("li", { class: broken ? "broken" : null }, head, inside);
  if (broken) toggle();
  return item;
}

/** Request and response side by side. */
function sides(one, attempt) {
  const pins = (attempt.findings ?? []).filter((finding) => finding.exchange === one.id).map((finding) => ({ finding, used: false }));
  const status = pins.filter((pin) => pin.finding.at === "response/status");
  status.forEach((pin) => { pin.used = true; });
  const answered = typeof one.ended === "number";
  const request = el("div", {}, el("h4", {}, `${one.method} ${one.target}`), half(one.request, "request", pins, one));
  const response = el("div", {},
    el("h4", { class: status.length ? "pinned" : null }, answered ? `answered ${one.ended}` : one.ended),
    status.map(({ finding }) => pinned(finding)), answered ? half(one.response, "response", pins, one) : null);
  const loose = pins.filter((pin) => !pin.used).map(({ finding }) => pinned(finding));
  return [loose.length ? el("div", {}, loose) : null, el("div", { class: "sides" }, request, response)].filter(Boolean)
    .reduce((all, part) => (all.append(part), all), document.createDocumentFragment());
}

function pinned(finding) {
  return el("span", { class: "pin" }, el("b", {}, finding.rule), finding.message,
    finding.source ? el("span", { class: "quiet" }, ` (${finding.source})`) : null);
}

/** Returns the finding as an entry of a list of headers. */
function described({ finding }) {
  return el("dd", { class: "pins" }, pinned(finding));
}

function half(message, side, pins, one) {
  if (!message) {
    return el("p", { class: "quiet" }, one.left_out ? "Left out to keep this file small; the journal has it."
      : "Headers and bodies are kept for scenarios that did not pass, or with --record all.");
  }
  const list = el("dl", { class: "headers mono" });
  for (const [name, value] of message.headers) {
    const here = pins.filter((pin) => pin.finding.at?.toLowerCase() === `${side}/headers/${name}`.toLowerCase());
    here.forEach((pin) => { pin.used = true; });
    const tone = here.length ? "pinned" : null;
    list.append(el("dt", { class: tone }, name), el("dd", { class: tone }, value), ...here.map(described));
  }
  for (const pin of pins.filter((pin) => !pin.used && pin.finding.at?.startsWith(`${side}/headers/`))) {
    pin.used = true;
    const name = pin.finding.at.slice(`${side}/headers/`.length);
    list.append(el("dt", { class: "pinned" }, name), el("dd", { class: "pinned" }, "missing"), described(pin));
  }
  return [list, body(message, side, pins)];
}

function body(message, side, pins) {
  const note = message.cut ? el("p", { class: "quiet" }, `cut; ${message.size} bytes on the wire`) : null;
  const type = (message.headers.find(([name]) => name === "content-type") ?? ["", ""])[1];
  switch (message.kind) {
    case "empty":
      return message.size ? el("p", { class: "quiet" }, `${message.size} bytes, not kept`) : null;
    case "base64":
      return message.body && /^image\/(png|jpeg|webp|gif)\b/.test(type) && /^[A-Za-z0-9+/=]+$/.test(message.body) && !message.cut
        ? el("div", { class: "body" }, el("img", { alt: `${side} body, a picture`, src: `data:${type.split(";")[0]};base64,${message.body}` }))
        : el("p", { class: "quiet" }, `${message.size} bytes of ${type || "unknown type"}`);
    case "json":
      return [el("pre", { class: "body" }, printed(message.body, side, pins)), note];
    default:
      return [el("pre", { class: "body" }, message.body), note];
  }
}

/** JSON, indented, with findings pinned below the line of their field, or of the nearest field above it that exists. */
function printed(value, side, pins) {
  const wanted = pins.filter((pin) => pin.finding.at?.startsWith(`${side}/body`))
    .map((pin) => ({ pin, path: pin.finding.at.slice(`${side}/body`.length) || "/" }));
  const exists = (path) => path.split("/").slice(1).reduce((at, part) => at?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], value) !== undefined;
  for (const one of wanted) while (one.path && one.path !== "/" && !exists(one.path)) one.path = one.path.replace(/\/[^/]*$/, "");
  const lines = [];
  const line = (depth, text, path) => {
    const here = path === null ? [] : wanted.filter((one) => (one.path || "/") === (path || "/"));
    here.forEach(({ pin }) => { pin.used = true; });
    const words = `${"  ".repeat(depth)}${text}`;
    lines.push(here.length ? el("span", { class: "pinned" }, words) : words, "\n", ...here.map(({ pin }) => pinned(pin.finding)));
  };
  const print = (at, depth, before, after, path) => {
    const pair = Array.isArray(at) ? "[]" : at !== null && typeof at === "object" ? "{}" : null;
    const parts = pair ? Object.entries(at) : [];
    if (parts.length === 0) return line(depth, `${before}${pair ?? JSON.stringify(at)}${after}`, path);
    line(depth, `${before}${pair[0]}`, path);
    parts.forEach(([name, inner], index) => print(inner, depth + 1, pair === "{}" ? `${JSON.stringify(name)}: ` : "",
      index + 1 < parts.length ? "," : "", `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`));
    return line(depth, `${pair[1]}${after}`, null);
  };
  print(value, 0, "", "", "");
  return lines;
}
