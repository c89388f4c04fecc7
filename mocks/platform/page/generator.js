// Generating: what with, what of, for how much; and submitting it.

import { call } from "./api.js";
import { $, credits, fill, make, say } from "./dom.js";
import { Refusal, sentenceOf } from "./errors.js";
import { check, isWrong, messageFor } from "./form-check.js";
import { clear, Intent, mistake, press, refuse } from "./press.js";
import { openPurchase } from "./purchase.js";
import { follow } from "./queue.js";
import { chosen, credentials, nameOf, obstacle, readResource, refreshResources } from "./resources.js";
import { openSignIn, openTopUp, readWallet } from "./session.js";
import { parseDate } from "./settings.js";
import { changed, refresh, state, watch } from "./state.js";

/** Why the chosen resources cannot be generated with; `null` if they can. Names the resource where it is not the page's. */
function hindrance() {
  for (const [index, resource] of state.resources.entries()) {
    const refusal = obstacle(resource);
    if (refusal) return index === 0 ? refusal : new Refusal({ ...refusal, about: nameOf(resource) });
  }
  return null;
}

// Access: what the panel says about it, and what its state is called.

watch(() => {
  const [resource] = state.resources;
  if (!resource) return;
  const refusal = hindrance();
  const [stage, text] = standing(resource, refusal);
  $("generator").dataset.state = stage;
  say($("access-state"), text);
  const down = stage === "temporarily-down";
  say($("access-error"), down ? refusal.sentence : state.waiting?.late ? LATE : "");
  if (down) askAgain(refusal.retryAfter);
  fill($("chips"), state.resources.map(chip), makeChip);
  estimateIfChanged();
  // What the page itself has refused is not said any longer than it is true.
  if (blockedBy !== null && (refusal?.code ?? "") !== blockedBy) forgetRefusal();
});

/** The code for which the page let nothing be submitted. */
let blockedBy = null;

function forgetRefusal() {
  blockedBy = null;
  clear($("generate-error"));
  for (const remedy of [$("generate-top-up"), $("generate-sign-in")]) {
    if (remedy === document.activeElement) $("generate").focus();
    remedy.hidden = true;
  }
}

const LATE = "You have paid, but your access has not arrived yet. We keep asking; you will not be charged again.";

function standing(resource, refusal) {
  if (state.waiting) return ["waiting-for-access", "Paid. Waiting for your access…"];
  if (refusal?.class === "try-later" || refusal?.isUncertain) return ["temporarily-down", ""];
  if (refusal) return [refusal.class === "signed-out" ? "signed-out" : "purchase-needed", refusal.sentence];
  if (state.flags.generation === false) return ["paused", sentenceOf("generation-paused")];
  return ["ready", `Ready. ${basis(resource)}`];
}

function basis({ access: { basis, grant } }) {
  const until = parseDate(grant?.expires_at);
  switch (basis) {
    case "owner":
      return "This is your own model.";
    case "moderator":
      return "You are a moderator.";
    case "trial":
      return grant.uses_left === 1 ? "Your trial has 1 use left." : `Your trial has ${grant.uses_left} uses left.`;
    case "purchase":
      return until === null ? "You have bought access." : `You have bought access until ${new Date(until).toLocaleString("en")}.`;
    default:
      return "It is free for everybody.";
  }
}

let asking = null;
function askAgain(retryAfter) {
  asking ??= setTimeout(() => {
    asking = null;
    if (document.visibilityState === "visible") refresh();
  }, Math.max(retryAfter, 2000));
}

// Resources.

const chip = (resource, index) => ({
  id: resource.id,
  name: nameOf(resource),
  early: resource.version.early_access !== null,
  missing: obstacle(resource)?.class === "not-bought" ? "early access needed" : obstacle(resource) ? "not available" : "",
  removable: index > 0,
});

function makeChip({ id, name, early, missing, removable }) {
  const note = missing || (early ? "early access" : "");
  const item = make("li", { class: "chip", "data-version": id }, make("span", {}, name));
  if (note) item.append(make("span", { class: missing ? "note locked" : "note" }, note));
  if (removable) {
    const remove = make("button", { type: "button", class: "remove", "aria-label": `Remove ${name}` }, "×");
    remove.addEventListener("click", () => {
      state.resources = state.resources.filter((resource) => resource.id !== id);
      changed();
      $("add-resource-id").focus();
    });
    item.append(remove);
  }
  return item;
}

