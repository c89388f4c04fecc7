//! A sentence that the vocabulary does not have, ready for a developer to add.

use regex::Regex;

use super::source::Catalogue;
use crate::model::message::PickleStepType;

/// Writes step functions for the sentences of one catalogue.
#[derive(Debug)]
pub struct Snippets(Vec<(&'static str, Regex)>);

/// The parameters that are recognised in a text. What has the most to it comes first: the 5 of `5 credits` is no number of
/// its own, and a name could be anything.
const RECOGNISED: [&str; 5] = ["string", "money", "duration", "int", "member"];

impl Snippets {
    /// Compiles the patterns of the parameters, once for all texts.
    pub fn new(catalogue: &Catalogue) -> Self {
        let patterns = RECOGNISED.into_iter().filter_map(|name| {
            let pattern = &catalogue.parameter(name)?.pattern;
            Some((name, Regex::new(&format!(r"(?:^|\s)(?<word>{pattern})(?:$|\s)")).ok()?))
        });
        Self(patterns.collect())
    }

    /// The step function for a step's text: what reads like a parameter becomes one.
    pub fn of(&self, kind: PickleStepType, text: &str) -> String {
        // Braces in the text are its own. In an expression they would be a parameter's.
        let mut sentence = text.replace('\\', r"\\").replace('{', r"\{").replace('(', r"\(").replace('/', r"\/");
        for (name, pattern) in &self.0 {
            while let Some(word) = pattern.captures(&sentence).and_then(|found| found.name("word")) {
                // A name stands at the start or in the middle; a capital letter elsewhere is a model version's.
                let name = if *name == "member" && word.start() > 0 { "model" } else { name };
                sentence.replace_range(word.range(), &format!("{{{name}}}"));
            }
        }
        let kind = match kind {
            PickleStepType::Context | PickleStepType::Unknown => "given",
            PickleStepType::Action => "when",
            PickleStepType::Outcome => "then",
        };
        let quoted = sentence.replace('\\', r"\\").replace('"', "\\\"");
        let arguments = arguments(&sentence);
        format!(
            "/// …\n#[{kind}(expr = \"{quoted}\")]\nasync fn name(world: &mut World{arguments}) -> StepResult {{\n    …\n}}"
        )
    }
}

/// The arguments of the function, in the order of the sentence. A brace with a backslash before it is no parameter's.
fn arguments(sentence: &str) -> String {
    let braces = sentence.match_indices('{').filter(|(at, _)| !sentence[..*at].ends_with('\\'));
    let names = braces.filter_map(|(at, brace)| sentence[at + brace.len()..].split_once('}')).map(|(name, _)| name);
    let mut seen: Vec<&str> = Vec::new();
    let mut arguments = String::new();
    for name in names {
        let kind = match name {
            "int" => "u64",
            "string" => "String",
            "duration" => "Span",
            "money" => "Money",
            "member" => "Member",
            _ => "Model",
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
        let snippet = Snippets::new(&catalogue).of(PickleStepType::Action, "Ann pays 5 credits for Dusk 3 times");
        assert!(snippet.contains("#[when(expr = \"{member} pays {money} for {model} {int} times\")]"), "{snippet}");
        assert!(snippet.contains("member: Member, money: Money, model: Model, int: u64)"), "{snippet}");
    }

    #[test]
    fn braces_and_backslashes_of_the_text_are_not_those_of_an_expression() {
        let catalogue = Catalogue::read([]).unwrap();
        let snippets = Snippets::new(&catalogue);
        for (text, written) in [
            ("the request {}", r#""the request \\{}""#),
            ("the {ä} is", r#""the \\{ä} is""#),
            ("} the {", r#""} the \\{""#),
            ("{{{}", r#""\\{\\{\\{}""#),
            (r"a \ b", r#""a \\\\ b""#),
            ("(x) {int} of 3", r#""\\(x) \\{int} of {int}""#),
        ] {
            let snippet = snippets.of(PickleStepType::Context, text);
            assert!(snippet.contains(written), "{text}: {snippet}");
        }
        assert!(
            snippets.of(PickleStepType::Context, "3 of \"x\"").contains("world: &mut World, int: u64, string: String)")
        );
    }
}
