// One scenario: the reason of its verdict, its steps, path, exchanges and artifacts.

function detail(one, filters) {
  const body = el("div");
  const last = one.attempts.length - 1;
  const buttons = one.attempts.length < 2 ? null : el("div", { class: "attempts", role: "group", "aria-label": "Attempts" },
    one.attempts.map((attempt, index) => el("button", { onclick: () => choose(index), "data-attempt": index },
      `attempt ${index + 1}: ${index === last ? one.verdict : "did not pass"}`)));
  const choose = (index) => {
    buttons?.querySelectorAll("button").forEach((button) => button.setAttribute("aria-pressed", String(Number(button.dataset.attempt) === index)));
    body.replaceChildren(...[evidence(one, one.attempts[index])].flat(Infinity).filter(Boolean));
  };
  if (last >= 0) choose(last);
  const tag = (name) => [el("a", { href: address("scenarios", null, { tag: name }) }, name), " "];
  return el("article", { class: `panel state-${one.verdict}`, "aria-labelledby": "scenario" },
    el("div", { class: "title" }, el("h2", { id: "scenario" }, one.name), el("span", { class: "chip" }, one.verdict),
      one.flaky && el("span", { class: "chip state-unknown" }, "flaky"),
      one.quarantine && el("span", { class: "chip state-skipped" }, "quarantined")),
    el("p", { class: "crumbs" }, [one.feature, one.rule].filter(Boolean).join(" › "), " · ", el("code", {}, one.place),
      one.tags.length ? " · " : "", one.tags.map(tag)),
    reason(one), buttons, body);
}

/** The reason of the verdict, and the command that repeats the scenario. */
function reason(one) {
  const parts = [];
  const aside = one.reason && one.reason !== one.why && !one.why.includes(one.reason) ? one.reason : null;
  if (one.why || aside) parts.push(el("div", { class: "why" }, one.why && el("p", {}, one.why), aside && el("p", {}, aside)));
  if (one.quarantine) parts.push(el("p", {}, `Quarantined: ${one.quarantine}`));
  if (one.repeat) {
    const command = el("code", {}, one.repeat);
    const copy = el("button", { onclick: () => copied(command, copy) }, "copy");
    parts.push(el("div", { class: "repeat" }, command, copy));
  }
  return parts;
}

async function copied(command, button) {
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "copied";
  } catch {
    // Some browsers keep pages from the disk away from the clipboard. Then the command is selected instead.
    getSelection().selectAllChildren(command);
    button.textContent = "selected";
  }
}

function evidence(one, attempt) {
  const found = (attempt.findings ?? []).filter((finding) => finding.exchange === undefined || finding.exchange === null);
  const drawn = attempt.exchanges.length > 0 || attempt.diagnosis ? picture(attempt) : null;
  return [
    drawn && [el("h3", {}, "The path"), drawn],
    el("div", { class: attempt.diagnosis ? "split" : null },
      el("div", {}, el("h3", {}, "Steps"), steps(attempt)),
      attempt.diagnosis && el("div", {}, el("h3", {}, "Hops"), hops(attempt))),
    found.length ? [el("h3", {}, "Findings"), found.map(pinned)] : null,
    attempt.exchanges.length > 0 && [el("h3", {}, `Exchanges (${attempt.exchanges.length})`), waterfall(attempt)],
    artifacts(attempt),
    attempt.ended ? null : el("p", { class: "quiet" }, "The end of this attempt was not recorded."),
  ];
}

function steps(attempt) {
  return el("ol", { class: "steps" }, attempt.steps.map(([keyword, text, line, status, took, message]) =>
    el("li", { class: `state-${status}` },
      mark(status),
      el("span", { title: line ? `line ${line}` : null }, keyword ? el("b", {}, `${keyword} `) : null,
        keyword ? text : el("span", { class: "aside" }, text)),
      el("span", { class: "time" }, status === "skipped" || status === "unknown" ? "" : time(took)),
      message ? el("pre", {}, message) : null)));
}

/** Pictures and logs that were kept with an attempt. */
function artifacts(attempt) {
  const all = attempt.artifacts ?? [];
  if (all.length === 0) return null;
  const one = ({ name, type, text, body }) => {
    if (body === null) return el("p", { class: "quiet" }, `${name}: left out to keep this file small; the journal has it.`);
    if (text) return el("details", { open: all.length === 1 }, el("summary", {}, name), el("pre", {}, body));
    if (/^image\/(png|jpeg|webp|gif)$/.test(type) && /^[A-Za-z0-9+/=]+$/.test(body)) {
      return el("figure", { class: "shot" }, el("img", { alt: `What the page showed: ${name}`, src: `data:${type};base64,${body}`, loading: "lazy" }),
        el("figcaption", {}, name));
    }
    return el("p", { class: "quiet" }, `${name} (${type})`);
  };
  return [el("h3", {}, "Pictures and logs"), el("div", { class: "logs" }, all.map(one))];
}
