// The member's jobs: asked for while one is unfinished, each shown with where it stands and what came of it.

import { call, pause } from "./api.js";
import { $, credits, fill, make, say } from "./dom.js";
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
  for (let delay = 50; state.jobs.some((job) => !hasEnded(job) || isOwed(job)); delay = Math.min(delay * 1.3, 2000)) {
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

/** Each job's card stays the same element, so that whoever is about to press something in it can. */
const cards = new Map();

watch(() => {
  const jobs = state.jobs.slice(0, SHOWN);
  $("queue-empty").hidden = jobs.length > 0;
  for (const id of cards.keys()) if (!jobs.some((job) => job.id === id)) cards.delete(id);
  const elements = jobs.map((job) => {
    if (!cards.has(job.id)) cards.set(job.id, makeCard(job));
    const card = cards.get(job.id);
    card.show(job);
    return card.element;
  });
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

function makeCard({ id, prompt }) {
  const title = make("h3", { id: `title-${id}` }, prompt);
  const standing = make("p", { class: "job-state" });
  const progress = make("progress", { max: 4, "aria-labelledby": title.id });
  const cancel = make("button", { type: "button", class: "quiet" }, "Cancel");
  const alert = make("p", { class: "error", role: "alert" });
  const images = make("div", { class: "images" });
  const attributes = { class: "job", "data-job": id, "aria-labelledby": title.id };
  const element = make("li", attributes, title, standing, progress, cancel, alert, images);
  const canceled = press(cancel, alert, async () => {
    await call("POST", `/v1/jobs/${id}/cancel`);
    await readJobs();
    changed();
  });
  cancel.addEventListener("click", canceled);
  const show = (job) => {
    element.dataset.status = job.status;
    say(standing, words(job));
    progress.hidden = hasEnded(job);
    progress.value = (STATES[job.status]?.[1] ?? 0) + 0.5;
    cancel.hidden = !["unassigned", "preparing", "scheduled"].includes(job.status);
    if (cancel.hidden && document.activeElement === cancel) $("queue-title").focus();
    images.hidden = job.images.length === 0;
    fill(images, job.images, (image, index) => makeImage(job, image, index));
  };
  return { element, show };
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

$("generate-form").addEventListener("input", () => {
  const alert = $("generate-error");
  if (alert.dataset.job) clear(alert);
});
