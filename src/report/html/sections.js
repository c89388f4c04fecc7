// The parts beside the scenarios: checks, how late, flaky, not checked, the run itself.

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
    el("p", { class: "quiet" }, "Held against every scenario, whether or not a step asks. A rule that never had anything to judge has proved nothing."),
    table([["rule"], ["what it says"], ["judged in", "number"], ["broken in", "number"]], all.map(({ rule, says, judged }) => {
      const broken = found.get(rule) ?? 0;
      return [rule, says ?? "",
        judged === null ? "" : judged === 0 ? el("span", { class: "chip state-unknown" }, "never judged") : String(judged),
        broken ? el("a", { class: "chip state-failed", href: address("scenarios", null, { check: rule }) }, `✗ ${broken}`) : "0"];
    })));
}

function lateness() {
  if (late.length === 0) return section("How late", el("p", { class: "quiet" }, "No purchase was followed far enough to measure."));
  return section("How late",
    el("p", { class: "quiet" }, "How long a permission was on its way, over all scenarios of this run."),
    table([["from – to"], ["seen", "number"], ["median", "number"], ["95 %", "number"], ["slowest", "number"], ["slowest in"]],
      late.map((one) => [`${one.from} – ${one.to}`, String(one.count), time(one.median), time(one.p95), time(one.worst),
        scenarios[one.scenario] ? scenarioLink(scenarios[one.scenario]) : ""])));
}

function flaky() {
  const all = scenarios.filter((one) => one.flaky);
  if (all.length === 0) return section("Flaky", el("p", { class: "quiet" }, "Nothing needed a second attempt."));
  return section("Flaky",
    el("p", { class: "quiet" }, "They passed, but not at once: each attempt is kept."),
    table([["scenario"], ["attempts", "number"], ["what the first one said"]], all.map((one) => {
      const first = one.attempts[0];
      const said = first?.diagnosis?.sentence ?? first?.steps.find((step) => step[3] === "failed")?.[5] ?? "";
      return [scenarioLink(one), String(one.attempts.length), said.split("\n")[0]];
    })));
}

function unchecked() {
  const never = (run.checks ?? []).filter((one) => one.scenarios === 0);
  const skipped = tally(scenarios.filter((one) => one.verdict === "skipped").map((one) => one.reason || "no reason given"));
  const excused = scenarios.filter((one) => one.quarantine);
  const strays = run.strays ? [`${run.strays} exchanges belonged to no scenario.`] : [];
  const notes = [...run.notes, ...strays];
  const nothing = notes.length + never.length + skipped.length + excused.length === 0;
  return section("Not checked",
    el("p", { class: "quiet" }, "What this run says nothing about."),
    nothing && el("p", {}, "Nothing was left out."),
    notes.length ? el("ul", { class: "notes" }, notes.map((note) => el("li", {}, note))) : null,
    never.length ? [el("h3", {}, "Checks that never had anything to judge"),
      el("ul", { class: "notes" }, never.map((one) => el("li", {}, el("b", {}, one.rule), ` ${one.says ?? ""}`)))] : null,
    skipped.length ? [el("h3", {}, "Skipped"),
      table([["reason"], ["scenarios", "number"]], skipped.map(([why, count]) => [why, el("a", { href: address("scenarios", null, { verdict: "skipped" }) }, String(count))]))] : null,
    excused.length ? [el("h3", {}, "Quarantined"), table([["scenario"], ["why"]], excused.map((one) => [scenarioLink(one), one.quarantine]))] : null);
}

function about() {
  const facts = [
    ["ended", `exit ${run.exit}: ${run.meaning}`], ["took", run.took], ["started", run.started], ["command", el("code", {}, run.command.join(" "))],
    ["seed", run.seed], ["run", run.id], ["paidpath", run.version], ["target", run.target], ["topology", run.topology],
    ["at once", String(run.jobs)], ["preflight", run.verified ?? "not recorded"],
    ...run.faults.map((fault) => ["fault", fault]),
  ];
  return section("The run",
    el("table", { class: "facts-table" }, el("tbody", {}, facts.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))),
    el("h3", {}, "Services"),
    table([["service"], ["provider"], ["address"]], run.services.map((one) => [one.name, one.provider, el("code", {}, one.address)])));
}
