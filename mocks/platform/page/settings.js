// What the server tells the page about itself and its visitor: the time, who is signed in, and which defects are on.

import { call } from "./api.js";
import { defects } from "./defects.js";

let ahead = 0;

/** The server's time, in milliseconds: a visitor's clock may be wrong. */
export const now = () => Date.now() + ahead;

/** Reads the settings; answers who is signed in, and why a session that was there is not good. */
export async function readSettings() {
  const settings = await call("GET", "/v1/page-settings");
  // Any call names the places, and this one changes nothing; whether it is answered is all the same.
  defects.switchOn(settings.defects, () => call("GET", "/v1/page-settings").catch(() => {}));
  ahead = (parseDate(settings.now) ?? Date.now()) - Date.now();
  return { member: settings.member, sessionProblem: settings.session_problem };
}

/** A date from the server in milliseconds. They are ISO strings; what cannot be read is `null`, and so is no date. */
export function parseDate(text) {
  const time = typeof text === "string" ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? null : time;
}
