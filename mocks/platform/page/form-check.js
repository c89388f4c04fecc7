// What has to be right before a job is submitted. An issue is `{path, message}`; the path leads through the form's values.

import { defects } from "./defects.js";
import { parseDate } from "./settings.js";

/** Checks `{resources, prompt, quantity}`; answers the issues. */
export function check({ resources, prompt, quantity }) {
  const issues = [];
  const demand = (met, path, message) => met || issues.push({ path, message });
  demand(resources.length > 0, ["resources"], "Choose at least one resource.");
  demand(resources.length <= 10, ["resources"], "Choose at most ten resources.");
  resources.forEach(({ id, version }, index) => {
    const name = `Resource ${index + 1}`;
    demand(/^[\w-]+$/.test(id), ["resources", index, "id"], `${name} has no valid version id.`);
    const end = version.early_access?.ends_at ?? null;
    demand(end === null || isDate(end), ["resources", index, "early_access", "ends_at"], `${name} has no valid date.`);
  });
  demand(prompt.trim() !== "", ["prompt"], "Say what shall be in the image.");
  demand([...prompt].length <= 2000, ["prompt"], "Use at most 2000 characters.");
  const whole = Number.isInteger(quantity) && quantity >= 1 && quantity <= 4;
  demand(whole, ["quantity"], "Enter a whole number from 1 to 4.");
  return issues;
}

function isDate(value) {
  if (defects.has("ui.strict-date")) return value instanceof Date; // DEFECT: from JSON it never is
  return parseDate(value) !== null;
}

/** The message for a field: also of what is wrong somewhere within it. Empty if nothing is. */
export function messageFor(field, issues) {
  const within = issues.filter(({ path }) => path[0] === field);
  const shown = defects.has("ui.strict-date") ? within.filter(({ path }) => path.length === 1) : within; // DEFECT: not deeper
  return shown[0]?.message ?? "";
}

/** Whether something is wrong with a field. */
export const isWrong = (field, issues) => issues.some(({ path }) => path[0] === field);
