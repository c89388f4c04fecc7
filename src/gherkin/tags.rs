//! Tags: their arguments, and the expressions that select by them.
//!
//! Expressions are the official ones: `@a and (@b or not @c)`; `not` binds tighter than `and`, `and` tighter than `or`; a
//! backslash takes its meaning from a parenthesis, white space or another backslash; an empty expression holds for
//! everything. A tag with an argument is named by its head or by all of it: `@retry` and `@retry\(2\)` both select
//! `@retry(2)`.

use std::iter::Peekable;
use std::vec::IntoIter;

/// Parentheses and `not`s deeper than this are refused: the expression is read and held by recursion.
const MAX_DEPTH: usize = 100;

/// Splits a tag into its head and its argument: `@retry(2)` into `@retry` and `2`.
pub fn split(name: &str) -> (&str, Option<&str>) {
    match name.strip_suffix(')').and_then(|open| open.split_once('(')) {
        Some((head, argument)) => (head, Some(argument.trim())),
        None => (name, None),
    }
}

/// Why a text is no tag expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at character {position}: {message}")]
pub struct TagError {
    /// The code point it stumbled over, counted from 1; one more than there are where something is missing at the end.
    pub position: usize,
    /// What is wrong: a sentence without its full stop.
    pub message: String,
}

/// A condition on the tags of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// Holds for everything.
    True,
    /// Holds where the tag is.
    Tag(String),
    /// Holds where the other does not.
    Not(Box<Expression>),
    /// Holds where all hold.
    And(Vec<Expression>),
    /// Holds where one holds.
    Or(Vec<Expression>),
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Where and why it is none.
    pub fn parse(text: &str) -> Result<Self, TagError> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self::True);
        }
        let mut reader = Reader { tokens: tokens.into_iter().peekable(), end: text.chars().count() + 1, depth: 0 };
        let expression = reader.any_of()?;
        match reader.tokens.next() {
            None => Ok(expression),
            Some((position, Token::Close)) => Err(error(position, "there is no `(` for this `)`")),
            Some((position, token)) => {
                Err(error(position, format!("`and` or `or` is expected here, not `{}`", token.text())))
            }
        }
    }

    /// Whether it holds for a scenario with these tags.
    pub fn matches(&self, tags: &[&str]) -> bool {
        match self {
            Self::True => true,
            Self::Tag(wanted) => tags.iter().any(|tag| tag == wanted || split(tag).0 == wanted),
            Self::Not(inner) => !inner.matches(tags),
            Self::And(all) => all.iter().all(|each| each.matches(tags)),
            Self::Or(any) => any.iter().any(|each| each.matches(tags)),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Tag(String),
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Self::Open => "(",
            Self::Close => ")",
            Self::And => "and",
            Self::Or => "or",
            Self::Not => "not",
            Self::Tag(name) => name,
        }
    }
}

fn error(position: usize, message: impl Into<String>) -> TagError {
    TagError { position, message: message.into() }
}

/// The tokens with their positions.
fn tokens(text: &str) -> Result<Vec<(usize, Token)>, TagError> {
    let mut tokens = Vec::new();
    let mut word: Option<(usize, String)> = None;
    let mut chars = (1..).zip(text.chars());
    while let Some((position, next)) = chars.next() {
        let literal = match next {
            '\\' => match chars.next() {
                Some((_, escaped)) if matches!(escaped, '(' | ')' | '\\') || escaped.is_whitespace() => escaped,
                Some(_) | None => {
                    return Err(error(
                        position,
                        "a backslash stands before `(`, `)`, `\\` or a space, and nowhere else",
                    ));
                }
            },
            '(' | ')' => {
                tokens.extend(word.take().map(finished));
                tokens.push((position, if next == '(' { Token::Open } else { Token::Close }));
                continue;
            }
            space if space.is_whitespace() => {
                tokens.extend(word.take().map(finished));
                continue;
            }
            other => other,
        };
        word.get_or_insert_with(|| (position, String::new())).1.push(literal);
    }
    tokens.extend(word.take().map(finished));
    Ok(tokens)
}

fn finished((position, word): (usize, String)) -> (usize, Token) {
    let token = match word.as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        _ => Token::Tag(word),
    };
    (position, token)
}

struct Reader {
    tokens: Peekable<IntoIter<(usize, Token)>>,
    end: usize,
    depth: usize,
}

impl Reader {
    fn any_of(&mut self) -> Result<Expression, TagError> {
        let mut any = vec![self.all_of()?];
        while self.tokens.next_if(|(_, token)| *token == Token::Or).is_some() {
            any.push(self.all_of()?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Expression::Or(any) })
    }

    fn all_of(&mut self) -> Result<Expression, TagError> {
        let mut all = vec![self.one()?];
        while self.tokens.next_if(|(_, token)| *token == Token::And).is_some() {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn one(&mut self) -> Result<Expression, TagError> {
        let Some((position, token)) = self.tokens.next() else {
            return Err(error(self.end, "a tag is missing at the end"));
        };
        if self.depth == MAX_DEPTH {
            return Err(error(position, format!("more than {MAX_DEPTH} levels of `(` and `not`")));
        }
        self.depth += 1;
        let expression = match token {
            Token::Tag(name) => Expression::Tag(name),
            Token::Not => Expression::Not(Box::new(self.one()?)),
            Token::Open => {
                let inner = self.any_of()?;
                match self.tokens.next() {
                    Some((_, Token::Close)) => inner,
                    Some((position, token)) => {
                        return Err(error(position, format!("`and`, `or` or `)` is expected, not `{}`", token.text())));
                    }
                    None => return Err(error(position, "there is no `)` for this `(`")),
                }
            }
            Token::And | Token::Or | Token::Close => {
                return Err(error(position, format!("a tag is expected here, not `{}`", token.text())));
            }
        };
        self.depth -= 1;
        Ok(expression)
    }
}
