//! The sentences in another spoken language: a file, no code.
//!
//! A sentence in another language is turned into the English one, with every word in the form that the step functions know
//! (`500 积分` becomes `500 credits`); from there on nothing is different.
//!
//! # Add another language
//!
//! 1. Copy `steps/languages/zh-CN.toml` to a file named after the language code that stands behind `# language:`.
//! 2. Translate the right-hand sides. Each sentence has the parameters of the English one, in any order; two of one kind keep
//!    their order.
//! 3. Write a feature in it and run `paidpath check`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::expression::Expression;
use super::source::Catalogue;
use crate::base::config::{ConfigError, parse_toml};
use crate::base::suggest::did_you_mean;

/// A language's file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Language {
    /// Its code, as in `# language: zh-CN`; the file's name.
    #[serde(skip)]
    pub code: String,
    /// What its speakers call it.
    pub name: String,
    /// How words are written in it. A parameter that is not here is written as in English.
    #[serde(default)]
    parameters: BTreeMap<String, Words>,
    /// English sentence to sentence.
    sentences: BTreeMap<String, String>,
    /// First cells of tables, and what they are in English.
    #[serde(default)]
    rows: BTreeMap<String, String>,
    /// What the rules of `paidpath check` say, by rule.
    #[serde(default)]
    rules: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    /// What it is, for the catalogue.
    about: String,
    /// A word that fits.
    example: String,
    /// A regular expression for each way to write it, and what it is in English; `$1` is what its first group found.
    forms: BTreeMap<String, String>,
}

/// One sentence of a language.
#[derive(Debug, Clone)]
pub struct Translated {
    /// The place of the English one in the catalogue.
    pub of: usize,
    /// The sentence as the file has it.
    pub expression: String,
    /// The line in the file, counted from 1.
    pub line: u32,
    /// What a step's text must match: one group `p0`, `p1` … for each parameter.
    pub pattern: String,
    english: Expression,
    /// For each parameter of the English sentence: its place in this one, and the forms of its words.
    parameters: Vec<(usize, Vec<Form>)>,
}

/// One way to write a word, and what it is in English.
#[derive(Debug, Clone)]
struct Form {
    pattern: String,
    english: String,
    compiled: OnceLock<Regex>,
}

impl Language {
    /// Reads a language from the text of its file.
    ///
    /// # Errors
    /// With line and suggestion, if the text is not of this shape.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let mut language: Self = parse_toml(file, text)?;
        let name = file.rsplit('/').next().unwrap_or(file);
        name.strip_suffix(".toml").unwrap_or(name).clone_into(&mut language.code);
        Ok(language)
    }

    /// What a rule of `paidpath check` says in this language.
    pub fn rule(&self, id: &str) -> Option<&str> {
        self.rules.get(id).map(String::as_str)
    }

    /// The first cell of a row in English, if this language has a word of its own for it.
    pub fn row(&self, head: &str) -> Option<&str> {
        self.rows.get(head).map(String::as_str)
    }

    /// A cell in English, where it is a word of this language; anything else stays as it is.
    pub fn cell(&self, text: &str) -> String {
        let forms = ["money", "duration", "right"].into_iter().filter_map(|name| self.parameters.get(name));
        let mut forms = forms.flat_map(|words| &words.forms);
        let said = forms.find_map(|(pattern, english)| Form::new(pattern, english).said(text));
        said.unwrap_or_else(|| text.to_owned())
    }

    /// The kinds of words, as the catalogue shows them: about and example by name.
    pub fn word(&self, parameter: &str) -> Option<(&str, &str)> {
        self.parameters.get(parameter).map(|words| (words.about.as_str(), words.example.as_str()))
    }

    /// The sentences of the catalogue in this language. One that the file does not say is said in English.
    ///
    /// # Errors
    /// With the file's line: a sentence that the vocabulary does not have, other parameters than the English sentence has,
    /// forms that are no regular expressions.
    pub fn sentences(&self, catalogue: &Catalogue, file: &str, text: &str) -> Result<Vec<Translated>, ConfigError> {
        let wrong = |keys: &[&str], message: String| ConfigError::key(file, text, keys, message);
        for (name, words) in &self.parameters {
            for form in words.forms.keys() {
                Regex::new(form).map_err(|error| wrong(&["parameters", name, "forms", form], error.to_string()))?;
            }
        }
        let known = || catalogue.sentences.iter().map(|sentence| sentence.expression.as_str());
        if let Some(unknown) = self.sentences.keys().find(|key| !known().any(|known| known == *key)) {
            let hint = did_you_mean(unknown, known());
            return Err(wrong(&["sentences", unknown], format!("the vocabulary has no sentence `{unknown}`.{hint}")));
        }
        let said = known().enumerate().filter_map(|(of, english)| Some((of, english, self.sentences.get(english)?)));
        said.map(|(of, english, own)| {
            let translated = self.translate(catalogue, of, english, own);
            let translated = translated.map_err(|message| wrong(&["sentences", english], message))?;
            let line = text.lines().position(|line| line.contains(&format!("\"{english}\""))).map_or(1, |at| at + 1);
            Ok(Translated { line: u32::try_from(line).unwrap_or(1), ..translated })
        })
        .collect()
    }

    fn translate(&self, catalogue: &Catalogue, of: usize, english: &str, own: &str) -> Result<Translated, String> {
        let read = |text: &str| Expression::parse(text).map_err(|error| error.to_string());
        let (from, into) = (read(own)?, read(english)?);
        let mut free: Vec<Option<&str>> = from.parameters().into_iter().map(Some).collect();
        let mut parameters = Vec::new();
        for name in into.parameters() {
            let place = free.iter().position(|each| *each == Some(name));
            let place = place.ok_or_else(|| format!("`{own}` lacks a parameter of `{english}`: {{{name}}}"))?;
            free[place] = None;
            parameters.push((place, self.forms(catalogue, name)));
        }
        if let Some(more) = free.into_iter().flatten().next() {
            return Err(format!("`{own}` has a parameter that `{english}` does not have: {{{more}}}"));
        }
        let pattern = from.loose_pattern(|name| {
            let forms = self.forms(catalogue, name);
            forms.iter().map(|form| format!("(?:{})", form.pattern)).collect::<Vec<_>>().join("|")
        });
        Ok(Translated { of, expression: own.to_owned(), line: 1, pattern, english: into, parameters })
    }

    fn forms(&self, catalogue: &Catalogue, parameter: &str) -> Vec<Form> {
        let own = self.parameters.get(parameter).map(|words| &words.forms);
        let own = own.map(|forms| forms.iter().map(|(pattern, english)| Form::new(pattern, english)).collect());
        own.unwrap_or_else(|| {
            let pattern = catalogue.parameter(parameter).map_or("[^ ]+", |known| known.pattern.as_str());
            vec![Form::new(pattern, "$0")]
        })
    }
}

