// Calls to the storefront. Whatever goes wrong comes out as a Refusal; nothing else is thrown.

import { defects } from "./defects.js";
import { Refusal } from "./errors.js";

/** Longer than the storefront itself waits for its neighbours. */
const PATIENCE = 12_000;

/**
 * Makes a call; answers what it says, `null` if that is nothing. `key` is an Idempotency-Key, `credentials` are purchase
 * credentials; `read` takes the body of a good answer, as JSON unless told otherwise.
 */
export async function call(method, path, { body, key, credentials = [], read = json } = {}) {
  const headers = { Accept: "application/json, application/problem+json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  if (defects.comeAcross()) headers["Atelier-Defect"] = defects.comeAcross();
  if (credentials.length > 0) headers["Purchase-Credential"] = credentials.join(", ");
  let response;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    response = await fetch(path, { method, headers, signal, cache: "no-store", body: body && JSON.stringify(body) });
  } catch {
    throw new Refusal({ code: "no-answer" });
  }
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (!response.ok || isProblem) throw await refusal(response);
  if (response.status === 204) return null;
  try {
    return await read(response);
  } catch {
    throw new Refusal({ code: "unreadable", status: response.status });
  }
}

const json = (response) => response.json();

async function refusal(response) {
  const retryAfter = wait(response.headers.get("Retry-After"));
  const problem = await response.json().catch(() => null);
  const code = typeof problem?.code === "string" ? problem.code : "unreadable";
  return new Refusal({ ...problem, code, status: response.status, retryAfter });
}

/** Milliseconds until a Retry-After, which is in seconds or a date. */
function wait(header) {
  if (header === null) return 0;
  const until = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(until) ? 0 : Math.max(0, until);
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
