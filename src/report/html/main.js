// Puts the parts of the page together, and shows the one that the address names.

const overview = document.getElementById("overview");
const view = el("div");
overview.after(view);

const flakyCount = scenarios.filter((one) => one.flaky).length;
const TABS = [
  ["overview", "Overview"],
  ["scenarios", "Scenarios", scenarios.length],
  ...(proved ? [["proof", "Proof", proved.defects.length]] : []),
  ["checks", "Checks"],
  ["late", "Delays"],
  ["flaky", "Flaky", flakyCount || null],
  ["unchecked", "Not checked"],
  ...(past ? [["history", "History", past.runs.length]] : []),
  ["run", "Run"],
];
const SECTIONS = { proof: proofMatrix, checks, late: lateness, flaky, unchecked, history: earlier, run: about };

const tabs = document.getElementById("tabs");
tabs.hidden = false;
tabs.append(...TABS.map(([name, title, count]) =>
  el("a", { href: address(name), "data-view": name }, title, count ? el("span", { class: "count" }, ` ${count}`) : null)));

const counts = document.getElementById("counts");
counts.replaceChildren(...["failed", "unknown", "skipped", "passed"].map((verdict) => {
  const count = scenarios.filter((one) => one.verdict === verdict).length;
  return el("li", { class: `state-${verdict}${count ? "" : " none"}` },
    el("a", { href: address("scenarios", null, { verdict }), "data-verdict": verdict }, el("b", {}, String(count)), verdict));
}));

const desk = makeDesk();

function makeDesk() {
  const select = (name, title, values) => el("select", { "aria-label": title, "data-filter": name, onchange: changed },
    el("option", { value: "" }, title), values.map(([value, count]) => el("option", { value }, `${value} (${count})`)));
  const inputs = [
    el("input", { type: "search", placeholder: "name, place or reason", "aria-label": "Text", "data-filter": "text", oninput: changed }),
    select("verdict", "any verdict", tally(scenarios.map((one) => one.verdict))),
    select("tag", "any tag", tally(scenarios.flatMap((one) => one.tags))),
    select("hop", "broken at any hop", tally(scenarios.flatMap((one) => one.hops))),
    select("check", "any check", tally(scenarios.flatMap((one) => one.rules))),
  ];
  function changed() {
    const filters = Object.fromEntries(inputs.map((input) => [input.dataset.filter, input.value]));
    // Each letter of a filter would otherwise be a step of the browser's history.
    history.replaceState(null, "", address("scenarios", route().key, filters));
    draw();
  }
  const list = new List((one) => location.replace(address("", one.key, route().filters)));
  const count = el("p", { class: "tally", role: "status" });
  const shown = el("div");
  const element = el("div", { class: "desk" },
    el("aside", { class: "panel side", "aria-label": "Scenarios" },
      el("form", { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() }, inputs),
      count, list.element), shown);
  let drawn = null;
  return {
    element,
    show({ key, filters }) {
      for (const input of inputs) if (input.value !== filters[input.dataset.filter]) input.value = filters[input.dataset.filter];
      const items = filtered(filters);
      const one = key === null ? items[0] : byKey.get(key);
      element.classList.toggle("chosen", key !== null);
      count.textContent = items.length === scenarios.length ? `${items.length} scenarios` : `${items.length} of ${scenarios.length} scenarios`;
      list.show(items, filters, one ?? null);
      if (one !== drawn || !one) {
        const back = el("p", { class: "back" }, el("a", { href: address("scenarios", null, filters) }, "← all scenarios"));
        const none = key === null ? "No scenario fits." : `There is no scenario at ${key}.`;
        shown.replaceChildren(back, one ? detail(one, filters) : el("div", { class: "panel" }, none));
        drawn = one;
      }
      return one;
    },
  };
}

function draw() {
  const at = route();
  const known = TABS.some(([name]) => name === at.view) ? at.view : "overview";
  overview.hidden = known !== "overview";
  let title = TABS.find(([name]) => name === known)[1];
  if (known === "scenarios") {
    if (view.firstChild !== desk.element) view.replaceChildren(desk.element);
    title = desk.show(at)?.name ?? title;
  } else {
    view.replaceChildren(...(SECTIONS[known] ? [SECTIONS[known]()] : []));
  }
  for (const tab of tabs.children) {
    if (tab.dataset.view === known) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  for (const chip of counts.querySelectorAll("a")) {
    if (known === "scenarios" && chip.dataset.verdict === at.filters.verdict) chip.setAttribute("aria-current", "true");
    else chip.removeAttribute("aria-current");
  }
  document.title = `${visible(title)} – paidpath`;
}

// The fragment of the address holds the view, so the skip link cannot use it.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});
addEventListener("hashchange", draw);
draw();
