//! A cucumber expression taken apart: `{member} has {money}`, `that made {int} job(s)`.

use cucumber_expressions::{Alternative, Expression as Parsed, SingleExpression};

/// A sentence with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// In parentheses: may be left out.
    Optional(String),
    /// Separated by `/`: one of them.
    Either(Vec<Vec<Piece>>),
    /// In braces.
    Parameter(String),
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a cucumber expression: {reason}")]
pub struct ExpressionError {
    /// The text.
    pub text: String,
    /// What the parser says.
    pub reason: String,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// If its braces or parentheses do not fit together.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let parsed = Parsed::parse(text)
            .map_err(|error| ExpressionError { text: text.to_owned(), reason: error.to_string() })?;
        Ok(Self(parsed.iter().map(piece).collect()))
    }

    /// The names of its parameters in the order of the sentence.
    pub fn parameters(&self) -> Vec<&str> {
        let named = self.0.iter().filter_map(|piece| match piece {
            Piece::Parameter(name) => Some(name.as_str()),
            Piece::Text(_) | Piece::Optional(_) | Piece::Either(_) => None,
        });
        named.collect()
    }

    /// The sentence with these values in the places of its parameters; what may be left out is.
    pub fn filled(&self, values: &[String]) -> String {
        let mut values = values.iter();
        let mut sentence = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Parameter(_) => sentence.push_str(values.next().map_or("", String::as_str)),
                other => other.say(&mut sentence),
            }
        }
        sentence
    }

    /// The texts that stand in every step of this sentence, in this order and without the spaces around them.
    pub fn literals(&self) -> Vec<String> {
        let mut literals = vec![String::new()];
        for piece in &self.0 {
            match (piece, literals.last_mut()) {
                (Piece::Text(text), Some(last)) => last.push_str(text),
                (Piece::Text(_) | Piece::Optional(_) | Piece::Either(_) | Piece::Parameter(_), _) => {
                    literals.push(String::new());
                }
            }
        }
        literals.iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
    }

    /// A regular expression for it, anchored at both ends, with the group `p0`, `p1` … for each parameter. Around
    /// parameters a space more or less makes no difference, as is usual where a script without spaces meets another.
    pub fn loose_pattern(&self, pattern_of: impl Fn(&str) -> String) -> String {
        let mut pattern = String::from("^");
        let mut parameters = 0;
        for (index, piece) in self.0.iter().enumerate() {
            let beside = |place: Option<usize>| {
                place.and_then(|place| self.0.get(place)).is_some_and(|piece| matches!(piece, Piece::Parameter(_)))
            };
            match piece {
                Piece::Parameter(name) => {
                    let before = if index == 0 { "" } else { " ?" };
                    let after = if index + 1 == self.0.len() { "" } else { " ?" };
                    pattern.push_str(&format!("{before}(?<p{parameters}>{}){after}", pattern_of(name)));
                    parameters += 1;
                }
                Piece::Text(text) if text.trim().is_empty() && beside(index.checked_sub(1)) => {}
                other => other.match_in(&mut pattern),
            }
        }
        pattern.push('$');
        pattern
    }
}

impl Piece {
    fn say(&self, sentence: &mut String) {
        match self {
            Self::Text(text) => sentence.push_str(text),
            Self::Optional(_) | Self::Parameter(_) => {}
            Self::Either(alternatives) => {
                for piece in alternatives.first().into_iter().flatten() {
                    piece.say(sentence);
                }
            }
        }
    }

    fn match_in(&self, pattern: &mut String) {
        match self {
            Self::Text(text) => pattern.push_str(&regex::escape(text)),
            Self::Optional(text) => pattern.push_str(&format!("(?:{})?", regex::escape(text))),
            Self::Parameter(_) => {}
            Self::Either(alternatives) => {
                pattern.push_str("(?:");
                for (index, alternative) in alternatives.iter().enumerate() {
                    if index > 0 {
                        pattern.push('|');
                    }
                    alternative.iter().for_each(|piece| piece.match_in(pattern));
                }
                pattern.push(')');
            }
        }
    }
}

fn piece<'s, S>(single: &SingleExpression<S>) -> Piece
where
    S: AsRef<str> + std::ops::Deref<Target = &'s str> + 's,
{
    match single {
        SingleExpression::Text(text) => Piece::Text(unescaped(text)),
        SingleExpression::Whitespaces(spaces) => Piece::Text((**spaces).to_owned()),
        SingleExpression::Optional(optional) => Piece::Optional(unescaped(&optional.0)),
        SingleExpression::Parameter(parameter) => Piece::Parameter((*parameter.input).to_owned()),
        SingleExpression::Alternation(alternation) => {
            let alternatives = alternation.0.iter().map(|alternative| {
                let pieces = alternative.iter().map(|each| match each {
                    Alternative::Text(text) => Piece::Text(unescaped(text)),
                    Alternative::Optional(optional) => Piece::Optional(unescaped(&optional.0)),
                });
                pieces.collect()
            });
            Piece::Either(alternatives.collect())
        }
    }
}

/// Without the backslashes that take a character's meaning.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' { characters.next() } else { Some(character) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_filled_and_named() {
        let expression = Expression::parse("{member} asks what {int} image(s) with {model} cost(s)").unwrap();
        assert_eq!(expression.parameters(), ["member", "int", "model"]);
        let values = ["Ann", "2", "Dusk"].map(str::to_owned);
        assert_eq!(expression.filled(&values), "Ann asks what 2 image with Dusk cost");
        assert!(Expression::parse("{member has").is_err());
    }

    #[test]
    fn its_literals_stand_in_every_step_of_it() {
        let literals = |text: &str| Expression::parse(text).unwrap().literals();
        assert_eq!(
            literals("{member} asks what {int} image(s) with/without {model} cost(s)"),
            ["asks what", "image", "cost"]
        );
        assert_eq!(literals("{member}有{money}"), ["有"]);
        assert!(literals("{member} {model}").is_empty());
    }

    #[test]
    fn spaces_around_parameters_are_free() {
        let pattern = Expression::parse("{member}有{money}").unwrap().loose_pattern(|_| r"[^有]+?".to_owned());
        let pattern = regex::Regex::new(&pattern).unwrap();
        for text in ["小安有5积分", "Ann 有 5 积分"] {
            assert_eq!(pattern.captures(text).unwrap()["p1"].trim(), text.rsplit('有').next().unwrap().trim());
        }
    }
}
