// The member's jobs: asked for while one is unfinished, each shown with where it stands and what came of it.

import { call, pause } from "./api.js";
import { $, credits, make, say } from "./dom.js";
import { Refusal, sentenceOf } from "./errors.js";
import { clear, press, refuse } from "./press.js";
import { readWallet } from "./session.js";
import { changed, state, watch } from "./state.js";

/** How many jobs are shown. */
const SHOWN = 12;

/** Each state in words, and how far along it is. */
const STATES = {
  unassigned: ["Queued…", 0],
  preparing: ["Preparing…", 1],
  scheduled: ["Scheduled…", 2],
  processing: ["Rendering…", 3],
  succeeded: ["Done", 4],
  failed: ["Failed", 4],
  expired: ["It took too long", 4],
  canceled: ["Canceled", 4],
};
const ENDS = ["succeeded", "failed", "expired", "canceled"];

const hasEnded = (job) => ENDS.includes(job.status);
const isOwed = (job) => hasEnded(job) && job.status !== "succeeded" && job.refunded < job.cost;

/** The job that this page has submitted last. */
let followed = null;

/** Takes a job that was just submitted into the queue, and tells how it fares next to the form. `null`: no longer. */
export function follow(job) {
  followed = job?.id ?? null;
  say($("job-state"), "");
  if (job === null) return;
  state.jobs = [job, ...state.jobs.filter(({ id }) => id !== job.id)];
  poll();
}

export async function readJobs() {
  if (state.member === null) return void (state.jobs = []);
  try {
    state.jobs = (await call("GET", "/v1/jobs")).jobs;
    say($("queue-error"), "");
  } catch (error) {
    const refusal = Refusal.from(error);
    say($("queue-error"), refusal.sentence);
    return refusal.retryAfter;
  }
  if (state.jobs.some((job) => !hasEnded(job))) poll();
}

let polling = false;
async function poll() {
  if (polling) return;
  polling = true;
  for (let delay = 100; state.jobs.some((job) => !hasEnded(job) || isOwed(job)); delay = Math.min(delay * 1.3, 2000)) {
    await pause(delay);
    const open = state.jobs.filter((job) => !hasEnded(job)).length;
    const retryAfter = (await readJobs()) ?? 0;
    if (state.jobs.filter((job) => !hasEnded(job)).length < open) await readWallet();
    changed();
    if (retryAfter > delay) await pause(retryAfter - delay);
  }
  polling = false;
  await readWallet();
  changed();
}

const cards = new Map();

/** The button that cancels a job, and what that was answered with: kept while its card is made anew, so that it can be read. */
const cancels = new Map();

watch(() => {
  const jobs = state.jobs.slice(0, SHOWN);
  $("queue-empty").hidden = jobs.length > 0;
  for (const known of [cards, cancels]) {
    for (const id of known.keys()) if (!jobs.some((job) => job.id === id)) known.delete(id);
  }
  jobs.forEach((job) => {
    const shown = JSON.stringify(job);
    const card = cards.get(job.id);
    if (card?.shown === shown) return;
    if (card?.element.contains(document.activeElement)) $("queue-title").focus();
    cards.set(job.id, { shown, element: makeCard(job) });
  });
  const elements = jobs.map((job) => cards.get(job.id).element);
  if (elements.some((element, index) => $("jobs").children[index] !== element) || $("jobs").children.length !== jobs.length) {
    $("jobs").replaceChildren(...elements);
  }
  tell(state.jobs.find((job) => job.id === followed));
});

function tell(job) {
  if (!job) return;
  $("queue").dataset.state = job.status;
  if (job.status === "failed" || job.status === "expired") {
    say($("job-state"), "");
    if ($("generate-error").dataset.job !== job.id + job.refunded) refuse($("generate-error"), words(job));
    $("generate-error").dataset.job = job.id + job.refunded;
  } else {
    say($("job-state"), words(job));
  }
}

/** Where a job stands, for a person. */
function words(job) {
  const [state] = STATES[job.status] ?? [`In a state that this page does not know: ${job.status}`];
  const back = isOwed(job) ? ` ${credits(job.cost)} will be given back.` : ` ${credits(job.refunded)} given back.`;
  switch (job.status) {
    case "succeeded": {
      const came = job.images.length;
      const images = job.quantity === 1 ? "1 image" : `${job.quantity} images`;
      return came === job.quantity ? `${state}: ${images}.` : `${state}, but only ${came} of ${images} arrived. Report it.`;
    }
    case "failed":
      return `${state}. ${job.failure ? sentenceOf(job.failure.code) : ""}${back}`;
    case "expired":
    case "canceled":
      return `${state}.${back}`;
    default:
      return state;
  }
}

function makeCard(job) {
  const title = make("h3", { id: `title-${job.id}` }, job.prompt);
  const card = make(
    "li",
    { class: "job", "data-job": job.id, "data-status": job.status, "aria-labelledby": title.id },
    title,
    make("p", { class: "job-state" }, words(job)),
  );
  if (!hasEnded(job)) {
    const [, value] = STATES[job.status] ?? ["", 0];
    card.append(make("progress", { max: 4, value: value + 0.5, "aria-labelledby": title.id }));
  }
  if (!cancels.has(job.id)) cancels.set(job.id, makeCancel(job));
  const { button, alert } = cancels.get(job.id);
  if (["unassigned", "preparing", "scheduled"].includes(job.status)) card.append(button);
  card.append(alert);
  if (job.images.length > 0) {
    const images = job.images.map((image, index) => makeImage(job, image, index));
    card.append(make("div", { class: "images" }, ...images));
  }
  return card;
}

function makeImage(job, { url }, index) {
  const alt = `Image ${index + 1} of ${job.images.length}: ${job.prompt}`;
  const image = make("img", { src: url, alt, width: job.width, height: job.height });
  const frame = make("a", { href: url, target: "_blank" }, image);
  image.addEventListener("error", () => {
    frame.replaceWith(make("p", { class: "alert", role: "alert" }, `${alt} could not be loaded. Reload to try again.`));
  });
  return frame;
}

function makeCancel(job) {
  const button = make("button", { type: "button", class: "quiet" }, "Cancel");
  const alert = make("p", { class: "error", role: "alert" });
  const cancel = press(button, alert, async () => {
    await call("POST", `/v1/jobs/${job.id}/cancel`);
    await readJobs();
    changed();
  });
  button.addEventListener("click", cancel);
  return { button, alert };
}

$("generate-form").addEventListener("input", () => {
  const alert = $("generate-error");
  if (alert.dataset.job) clear(alert);
});
