//! A sentence that the vocabulary does not have, ready for a developer to add.

use regex::Regex;

use super::source::Catalogue;
use crate::model::message::PickleStepType;

/// The step function for a step's text: what reads like a parameter becomes one.
pub fn snippet(catalogue: &Catalogue, kind: PickleStepType, text: &str) -> String {
    let mut sentence = text.to_owned();
    // What has the most to it first: the 5 of `5 credits` is no number of its own, and a name could be anything.
    for name in ["string", "money", "duration", "int", "member"] {
        let Some(parameter) = catalogue.parameter(name) else { continue };
        let pattern = Regex::new(&format!(r"(?:^|\s)(?<word>{})(?:$|\s)", parameter.pattern));
        let Ok(pattern) = pattern else { continue };
        while let Some(word) = pattern.captures(&sentence).and_then(|found| found.name("word")) {
            // A name stands at the start or in the middle; a capital letter elsewhere is a model version's.
            let name = if name == "member" && word.start() > 0 { "model" } else { name };
            sentence.replace_range(word.range(), &format!("{{{name}}}"));
        }
    }
    let kind = match kind {
        PickleStepType::Context | PickleStepType::Unknown => "given",
        PickleStepType::Action => "when",
        PickleStepType::Outcome => "then",
    };
    let quoted = sentence.replace('"', "\\\"");
    format!(
        "/// …\n#[{kind}(expr = \"{quoted}\")]\nasync fn name(world: &mut World{}) -> StepResult {{\n    …\n}}",
        types(&sentence)
    )
}

/// The arguments of the function, in the order of the sentence.
fn types(sentence: &str) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut arguments = String::new();
    for name in sentence.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name) {
        let kind = match name {
            "int" => "u64".to_owned(),
            "string" => "String".to_owned(),
            "duration" => "Span".to_owned(),
            other => other[..1].to_uppercase() + &other[1..],
        };
        let nth = seen.iter().filter(|each| **each == name).count();
        let number = if nth == 0 { String::new() } else { (nth + 1).to_string() };
        arguments.push_str(&format!(", {name}{number}: {kind}"));
        seen.push(name);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_like_a_parameter_becomes_one() {
        let steps = "/// A name: `Ann`.\n#[param(name = \"member\", regex = r\"\\p{Lu}\\p{L}*\")]\n/// Money: `5 credits`.\n#[param(name = \"money\", regex = r\"\\d+ credits?\")]\n";
        let catalogue = Catalogue::read([("steps/a.rs", steps)]).unwrap();
        let snippet = snippet(&catalogue, PickleStepType::Action, "Ann pays 5 credits for Dusk 3 times");
        assert!(snippet.contains("#[when(expr = \"{member} pays {money} for {model} {int} times\")]"), "{snippet}");
        assert!(snippet.contains("member: Member, money: Money, model: Model, int: u64)"), "{snippet}");
    }
}
