//! What a line is, by its first characters alone.

use super::dialect::{Dialect, Title};
use crate::model::message::KeywordType;

/// What a line is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind<'a> {
    /// No line: the text is over.
    End,
    Blank,
    Comment,
    Tags,
    Title(Title, &'static str, &'a str),
    Step(&'static str, KeywordType, &'a str),
    Row,
    /// The line that opens a doc string; it closes with the same characters.
    Fence(&'static str),
    Other,
}

impl<'a> Kind<'a> {
    /// What a line with this content is, in this dialect.
    pub fn of(content: &'a str, dialect: &'static Dialect) -> Self {
        match content.chars().next() {
            None => return Kind::Blank,
            Some('#') => return Kind::Comment,
            Some('@') => return Kind::Tags,
            Some('|') => return Kind::Row,
            Some('"') if content.starts_with("\"\"\"") => return Kind::Fence("\"\"\""),
            Some('`') if content.starts_with("```") => return Kind::Fence("```"),
            Some(_) => {}
        }
        if let Some((title, keyword, name)) = dialect.title(content) {
            return Kind::Title(title, keyword, name);
        }
        dialect.step(content).map_or(Kind::Other, |(keyword, meaning, text)| Kind::Step(keyword, meaning, text))
    }
}

/// The language that a comment `# language: …` names.
pub(super) fn language_of(comment: &str) -> Option<&str> {
    let named =
        comment.strip_prefix('#')?.trim_start().strip_prefix("language")?.trim_start().strip_prefix(':')?.trim();
    let code = |each: char| each.is_ascii_alphabetic() || each == '-' || each == '_';
    (!named.is_empty() && named.chars().all(code)).then_some(named)
}
