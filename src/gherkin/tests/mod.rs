//! The room from outside: texts in, documents, pickles, mistakes and suspects out.

mod limits;
mod parsing;
mod pickling;
mod selecting;
mod suspecting;

use super::{Ids, Mistake, parse, pickles};
use crate::model::message::{GherkinDocument, Pickle, Scenario};

fn document(text: &str) -> GherkinDocument {
    parse("t.feature", text, &mut Ids::default()).unwrap_or_else(|mistakes| panic!("{mistakes:?}\n{text}"))
}

fn mistakes(text: &str) -> Vec<Mistake> {
    parse("t.feature", text, &mut Ids::default()).expect_err(text)
}

/// The mistakes of a text as `line:column message`.
fn complaints(text: &str) -> Vec<String> {
    let place = |it: &Mistake| format!("{}:{}", it.location.line, it.location.column.unwrap());
    mistakes(text).iter().map(|it| format!("{} {}", place(it), it.message)).collect()
}

fn compiled(text: &str) -> Vec<Pickle> {
    let mut ids = Ids::default();
    let document = parse("t.feature", text, &mut ids).unwrap();
    pickles(&document, &mut ids).collect()
}

/// The scenarios directly below the feature.
fn scenarios(document: &GherkinDocument) -> Vec<&Scenario> {
    document.feature.as_ref().unwrap().children.iter().filter_map(|child| child.scenario.as_ref()).collect()
}
