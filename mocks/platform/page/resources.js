// What a job is made with: model versions, each with what the member may do with it.
//
// A resource is `{id, version, access, trouble}`: the version and the access document as the server answers them, and the
// refusal if access could not be asked for.

import { call } from "./api.js";
import { defects } from "./defects.js";
import { Refusal } from "./errors.js";
import { state } from "./state.js";

const paths = (id) => ({
  version: `/v1/versions/${encodeURIComponent(id)}`,
  access: `/v1/versions/${encodeURIComponent(id)}/access`,
});

/** Reads a resource; throws if there is no such version. */
export async function readResource(id) {
  const [version, right] = await Promise.all([call("GET", paths(id).version), readAccess(id)]);
  return { id, version, ...right };
}

/** Reads all that are chosen afresh, in place. */
export async function refreshResources() {
  await Promise.all(
    state.resources.map(async (resource) => {
      const fresh = await readResource(resource.id);
      if (resource.unlocked) return; // Only ever set by DEFECT ui.optimistic-unlock.
      // Answers overtake each other; an older one must not take away what a newer one has given.
      if (fresh.asked > (resource.asked ?? 0)) Object.assign(resource, fresh);
    }),
  );
}

let questions = 0;
const kept = new Map();

async function readAccess(id) {
  questions += 1;
  const asked = questions;
  if (kept.has(id) && defects.has("ui.stale-cache")) return { ...kept.get(id), asked }; // DEFECT: kept until a reload
  try {
    const access = await call("GET", paths(id).access);
    if (!kept.has(id)) kept.set(id, { access, trouble: null });
    return { access, trouble: null, asked };
  } catch (trouble) {
    // What was known before is not taken back only because nobody can be asked.
    const known = state.resources.find((resource) => resource.id === id);
    return { access: known?.access ?? null, trouble, asked };
  }
}

/** Why a resource cannot be generated with; `null` if it can. */
export function obstacle({ access, trouble }) {
  if (access?.generate) return null;
  return trouble ?? new Refusal({ code: access?.reason ?? "purchase-required" });
}

/** What is shown of a version. */
export const nameOf = ({ version }) => `${version.model.name} ${version.name}`;

/** The purchase credentials for these resources: proof of what was bought. */
export function credentials(resources) {
  const presented = resources.map(({ id, access }) => {
    const before = kept.get(id)?.access.credential;
    if (before !== access?.credential && defects.has("ui.stale-token")) return before; // DEFECT: the one from page load
    return access?.credential;
  });
  if (presented.some(Boolean) && defects.has("ui.cred-dropped")) return []; // DEFECT: proof of purchase is not sent along
  return presented.filter(Boolean);
}

/** The resources as a request names them. */
export function chosen(resources) {
  const open = resources.filter(({ version }) => version.early_access === null);
  if (open.length < resources.length && defects.has("ui.drop-unavailable")) {
    resources = open; // DEFECT: what is in early access is taken for unavailable, and left out
  }
  return resources.map(({ id }) => ({ version: id }));
}
