// What a person is told. The sentences come from the platform's own catalogue, so that there is one source; only what never
// reached the platform is worded here.

import { defects } from "./defects.js";

const OURS = {
  "no-answer": {
    class: "try-later",
    title: "There was no answer.",
    advice: "Check your connection and try again; nothing is done or charged twice.",
  },
  unreadable: {
    class: "try-later",
    title: "The answer could not be read.",
    advice: "Try again in a moment; nothing is done or charged twice.",
  },
};

let catalogue = OURS;

/** Something was refused, or did not work. `retryAfter` is in milliseconds, `about` names what it concerns. */
export class Refusal extends Error {
  constructor({ code, title, detail, status = 0, trace_id, retryAfter = 0, about = "" }) {
    super(`${code}: ${detail ?? title ?? status}`);
    Object.assign(this, { code, title, detail, status, traceId: trace_id, retryAfter, about });
  }

  /** What was thrown, as a refusal: an error that is none is a bug of the page, which a person has to be told of too. */
  static from(error) {
    if (error instanceof Refusal) return error;
    console.error(error);
    return new Refusal({ code: "page-error", title: "The page has a bug." });
  }

  /** The class of trouble; `undefined` if the code is not known. */
  get class() {
    return catalogue[this.code]?.class;
  }

  /** Whether it may have had its effect all the same. */
  get isUncertain() {
    return this.code in OURS;
  }

  /** What it is and what to do about it, in words. */
  get sentence() {
    const words = this.#words;
    return this.about && words ? `${this.about}: ${words}` : words;
  }

  get #words() {
    const entry = catalogue[this.code];
    if (!entry) {
      if (defects.has("ui.unknown-code")) return ""; // DEFECT: no branch for what is not in the catalogue
      return `Something went wrong: ${this.title ?? this.code}. Try again later, or report it.`.replace("..", ".");
    }
    switch (entry.class) {
      case "bad-request":
        // What is wrong with a request only its answer knows.
        return join(entry.title, this.detail ?? entry.advice);
      case "broken":
        return join(entry.title, entry.advice) + (this.traceId ? ` (trace ${this.traceId})` : "");
      default:
        return join(entry.title, entry.advice);
    }
  }
}

/** The sentence of a code that came without a problem: in an access document, on a failed job. */
export const sentenceOf = (code) => new Refusal({ code }).sentence;

const join = (...parts) => [...new Set(parts)].join(" ");

/** Reads the catalogue. Without it every code is unknown, which still has a sentence. */
export async function readCatalogue() {
  try {
    const response = await fetch("/page/errors.json");
    if (response.ok) catalogue = { ...(await response.json()), ...OURS };
  } catch (error) {
    console.warn("the catalogue of errors could not be read", error);
  }
}
