//! Reading the sources of the steps: the attribute, and the comment above it.

use crate::model::message::PickleStepType;

/// All sentences, by file and line, and the kinds of words in them.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The sentences.
    pub sentences: Vec<Sentence>,
    /// The parameters: those of the steps, then cucumber's own.
    pub parameters: Vec<Parameter>,
    /// The nouns: each source file with the first line of its own comment.
    pub nouns: Vec<(String, String)>,
}

/// One sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Whether it sets up, acts, or expects.
    pub kind: PickleStepType,
    /// The cucumber expression as it was written.
    pub expression: String,
    /// What it does: the comment above it.
    pub about: String,
    /// The source file.
    pub file: String,
    /// The line of its attribute, counted from 1.
    pub line: u32,
    /// What may stand under it.
    pub under: Under,
}

/// What a sentence takes besides its own words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Under {
    /// Nothing.
    #[default]
    Nothing,
    /// A table whose rows begin with these words; with none, a table or a text of any kind.
    Rows(Vec<String>),
}

/// A kind of word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What stands in the braces.
    pub name: String,
    /// What a word must match: a regular expression.
    pub pattern: String,
    /// What it is.
    pub about: String,
    /// A word that fits.
    pub example: String,
}

/// A source that cannot be read: what a developer did who added a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct SourceError {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// Cucumber's own parameters, of which the sentences make use.
const BUILT_IN: [(&str, &str, &str, &str); 4] = [
    ("int", r"-?\d+", "A whole number", "3"),
    ("float", r"-?\d*\.?\d+", "A number", "2.5"),
    ("word", r"[^\s]+", "One word", "amount"),
    ("string", r#""[^"]*"|'[^']*'"#, "Any text in quotes", "\"some text\""),
];

impl Catalogue {
    /// Reads the sources, each with its file name.
    ///
    /// # Errors
    /// If an attribute is not written on one line as `#[given(expr = "…")]`, or has no comment above it.
    pub fn read<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SourceError> {
        let mut catalogue = Self::default();
        for (file, text) in sources {
            catalogue.add(file, text)?;
        }
        catalogue.nouns.sort();
        catalogue.sentences.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        let built_in = BUILT_IN.map(|(name, pattern, about, example)| {
            let own = |text: &str| text.to_owned();
            Parameter { name: own(name), pattern: own(pattern), about: own(about), example: own(example) }
        });
        catalogue.parameters.extend(built_in);
        Ok(catalogue)
    }

    /// The parameter of this name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    fn add(&mut self, file: &str, text: &str) -> Result<(), SourceError> {
        let title = text.lines().find_map(|line| line.strip_prefix("//!")).unwrap_or_default();
        self.nouns.push((file.to_owned(), title.trim().to_owned()));
        let mut comment: Vec<&str> = Vec::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            let wrong =
                |message: &str| SourceError { file: file.to_owned(), line: number, message: message.to_owned() };
            if let Some(more) = line.strip_prefix("///") {
                comment.push(more.trim());
                continue;
            }
            if !line.starts_with("#[") {
                // The function's own line: whoever takes the step itself looks at what stands under it.
                if line.contains("fn ") && line.contains("&Step") {
                    let own = |sentence: &&mut Sentence| !comment.is_empty() && sentence.about == comment.join(" ");
                    for sentence in self.sentences.iter_mut().rev().take_while(own) {
                        sentence.under = Under::Rows(rows(&sentence.about));
                    }
                }
                comment.clear();
                continue;
            }
            if let Some(kind) = kind_of(line) {
                let expression = text_after(line, "expr = ")
                    .ok_or_else(|| wrong("write the sentence on one line, as `#[given(expr = \"…\")]`"))?;
                if comment.is_empty() {
                    return Err(wrong("say above the sentence, in a `///` comment, what it does"));
                }
                let about = comment.join(" ");
                let under = Under::Nothing;
                self.sentences.push(Sentence { kind, expression, about, file: file.to_owned(), line: number, under });
            } else if line.starts_with("#[param(") {
                let (Some(name), Some(pattern)) = (text_after(line, "name = "), text_after(line, "regex = ")) else {
                    return Err(wrong("write the parameter on one line, as `#[param(name = \"…\", regex = \"…\")]`"));
                };
                let about = comment.join(" ");
                let example = about.split('`').nth(1).ok_or_else(|| {
                    wrong("say above the parameter, in a `///` comment, what it is, with an example in backticks")
                })?;
                let words = about.split(": `").next().unwrap_or_default().to_owned();
                self.parameters.push(Parameter { name, pattern, example: example.to_owned(), about: words });
            }
        }
        Ok(())
    }
}

/// The words in backticks after `rows`, in a comment.
fn rows(about: &str) -> Vec<String> {
    let named = about.split_once("rows ").map_or("", |(_, named)| named);
    named.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn kind_of(line: &str) -> Option<PickleStepType> {
    let attributes = [
        ("#[given(", PickleStepType::Context),
        ("#[when(", PickleStepType::Action),
        ("#[then(", PickleStepType::Outcome),
    ];
    attributes.into_iter().find(|(attribute, _)| line.starts_with(attribute)).map(|(_, kind)| kind)
}

/// The value of the Rust string that follows `key`.
fn text_after(line: &str, key: &str) -> Option<String> {
    let (_, rest) = line.split_once(key)?;
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.bytes().take_while(|byte| *byte == b'#').count();
        let end = format!("\"{}", "#".repeat(hashes));
        return raw[hashes..].strip_prefix('"')?.split_once(&end).map(|(text, _)| text.to_owned());
    }
    let mut value = String::new();
    let mut characters = rest.strip_prefix('"')?.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_and_parameters_are_read_with_their_comments() {
        let text = "/// A name: `Ann`.\n#[derive(Debug)]\n#[param(name = \"member\", regex = r\"\\p{Lu}+\")]\nstruct M;\n\n/// They\n/// join.\n#[given(expr = \"{member} says \\\"hi\\\"\")]\nfn f() {}\n";
        let catalogue = Catalogue::read([("steps/a.rs", text)]).unwrap();
        let sentence = &catalogue.sentences[0];
        assert_eq!((sentence.expression.as_str(), sentence.line), ("{member} says \"hi\"", 8));
        assert_eq!((sentence.about.as_str(), sentence.kind), ("They join.", PickleStepType::Context));
        let member = catalogue.parameter("member").unwrap();
        assert_eq!((member.pattern.as_str(), member.example.as_str()), ("\\p{Lu}+", "Ann"));
    }

    #[test]
    fn a_sentence_that_cannot_be_listed_is_refused_with_its_place() {
        for text in
            ["\n/// x\n#[given(regex = \"x\")]\n", "\n\n#[then(expr = \"x\")]\n", "\n/// x\n#[when(\nexpr = \"x\")]"]
        {
            let error = Catalogue::read([("steps/a.rs", text)]).unwrap_err();
            assert_eq!(error.line, 3, "{error}");
        }
    }
}
