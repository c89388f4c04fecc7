// What the page knows, in one place. Whoever changes it says so; whoever shows it watches.

export const state = {
  /** `{id, name, role}`, `null` for a visitor. */
  member: null,
  /** The code of why a session that was there is not good. */
  sessionProblem: null,
  /** Credits; `null` if not known. */
  balance: null,
  /** As the server answers them; empty if not known. */
  flags: {},
  /** What is chosen for generating, see resources.js; the first one is the page's own version. */
  resources: [],
  /** A right that is paid for and not there yet: `{right, since, late}`. */
  waiting: null,
  /** The member's jobs, newest first. */
  jobs: [],
};

const watchers = [];

/** Has something shown again whenever the state has changed. */
export const watch = (show) => watchers.push(show);

export const changed = () => watchers.forEach((show) => show());

let read = async () => {};
let reading = null;
let again = false;

/** Says how everything is read from the server. */
export const refreshWith = (reader) => (read = reader);

/** Reads everything afresh. Asked for while it is at it, it starts over: the answers may be from before the question. */
export function refresh() {
  again = true;
  reading ??= (async () => {
    while (again) {
      again = false;
      await read();
      changed();
    }
  })().finally(() => (reading = null));
  return reading;
}

// The same person may have the page open twice, and buy in the other one.
const tabs = new BroadcastChannel("atelier");
tabs.addEventListener("message", () => refresh());

export const tellOthers = () => tabs.postMessage("changed");

/** Something was bought, paid or signed: this page and the others read everything afresh. */
export function refreshEverywhere() {
  tellOthers();
  return refresh();
}

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
window.addEventListener("focus", () => refresh());
window.addEventListener("pageshow", (event) => event.persisted && refresh());
