//! Keeps chromedriver's “BiDi-CDP Mapper” from drawing.
//!
//! chromedriver speaks WebDriver BiDi through a script in a tab of the browser itself. The script writes every message into
//! that tab, and the browser lays all of it out: measured, that is half of all work of a run with pages. The script writes
//! only while its tab has a document, so this module removes the document, over the browser's own protocol. A failure here
//! costs time and nothing else.

use std::path::Path;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::base::client::client_for;

/// The deadline of the attempt.
const WITHIN: Duration = Duration::from_secs(2);

/// Removes the document from the mapper's tab of the browser with this profile.
pub(super) async fn remove_document(profile: &Path) {
    let _ = tokio::time::timeout(WITHIN, erase(profile)).await;
}

async fn erase(profile: &Path) -> Option<()> {
    let said = tokio::fs::read_to_string(profile.join("DevToolsActivePort")).await.ok()?;
    let list = format!("http://127.0.0.1:{}/json/list", said.lines().next()?);
    let tabs: Vec<Value> = client_for(&list).build().ok()?.get(list).send().await.ok()?.json().await.ok()?;
    let tab = tabs.iter().find(|tab| tab["title"] == "BiDi-CDP Mapper")?;
    let (mut line, _) = tokio_tungstenite::connect_async(tab["webSocketDebuggerUrl"].as_str()?).await.ok()?;
    let parameters = json!({ "expression": "document.documentElement.remove()" });
    let command = json!({ "id": 1, "method": "Runtime.evaluate", "params": parameters });
    line.send(Message::text(command.to_string())).await.ok()?;
    line.next().await?.ok().map(drop)
}
