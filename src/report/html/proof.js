// The matrix of a proof: each defect with the scenarios that were run with it.

const STANDING = { survived: "failed", "by-accident": "failed", "never-fired": "unknown", "not-reached": "unknown", caught: "passed" };
const NOTICE = { rule: ["passed", "noticed by a rule"], then: ["passed", "noticed by a Then"], accident: ["unknown", "failed for another reason"], missed: ["failed", "not noticed"] };

function cellsOf(row, places) {
  return el("details", {}, el("summary", {}, `${row.cells.length} of ${row.candidates}`),
    el("ul", { class: "notes" }, row.cells.map((cell) => {
      const place = places[cell.scenario];
      const [state, word] = cell.fired === false ? ["unknown", "never fired"] : NOTICE[cell.notice];
      const hop = cell.hop ? ` at ${cell.hop}${cell.hop === row.hop ? "" : " (another hop)"}` : "";
      const said = [...(cell.rules ?? []), cell.then].filter(Boolean).join(", ");
      return el("li", {}, el("span", { class: `chip state-${state}` }, word), ` ${place.feature} › ${place.name} `,
        el("span", { class: "quiet" }, `${said}${hop} ${time(cell.took_micros)} ${cell.reason ?? ""}`));
    })));
}

// Changed answers: the mutants that survived, and the share that each feature and each Then killed.
function mutants({ mutants: all, features, sentences, possible }) {
  const of = (fate) => all.filter((one) => one.fate === fate);
  const scores = (title, list) => [el("h3", {}, title),
    table([[title.toLowerCase()], ["caught", "number"], ["of", "number"], ["failed itself", "number"], ["not noticed"]], list.map((one) =>
      [one.of, String(one.killed), String(one.counted), String(one.red), (one.unnoticed ?? []).join("; ")]))];
  return [el("h3", {}, "Changed answers that nothing noticed"),
    el("p", { class: "quiet" }, `${all.length} of ${possible} possible changes were made: ${of("killed").length} were noticed, ${of("equivalent").length} changed nothing observable, ${of("never-fired").length} changed nothing.`),
    table([["change"], ["at"], ["why"]], of("survived").map((one) => [one.what, el("code", {}, one.at), one.why])),
    scores("Features", features), scores("Sentences", sentences)];
}

function proofMatrix() {
  const { defects, scenarios: places, mutation } = proved;
  return section("Proof that the suite can fail",
    defects.length ? matrix(defects, places) : null,
    mutation ? mutants(mutation) : null);
}

function matrix(defects, places) {
  return [
    el("p", { class: "quiet" }, "Each defect was switched on alone, in the scenarios that could notice it. Defects that nothing noticed come first; assert one of their rules to catch them."),
    table([["defect"], ["effect"], ["rules"], ["result"], ["hop"], ["scenarios", "number"]], defects.map((row) => [
      el("code", {}, row.id + (row.subtle ? " ★" : "")), row.observed,
      el("span", { title: row.says.join("\n") }, row.rules.join(", ")),
      el("span", { class: `chip state-${STANDING[row.standing]}` }, row.standing.replace("-", " ")),
      row.hop, cellsOf(row, places)]))];
}
