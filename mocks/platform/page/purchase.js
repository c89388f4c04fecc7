// Buying: the dialog with what is for sale, the purchase itself, and the wait until it has arrived.

import { call, pause } from "./api.js";
import { defects } from "./defects.js";
import { $, credits, open, say } from "./dom.js";
import { clear, Intent, press, refuse } from "./press.js";
import { obstacle, refreshResources } from "./resources.js";
import { openSignIn, openTopUp, readWallet } from "./session.js";
import { changed, refresh, refreshEverywhere, state, tellOthers, watch } from "./state.js";

/** From when on a wait for access is told to be longer than usual, in milliseconds. */
const USUAL = 10_000;

const RIGHTS = ["generation", "download"];

/** Opens the dialog; `reason` is why, in words. */
export function openPurchase(reason) {
  if (state.resources.length === 0) return;
  if (state.member === null) return openSignIn();
  RIGHTS.concat("trial").forEach((option) => clear($(`error-${option}`)));
  say($("purchase-reason"), reason ?? obstacle(state.resources[0])?.sentence ?? "Choose what you need.");
  say($("purchase-state"), "");
  changed();
  open($("purchase-dialog"), $("options").querySelector("li:not([hidden]) button:not([hidden])"));
}

watch(() => {
  const [resource] = state.resources;
  if (!resource) return;
  const { version, access } = resource;
  const offer = version.early_access;
  const bought = access?.basis === "purchase";
  $("option-generation").hidden = !offer?.generation || bought;
  $("option-download").hidden = !offer?.download || (bought && access.download);
  const uses = offer?.generation?.trial_uses ?? 0;
  $("option-trial").hidden = uses === 0 || bought;
  for (const right of RIGHTS) {
    say($(`price-${right}`), offer?.[right] ? credits(offer[right].price) : "");
  }
  say($("trial-hint"), uses === 1 ? "Generate once before you buy." : `Generate ${uses} times before you buy.`);
});

for (const right of RIGHTS) {
  const alert = $(`error-${right}`);
  const topUpInstead = $(`top-up-${right}`);
  const purchase = new Intent();
  let quote = null;

  const close = () => {
    quote = null;
    $("purchase-dialog").close();
    $("generator-title").focus();
  };

  const buy = press(
    $(`buy-${right}`),
    alert,
    async () => {
      topUpInstead.hidden = true;
      const [resource] = state.resources;
      if (defects.has("ui.optimistic-unlock")) unlock(resource, right); // DEFECT: without waiting for the server's word
      say($("purchase-state"), "Buying…");
      try {
        // The same quote for the same intent: a retry has to be the same request.
        quote ??= await call("POST", "/v1/quotes", { body: { version: resource.id, right } });
        if (quote.amount !== resource.version.early_access?.[right]?.price) {
          refuse(alert, `The price is ${credits(quote.amount)} now. Press again to buy.`);
          return await refresh();
        }
        await purchase.send("/v1/purchases", { quote: quote.id });
      } finally {
        say($("purchase-state"), "");
      }
      resource.unlocked = false;
      close();
      awaitAccess(resource.id, right);
    },
    async (refusal) => {
      topUpInstead.hidden = refusal.class !== "no-funds";
      if (!topUpInstead.hidden) topUpInstead.focus();
      if (refusal.class === "conflict") quote = null;
      if (defects.has("ui.optimistic-unlock")) return; // DEFECT: what was unlocked too early stays so
      // It may have been done, here without an answer or in another tab.
      if (refusal.class === "conflict" || refusal.class === "signed-out" || refusal.isUncertain) await refresh();
      if (isBought(right)) return close();
      if (refusal.isUncertain) lookAgain(right, close);
    },
  );
  $(`buy-${right}`).addEventListener("click", buy);

  topUpInstead.addEventListener("click", () => {
    const price = state.resources[0].version.early_access?.[right]?.price ?? 0;
    openTopUp(price - (state.balance ?? 0));
  });
  document.addEventListener("topped-up", () => {
    if (topUpInstead === document.activeElement) $(`buy-${right}`).focus();
    topUpInstead.hidden = true;
    clear(alert);
    if ($("purchase-dialog").open) say($("purchase-state"), `Your wallet now holds ${credits(state.balance)}.`);
  });
}

function isBought(right) {
  const access = state.resources[0]?.access;
  return access?.basis === "purchase" && (right === "generation" || access.download);
}

/** What was paid for takes a moment to arrive, also where nobody has heard that it was paid for. */
async function lookAgain(right, found) {
  for (let delay = 200; delay < 4000 && $("purchase-dialog").open; delay *= 2) {
    await pause(delay);
    await refresh();
    if (isBought(right) && $("purchase-dialog").open) return found();
  }
}

function unlock(resource, right) {
  const download = right === "download" || (resource.access?.download ?? false);
  resource.unlocked = true;
  resource.access = { ...resource.access, generate: true, download, basis: "purchase", reason: null };
  changed();
}

/** Asks until what was paid for is there. It says when that takes longer than usual, and does not give up. */
async function awaitAccess(id, right) {
  const start = performance.now();
  const waiting = { right, late: false };
  state.waiting = waiting;
  // The other tabs hear of it now, and again when it has arrived.
  tellOthers();
  readWallet().then(changed);
  for (let delay = 150; state.member !== null; delay = Math.min(delay * 1.5, 3000)) {
    await refreshResources().catch(() => {});
    const access = state.resources.find((resource) => resource.id === id)?.access;
    const arrived = right === "generation" ? access?.generate : access?.download;
    if (arrived && access.basis !== "trial") break;
    waiting.late = performance.now() - start > USUAL;
    changed();
    await pause(delay);
  }
  if (state.waiting === waiting) state.waiting = null;
  await refreshEverywhere();
}

const trial = press($("start-trial"), $("error-trial"), async () => {
  const [resource] = state.resources;
  await call("POST", "/v1/trials", { body: { version: resource.id } });
  $("purchase-dialog").close();
  $("generate").focus();
  await refreshEverywhere();
});
$("start-trial").addEventListener("click", trial);
