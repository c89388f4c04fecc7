// Starts the page: `/` or `/versions/{id}`.

import { $, say } from "./dom.js";
import { readCatalogue, Refusal } from "./errors.js";
import { readKnown, remember, showHome } from "./home.js";
import { readFlags } from "./offer.js";
import { press } from "./press.js";
import { readResource, refreshResources } from "./resources.js";
import { readJobs } from "./queue.js";
import { readSession, readWallet } from "./session.js";
import { changed, refresh, refreshWith, state } from "./state.js";
import "./generator.js";

const id = location.pathname.match(/^\/versions\/([^/]+)$/)?.[1];

async function readVersion() {
  if (state.resources.length > 0) return refreshResources();
  state.resources = [await readResource(decodeURIComponent(id))];
  remember(state.resources[0].id);
}

// Asked for beside the session: neither needs the other, and what is refused later needs both.
const catalogue = readCatalogue();

refreshWith(async () => {
  try {
    await readSession().finally(() => catalogue);
    const reads = id ? [readVersion, readFlags, readJobs] : [readKnown];
    // Each is shown as it comes: a slow answer must not hide the others.
    await Promise.all([readWallet, ...reads].map((read) => read().then(changed)));
    say($("page-error"), "");
    $("load-again").hidden = true;
  } catch (error) {
    const refusal = Refusal.from(error);
    say($("page-error"), refusal.sentence);
    $("load-again").hidden = false;
  }
});

$("load-again").addEventListener("click", press($("load-again"), $("page-error"), refresh));
if (!id) showHome();
await refresh();
