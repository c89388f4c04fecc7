// The head of a version's page: what it is, what early access to it costs, and how long it lasts.

import { call } from "./api.js";
import { $, credits, fill, make, say } from "./dom.js";
import { sentenceOf } from "./errors.js";
import { press } from "./press.js";
import { openPurchase } from "./purchase.js";
import { nameOf } from "./resources.js";
import { now, parseDate } from "./settings.js";
import { refresh, state, watch } from "./state.js";

export async function readFlags() {
  try {
    state.flags = await call("GET", "/v1/flags");
  } catch {
    // The server asks them again itself, wherever they matter.
    state.flags = {};
  }
}

watch(() => {
  const [resource] = state.resources;
  if (!resource) return;
  const { version, access } = resource;
  const offer = version.early_access;
  $("version").hidden = false;
  document.title = `${nameOf(resource)} – Atelier`;
  say($("version-title"), nameOf(resource));
  say($("version-byline"), `by ${version.model.owner.name} · ${version.base_model}`);
  fill($("badges"), badges(version), (text) => make("li", { class: "badge" }, text));
  const bought = access?.basis === "purchase" && access.download;
  const needsNothing = ["owner", "moderator", "public"].includes(access?.basis);
  $("open-purchase").hidden = !offer || bought || needsNothing;
  $("download").hidden = !offer && !access?.download;
  const paused = offer && state.flags["early-access-sales"] === false;
  say($("sales-notice"), paused ? sentenceOf("sales-paused") : "");
  tick();
});

function badges({ status, early_access: offer }) {
  if (status !== "published") return ["Not published"];
  if (!offer) return ["Free for everybody"];
  const texts = ["Early access"];
  if (offer.generation) texts.push(`Generation ${credits(offer.generation.price)}`);
  if (offer.download) texts.push(`Download ${credits(offer.download.price)}`);
  const uses = offer.generation?.trial_uses ?? 0;
  if (uses > 0) texts.push(uses === 1 ? "1 trial use" : `${uses} trial uses`);
  return texts;
}

let ticking;

/** The countdown, made anew when it says something else; at its end the server is asked what holds now. */
function tick() {
  clearTimeout(ticking);
  const ends = parseDate(state.resources[0]?.version.early_access?.ends_at);
  if (ends === null) return say($("ends"), "");
  const left = ends - now();
  if (left <= 0) {
    if ($("ends").textContent !== "Early access has ended.") refresh();
    return say($("ends"), "Early access has ended.");
  }
  const seconds = Math.ceil(left / 1000);
  const [words, step] = duration(seconds);
  say($("ends"), `Early access ends in ${words}, then it is free for everybody.`);
  const unchanged = seconds % step; // for so many seconds it says the same
  ticking = setTimeout(tick, left - (seconds - unchanged - 1) * 1000);
}

const UNITS = [["d", 86_400], ["h", 3600], ["min", 60], ["s", 1]];

/** A number of seconds in the two largest units, `6 d 23 h`, and how many seconds the smaller of them has. */
function duration(seconds) {
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  const [large, small = ["", 1]] = UNITS.slice(first, first + 2);
  const words = [`${Math.floor(seconds / large[1])} ${large[0]}`];
  if (small[0]) words.push(`${Math.floor((seconds % large[1]) / small[1])} ${small[0]}`);
  return [words.join(" "), small[1]];
}

$("open-purchase").addEventListener("click", () => openPurchase());

const download = press(
  $("download"),
  $("download-error"),
  async () => {
    const { id } = state.resources[0];
    const path = `/v1/versions/${encodeURIComponent(id)}/download`;
    const file = await call("GET", path, { read: (response) => response.blob() });
    const link = make("a", { href: URL.createObjectURL(file), download: `${id}.bin` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  },
  (refusal) => refusal.class === "not-bought" && openPurchase(refusal.sentence),
);
$("download").addEventListener("click", download);
