//! The keywords of a spoken language.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::message::KeywordType;

/// The language of a file that does not name one.
pub const DEFAULT: &str = "en";

/// What a title line (`Keyword: name`) opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Title {
    Feature,
    Rule,
    Background,
    Scenario,
    Outline,
    Examples,
}

/// The keywords of one spoken language, those that are read first standing first.
#[derive(Debug)]
pub struct Dialect {
    /// Its English name, for messages.
    pub name: String,
    /// Title keywords without their colon.
    pub titles: Vec<(String, Title)>,
    /// Step keywords with the space that ends them, where the language has one; the longest first. A keyword that stands
    /// for more than one type (`* `) is of [`KeywordType::Unknown`].
    pub steps: Vec<(String, KeywordType)>,
}

/// A language as the official list has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    name: String,
    feature: Vec<String>,
    rule: Vec<String>,
    background: Vec<String>,
    scenario: Vec<String>,
    scenario_outline: Vec<String>,
    examples: Vec<String>,
    given: Vec<String>,
    when: Vec<String>,
    then: Vec<String>,
    and: Vec<String>,
    but: Vec<String>,
}

static DIALECTS: LazyLock<BTreeMap<String, Dialect>> = LazyLock::new(|| {
    let listed: BTreeMap<String, Listed> =
        serde_json::from_str(include_str!("languages.json")).expect("the list that is built in has the list's shape");
    listed.into_iter().map(|(code, listed)| (code, Dialect::from(listed))).collect()
});

impl Dialect {
    /// The dialect of a language code such as `en` or `de`.
    pub fn of(language: &str) -> Option<&'static Dialect> {
        DIALECTS.get(language)
    }

    /// Every dialect with its language code.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static Dialect)> {
        DIALECTS.iter().map(|(code, dialect)| (code.as_str(), dialect))
    }

    /// Reads a line as a title: what it opens, the keyword, and what follows the colon.
    pub fn title<'a>(&self, line: &'a str) -> Option<(Title, &str, &'a str)> {
        self.titles.iter().find_map(|(keyword, title)| {
            let rest = line.strip_prefix(keyword.as_str())?.strip_prefix(':')?;
            Some((*title, keyword.as_str(), rest))
        })
    }

    /// Reads a line as a step: the keyword, what it means, and what follows it.
    pub fn step<'a>(&self, line: &'a str) -> Option<(&str, KeywordType, &'a str)> {
        self.steps
            .iter()
            .find_map(|(keyword, meaning)| Some((keyword.as_str(), *meaning, line.strip_prefix(keyword.as_str())?)))
    }
}

impl From<Listed> for Dialect {
    fn from(listed: Listed) -> Self {
        let titles = [
            (listed.feature, Title::Feature),
            (listed.rule, Title::Rule),
            (listed.background, Title::Background),
            (listed.scenario, Title::Scenario),
            (listed.scenario_outline, Title::Outline),
            (listed.examples, Title::Examples),
        ];
        let meanings = [
            (listed.given, KeywordType::Context),
            (listed.when, KeywordType::Action),
            (listed.then, KeywordType::Outcome),
            (listed.and, KeywordType::Conjunction),
            (listed.but, KeywordType::Conjunction),
        ];
        let mut steps: Vec<(String, KeywordType)> = Vec::new();
        for (keywords, meaning) in meanings {
            for keyword in keywords {
                match steps.iter_mut().find(|(known, _)| *known == keyword) {
                    Some((_, known)) if *known != meaning => *known = KeywordType::Unknown,
                    Some(_) => {}
                    None => steps.push((keyword, meaning)),
                }
            }
        }
        steps.sort_by_key(|(keyword, _)| Reverse(keyword.len()));
        let titles =
            titles.into_iter().flat_map(|(keywords, title)| keywords.into_iter().map(move |word| (word, title)));
        Self { name: listed.name, titles: titles.collect(), steps }
    }
}
