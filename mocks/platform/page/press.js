// Pressing a button that makes a call: one call at a time, refusals next to it, and no retry before the server wants it.

import { call, pause } from "./api.js";
import { say } from "./dom.js";
import { Refusal } from "./errors.js";
import { defects } from "./defects.js";

/** How often a request is repeated that the server is still working on. */
const REPEATS = 8;

/**
 * The handler of a button (or of its form). `action` may throw; what it throws is said in `alert`. A press while the
 * server wants to be left alone is kept until it does not.
 */
export function press(button, alert, action, refused = () => {}) {
  let busy = false;
  let notBefore = 0;
  return async (event) => {
    event?.preventDefault();
    if (busy && !defects.has("ui.double-submit")) return; // DEFECT: with it, every click is a call
    busy = true;
    mark(button, true);
    clear(alert);
    try {
      const left = notBefore - performance.now();
      if (left > 0) {
        say(alert, "Trying again in a moment…");
        await pause(left);
        say(alert, "");
      }
      await action();
    } catch (error) {
      const refusal = Refusal.from(error);
      const pardon = refusal.retryAfter > 0 && !defects.has("ui.hasty"); // DEFECT: Retry-After is not read
      notBefore = pardon ? performance.now() + refusal.retryAfter : 0;
      if (defects.has("ui.swallow-catch")) return console.error(refusal); // DEFECT: nobody reads the console
      refuse(alert, refusal.sentence);
      await refused(refusal);
    } finally {
      busy = false;
      mark(button, false);
    }
  };
}

// Not `disabled`: that would take the focus away from whoever presses with the keyboard.
function mark(button, busy) {
  for (const name of ["aria-disabled", "aria-busy"]) {
    if (busy) button.setAttribute(name, "true");
    else button.removeAttribute(name);
  }
}

/** Says a refusal, and marks what it concerns. A dialog that was closed while we waited opens again: it is about that. */
export function refuse(alert, sentence) {
  const dialog = alert.closest("dialog");
  if (dialog && !dialog.open) dialog.showModal();
  alert.closest(".refusable")?.classList.add("refused");
  if (defects.has("ui.border-only")) return; // DEFECT: the border is there, the text is not
  say(alert, sentence);
}

export function clear(alert) {
  alert.closest(".refusable")?.classList.remove("refused");
  say(alert, "");
}

/** Says what is wrong with a field; nothing is if `sentence` is empty, unless told otherwise. */
export function mistake(field, alert, sentence, isWrong = sentence !== "") {
  field.classList.toggle("invalid", isWrong);
  if (field.matches("input, textarea, select")) {
    field.setAttribute("aria-invalid", String(isWrong));
    if (isWrong) field.setAttribute("aria-errormessage", alert.id);
    else field.removeAttribute("aria-errormessage");
  }
  if (isWrong && defects.has("ui.border-only")) return; // DEFECT: the border is there, the text is not
  if (isWrong && defects.has("ui.pale")) alert.style.opacity = "0.5"; // DEFECT: a colour that nobody has measured
  say(alert, sentence);
}

/**
 * What a person means to do once. It keeps its key until it is done: also a retry whose first try was done without our
 * hearing of it has no second effect. Another body is another intent.
 */
export class Intent {
  #key = null;
  #body = null;

  async send(path, body, options = {}) {
    const text = JSON.stringify(body);
    // DEFECT: with one of them, every try has a key of its own
    if (this.#body !== text || defects.has("ui.double-submit") || defects.has("ui.fresh-key")) {
      this.#key = freshKey();
      this.#body = text;
    }
    const key = this.#key;
    for (let repeats = REPEATS; ; repeats -= 1) {
      try {
        const answer = await call("POST", path, { ...options, body, key });
        this.#body = null;
        return answer;
      } catch (refusal) {
        if (refusal.code !== "request-in-progress" || repeats === 0) throw refusal;
        await pause(refusal.retryAfter || 500);
      }
    }
  }
}

// Not `randomUUID`, which browsers have on secure origins only.
const freshKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
