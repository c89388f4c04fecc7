//! `paidpath platform`: what the two files may hold that describe a platform of one's own. The tables come from the code.

use crate::model::{EventKind, Fact};
use crate::target::{Operation, Slot};

/// Returns the page as Markdown.
pub fn page() -> String {
    let list = |slots: &[Slot]| slots.iter().map(|slot| format!("`{slot}`")).collect::<Vec<_>>().join(", ");
    let operations = Operation::ALL.iter().map(|operation| {
        [operation.word().to_owned(), operation.means().to_owned(), list(operation.takes()), list(operation.gives())]
    });
    let events = EventKind::ALL.iter().map(|(word, means)| [(*word).to_owned(), (*means).to_owned()]);
    // Facts that paidpath measures itself are not for target files.
    let facts = Fact::ALL.iter().filter(|(fact, _)| Fact::extracted(fact.word()).is_some());
    let facts = facts.map(|(fact, means)| [fact.to_string(), (*means).to_owned()]);
    include_str!("platform.md")
        .replace("{{operations}}", &table(["operation", "what it does", "placeholders", "answer"], operations))
        .replace("{{events}}", &table(["means", "what happened"], events))
        .replace("{{facts}}", &table(["fact", "what it is"], facts))
}

/// Returns a table whose first column is code.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let head = head.map(str::to_owned);
    let rows = rows.map(|mut cells| {
        cells[0] = format!("`{}`", cells[0]);
        line(&cells)
    });
    [line(&head), format!("|{}", "---|".repeat(N))].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}
