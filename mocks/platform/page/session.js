// Who is signed in, and what they have: the header, and the dialogs for signing in and for topping up.

import { call } from "./api.js";
import { $, credits, open, say } from "./dom.js";
import { sentenceOf } from "./errors.js";
import { clear, Intent, mistake, press } from "./press.js";
import { readSettings } from "./settings.js";
import { refreshEverywhere, state, watch } from "./state.js";

export async function readSession() {
  Object.assign(state, await readSettings());
}

export async function readWallet() {
  if (!state.member) return void (state.balance = null);
  try {
    state.balance = (await call("GET", "/v1/wallet")).balance;
  } catch {
    state.balance = null;
  }
}

watch(() => {
  $("signed-in").hidden = state.member === null;
  $("signed-out").hidden = state.member !== null;
  say($("member-name"), state.member?.name ?? "");
  say($("balance"), state.balance === null ? "Wallet temporarily unavailable" : credits(state.balance));
});

export function openSignIn() {
  clear($("sign-in-error"));
  if (state.sessionProblem) say($("sign-in-error"), sentenceOf(state.sessionProblem));
  $("token").value = "";
  open($("sign-in-dialog"), $("token"));
}

$("open-sign-in").addEventListener("click", openSignIn);

const signIn = press(
  $("sign-in"),
  $("sign-in-error"),
  async () => {
    const token = $("token").value.trim();
    mistake($("token"), $("sign-in-error"), token === "" ? "Enter your session token." : "");
    if (token === "") return $("token").focus();
    await call("POST", "/v1/sessions", { body: { token } });
    $("sign-in-dialog").close();
    $("main").focus();
    document.dispatchEvent(new CustomEvent("signed-in"));
    await refreshEverywhere();
  },
  () => {
    $("token").setAttribute("aria-invalid", "true");
    $("token").focus();
  },
);
$("sign-in-form").addEventListener("submit", signIn);

const signOut = press($("sign-out"), $("page-error"), async () => {
  await call("DELETE", "/v1/sessions");
  await refreshEverywhere();
  $("open-sign-in").focus();
});
$("sign-out").addEventListener("click", signOut);

/** Opens the dialog for topping up; `amount` is what is missing. */
export function openTopUp(amount = 100) {
  clear($("top-up-error"));
  mistake($("top-up-amount"), $("top-up-amount-error"), "");
  $("top-up-amount").value = Math.max(1, amount);
  open($("top-up-dialog"), $("top-up-amount"));
}

$("open-top-up").addEventListener("click", () => openTopUp());

const payment = new Intent();
const topUp = press($("top-up"), $("top-up-error"), async () => {
  const amount = Number($("top-up-amount").value);
  const right = Number.isInteger(amount) && amount >= 1 && amount <= 1_000_000;
  mistake($("top-up-amount"), $("top-up-amount-error"), right ? "" : "Enter a whole number from 1 to 1000000.");
  if (!right) return $("top-up-amount").focus();
  const { balance } = await payment.send("/v1/wallet/top-ups", { amount, card: $("top-up-card").value });
  state.balance = balance;
  $("top-up-dialog").close();
  document.dispatchEvent(new CustomEvent("topped-up"));
  await refreshEverywhere();
});
$("top-up-form").addEventListener("submit", topUp);