const addResource = press(
  $("add-resource"),
  $("add-resource-error"),
  async () => {
    const field = $("add-resource-id");
    const id = field.value.trim();
    const known = state.resources.some((resource) => resource.id === id);
    const wrong = id === "" ? "Enter the id of a model version." : known ? "It is already chosen." : "";
    mistake(field, $("add-resource-error"), wrong);
    if (wrong) return field.focus();
    state.resources.push(await readResource(id));
    field.value = "";
    changed();
  },
  () => {
    $("add-resource-id").setAttribute("aria-invalid", "true");
    $("add-resource-id").focus();
  },
);
$("add-resource").addEventListener("click", addResource);
$("add-resource-id").addEventListener("keydown", (event) => event.key === "Enter" && addResource(event));

// The estimate.

const quantity = () => ($("quantity").value === "" ? NaN : Number($("quantity").value));

let estimates = 0;
let soon = null;
let estimated = "";

/** An estimate costs a request: only for what has not been estimated yet, and not for every key that is pressed. */
function estimateIfChanged() {
  const question = JSON.stringify([state.resources.map(({ id, access }) => [id, access]), quantity(), state.member?.id]);
  if (question === estimated) return;
  estimated = question;
  clearTimeout(soon);
  soon = setTimeout(estimate, 200);
}

async function estimate() {
  estimates += 1;
  const asked = estimates;
  let text = "";
  if (check({ resources: state.resources, prompt: "-", quantity: quantity() }).length === 0) {
    const resources = state.resources.map(({ id }) => ({ version: id }));
    const body = { resources, quantity: quantity() };
    try {
      const { cost } = await call("POST", "/v1/estimates", { body, credentials: credentials(state.resources) });
      text = `Costs ${credits(cost)}.`;
    } catch (refusal) {
      text = refusal.sentence;
      estimated = "";
    }
  }
  // Answers overtake each other.
  if (asked === estimates) say($("estimate"), text);
}

// Submitting.

const FIELDS = { resources: $("resources"), prompt: $("prompt"), quantity: $("quantity") };

/** Shows what is wrong with the form, at each field; answers whether nothing is. */
function isRight(values) {
  const issues = check(values);
  for (const [name, field] of Object.entries(FIELDS)) {
    mistake(field, $(`${name}-error`), messageFor(name, issues), isWrong(name, issues));
  }
  const first = Object.keys(FIELDS).find((name) => isWrong(name, issues));
  if (first) (FIELDS[first].matches("fieldset") ? $("add-resource-id") : FIELDS[first]).focus();
  return issues.length === 0;
}

const job = new Intent();

const submit = press(
  $("generate"),
  $("generate-error"),
  async () => {
    forgetRefusal();
    follow(null);
    const values = { resources: state.resources, prompt: $("prompt").value, quantity: quantity() };
    if (!isRight(values)) return;
    // What the page believes may be old: nobody is turned away without the server having been asked.
    if (hindrance()) {
      await refreshResources();
      changed();
    }
    const refusal = hindrance();
    if (refusal) {
      blockedBy = refusal.code;
      if (!state.waiting) throw refusal;
      return refuse($("generate-error"), "Your access is paid for and on its way. Wait a moment.");
    }
    say($("job-state"), "Submitting…");
    $("generator").dataset.state = "submitting";
    const body = { resources: chosen(state.resources), prompt: values.prompt, quantity: values.quantity };
    let submitted;
    try {
      submitted = await job.send("/v1/jobs", body, { credentials: credentials(state.resources) });
    } finally {
      say($("job-state"), "");
      changed();
    }
    follow(submitted);
    const triedOut = state.resources.some(({ access }) => access.basis === "trial");
    await Promise.all([readWallet(), triedOut && refreshResources()]);
    changed();
  },
  async (refusal) => {
    $("generate-top-up").hidden = refusal.class !== "no-funds";
    $("generate-sign-in").hidden = refusal.class !== "signed-out";
    // The server knows better than the page what may be done, and what has been done.
    if (blockedBy === null && (refusal.class !== "try-later" || refusal.isUncertain)) await refresh();
    const sold = state.resources[0].version.early_access !== null;
    if (sold && obstacle(state.resources[0])?.class === "not-bought") openPurchase(refusal.sentence);
    $("generator").dataset.state = refusal.class === "try-later" ? "temporarily-down" : "refused";
  },
);
$("generate-form").addEventListener("submit", submit);

for (const [name, field] of Object.entries(FIELDS)) {
  field.addEventListener("input", () => {
    mistake(field, $(`${name}-error`), "");
    if (name === "quantity") estimateIfChanged();
  });
}
$("generate-top-up").addEventListener("click", () => openTopUp());
$("generate-sign-in").addEventListener("click", openSignIn);
document.addEventListener("topped-up", forgetRefusal);
document.addEventListener("signed-in", forgetRefusal);
