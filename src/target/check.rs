//! Finds mistakes in a target file when it is read.

use super::file::{OperationSpec, method_and_path};
use super::template::{placeholders, placeholders_in};
use super::{FINAL_STATES, Operation, Slot, Target, WORKING_STATE};
use crate::base::config::ConfigError;
use crate::base::suggest::did_you_mean;

/// Checks everything but the section `[page]`, and returns the first mistake with its place.
pub(super) fn check(target: &Target, file: &str, text: &str) -> Result<(), ConfigError> {
    let wrong = |keys: &[&str], message: String| Err(ConfigError::under(file, text, keys, message));
    let values: Vec<Slot> = Operation::ALL.iter().flat_map(|operation| operation.takes()).copied().collect();
    for (name, value) in &target.headers {
        if let Some(message) = unknown("a header", &values, placeholders(value)) {
            return wrong(&["headers", name], message);
        }
    }
    // The terms stand in for `{early_access}`, so they may use what the operations with that placeholder take.
    let terms = target.early_access.iter().flat_map(|terms| placeholders_in(terms));
    if let Some(message) = unknown("`early_access`", Operation::Reprice.takes(), terms) {
        return wrong(&["early_access"], message);
    }
    for (own, word) in &target.states {
        // Only these states have words in sentences. Any other state of a platform needs no translation.
        let known = [&[WORKING_STATE], &FINAL_STATES[..]].concat();
        if !known.contains(&word.as_str()) {
            let hint = did_you_mean(word, known.iter().copied());
            let known = known.join(", ");
            return wrong(&["states", own], format!("`{word}` is not a state of jobs: {known}.{hint}"));
        }
    }
    target.operations.iter().try_for_each(|(operation, shape)| check_operation(*operation, shape, file, text))
}

fn check_operation(operation: Operation, shape: &OperationSpec, file: &str, text: &str) -> Result<(), ConfigError> {
    let table = ["operations", operation.word()];
    let wrong = |keys: &[&str], message: String| Err(ConfigError::under(file, text, &[&table, keys].concat(), message));
    if method_and_path(&shape.request).is_none() {
        return wrong(&["request"], format!("`{}` is not a request: write `GET /path`", shape.request));
    }
    let headers = shape.headers.iter().map(|(name, text)| (vec!["headers", name], placeholders(text).collect()));
    let query = shape.query.iter().map(|(name, value)| (vec!["query", name], placeholders_in(value)));
    let body = shape.body.iter().map(|body| (vec!["body"], placeholders_in(body)));
    let path: (Vec<&str>, Vec<&str>) = (vec!["request"], placeholders(&shape.request).collect());
    for (keys, used) in std::iter::once(path).chain(headers).chain(query).chain(body) {
        if let Some(message) = unknown(&format!("`{operation}`"), operation.takes(), used.into_iter()) {
            return wrong(&keys, message);
        }
    }
    for (name, pointer) in &shape.answer {
        let known: Vec<&str> = operation.gives().iter().map(|slot| slot.word()).collect();
        if !known.contains(&name.as_str()) {
            let hint = did_you_mean(name, known.iter().copied());
            let known = known.join(", ");
            let message = format!("`{operation}` does not give `{name}` but: {known}.{hint}");
            // The mistake is the key itself here, so the error points at it and not at its value.
            return Err(ConfigError::key(file, text, &[&table[..], &["answer", name]].concat(), message));
        }
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return wrong(&["answer", name], format!("`{pointer}` is not a JSON pointer: it begins with `/`"));
        }
    }
    if let Some(status) = shape.accept.iter().find(|status| !(100..600).contains(*status)) {
        return wrong(&["accept"], format!("{status} is not a status of HTTP"));
    }
    match shape.refused_when.as_ref().filter(|test| !test.at.starts_with('/')) {
        Some(test) => wrong(&["refused_when"], format!("`{}` is not a JSON pointer: it begins with `/`", test.at)),
        None => Ok(()),
    }
}

/// The first placeholder that stands for none of these values, in a sentence.
fn unknown<'u>(what: &str, values: &[Slot], mut used: impl Iterator<Item = &'u str>) -> Option<String> {
    let mut known: Vec<&str> = values.iter().chain(&[Slot::Token]).map(|slot| slot.word()).collect();
    let name = used.find(|name| !known.contains(name) && !name.starts_with("secret."))?;
    known.sort_unstable();
    known.dedup();
    let hint = did_you_mean(name, known.iter().copied());
    let known = known.join("}, {");
    Some(format!("{what} has no value for {{{name}}}, only for {{{known}}} and {{secret.…}}.{hint}"))
}
