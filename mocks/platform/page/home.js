// The first page: the versions that the member has bought or looked at, and a way to open another.

import { call } from "./api.js";
import { $, fill, make, say } from "./dom.js";
import { mistake } from "./press.js";
import { state, watch } from "./state.js";

const LOOKED_AT = "atelier.looked-at";

const lookedAt = () => {
  try {
    return JSON.parse(localStorage.getItem(LOOKED_AT)) ?? [];
  } catch {
    return [];
  }
};

/** Remembers a version that was looked at, in this browser. */
export function remember(id) {
  localStorage.setItem(LOOKED_AT, JSON.stringify([id, ...lookedAt().filter((other) => other !== id)].slice(0, 12)));
}

let known = [];

export async function readKnown() {
  known = [];
  if (state.member === null) return;
  const { purchases } = await call("GET", "/v1/purchases");
  const bought = purchases.filter(({ status }) => status === "charged").map(({ version }) => version);
  const ids = [...new Set([...bought, ...lookedAt()])];
  const versions = await Promise.all(
    ids.map((id) => call("GET", `/v1/versions/${encodeURIComponent(id)}`).catch(() => null)),
  );
  known = versions.filter(Boolean).map(({ id, name, model }) => ({
    id,
    name: `${model.name} ${name}`,
    why: bought.includes(id) ? "Bought" : model.owner.id === state.member.id ? "Your own" : "Looked at",
  }));
}

/** Shows the page; only where there is no version to show. */
export function showHome() {
  $("home").hidden = false;
  watch(() => {
    const signedOut = "Sign in to see what you have bought.";
    const empty = "Nothing yet. Open a model version to begin.";
    say($("home-hint"), state.member === null ? signedOut : known.length === 0 ? empty : "");
    fill($("known-versions"), known, ({ id, name, why }) =>
      make("li", { class: "card" }, make("a", { href: `/versions/${id}` }, name), make("span", { class: "badge" }, why)),
    );
  });
  $("open-version").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = $("open-version-id").value.trim();
    const wrong = /^[\w-]+$/.test(id) ? "" : "Enter the id of a model version.";
    mistake($("open-version-id"), $("open-version-error"), wrong);
    if (wrong) return $("open-version-id").focus();
    location.assign(`/versions/${id}`);
  });
}
