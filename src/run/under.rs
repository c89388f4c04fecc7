//! What stands under a step: a table or a text, and what its sentence makes of it.

use super::vocabulary::Vocabulary;
use crate::base::suggest::did_you_mean;
use crate::catalogue::Under;
use crate::model::message::{Location, Step};

/// Something wrong under a step.
pub(super) struct WrongUnder {
    pub id: &'static str,
    pub location: Location,
    pub message: String,
    pub help: Option<String>,
}

/// Returns what is wrong under a written step of this sentence: a table that it does not read, or none where it needs one.
pub(super) fn wrong_under(
    vocabulary: &Vocabulary,
    sentence: usize,
    step: &Step,
    language: &str,
) -> impl Iterator<Item = WrongUnder> {
    let known = &vocabulary.catalogue().sentences[vocabulary.definitions()[sentence].place];
    let rows = step.data_table.as_ref().map(|table| table.rows.as_slice());
    let first_row = rows.and_then(|rows| Some(rows.first()?.location));
    let stands = step.doc_string.as_ref().map(|text| text.location).or(first_row);
    let mut found = Vec::new();
    let mut wrong = |id, location, message, help: Option<String>| {
        found.push(WrongUnder { id, location, message, help });
    };
    match (&known.under, stands) {
        (Under::Nothing, Some(location)) => {
            let message = format!("`{}` does not look at what stands under it", known.expression);
            wrong("unused-table", location, message, None);
        }
        (Under::Rows(names), None) => {
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let help = if names.is_empty() { known.about.clone() } else { format!("Its rows are {names}.") };
            wrong("missing-table", step.location, format!("`{}` needs a table under it", known.expression), Some(help));
        }
        (Under::Rows(names), Some(_)) if !names.is_empty() => {
            let spoken = vocabulary.languages().iter().find(|spoken| spoken.code == language);
            for row in rows.into_iter().flatten() {
                let Some(head) = row.cells.first() else { continue };
                let own = spoken.and_then(|spoken| spoken.row(&head.value));
                if !head.value.contains('<') && own.is_none() && !names.contains(&head.value) {
                    let message = format!("the sentence knows no row `{}`, but: {}", head.value, names.join(", "));
                    let hint = did_you_mean(&head.value, names.iter().map(String::as_str)).trim().to_owned();
                    wrong("unknown-row", head.location, message, Some(hint).filter(|hint| !hint.is_empty()));
                } else if row.cells.len() != 2 {
                    let message = format!("the row `{}` has {} cells, and needs two", head.value, row.cells.len());
                    wrong("unknown-row", head.location, message, None);
                }
            }
        }
        (Under::Nothing, None) | (Under::Rows(_), Some(_)) => {}
    }
    found.into_iter()
}