impl Translated {
    /// The English sentence for a text that matches the pattern.
    /// `None` if the text does not match `pattern`, which was compiled from [`Translated::pattern`].
    pub fn english(&self, pattern: &Regex, text: &str) -> Option<String> {
        let captures = pattern.captures(text)?;
        let words = self.parameters.iter().map(|(place, forms)| {
            let word = captures.name(&format!("p{place}"))?.as_str().trim();
            forms.iter().find_map(|form| form.said(word))
        });
        Some(self.english.filled(&words.collect::<Option<Vec<_>>>()?))
    }
}

impl Form {
    fn new(pattern: &str, english: &str) -> Self {
        Self { pattern: pattern.to_owned(), english: english.to_owned(), compiled: OnceLock::new() }
    }

    /// A word in English, if it has this form.
    fn said(&self, word: &str) -> Option<String> {
        let whole =
            || Regex::new(&format!("^(?:{})$", self.pattern)).expect("the file's forms were compiled when it was read");
        let mut said = String::new();
        self.compiled.get_or_init(whole).captures(word)?.expand(&self.english, &mut said);
        Some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &str = "/// A name: `Ann`.\n#[param(name = \"member\", regex = \"[A-Z][a-z]*\")]\n/// Money: `5 credits`.\n#[param(name = \"money\", regex = r\"\\d+ credits?\")]\n/// Gives.\n#[when(expr = \"{member} gives {money} to {member}\")]\n";
    const FILE: &str = "name = \"x\"\n[parameters.money]\nabout = \"钱\"\nexample = \"5 积分\"\nforms = { '(\\d+) ?积分' = \"$1 credits\" }\n[sentences]\n\"{member} gives {money} to {member}\" = \"{member}给{member}{money}\"\n";

    fn sentences(file: &str) -> Result<Vec<Translated>, ConfigError> {
        let catalogue = Catalogue::read([("steps/a.rs", STEPS)]).unwrap();
        Language::parse("languages/zh-CN.toml", file)?.sentences(&catalogue, "zh-CN.toml", file)
    }

    #[test]
    fn a_sentence_becomes_the_english_one() {
        let sentences = sentences(FILE).unwrap();
        let pattern = Regex::new(&sentences[0].pattern).unwrap();
        for text in ["Ann给Bob5积分", "Ann 给 Bob 5 积分"] {
            assert_eq!(sentences[0].english(&pattern, text).as_deref(), Some("Ann gives 5 credits to Bob"));
        }
        assert_eq!(sentences[0].line, 7);
    }

    #[test]
    fn a_file_that_does_not_fit_the_vocabulary_is_refused() {
        for (right, wrong, says) in [
            ("给{member}{money}", "给{money}", "lacks a parameter"),
            ("给{member}{money}", "给{member}{member}{money}", "has a parameter that"),
            ("gives {money} to", "gvies {money} to", "Did you mean"),
            ("(\\d+)", "(\\d+", "unclosed group"),
        ] {
            let error = sentences(&FILE.replace(right, wrong)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
