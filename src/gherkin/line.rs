//! One line of a feature file: its indent, the cells of a table row, the tags of a tag line.

use super::Mistake;
use crate::model::message::Location;

/// A line without its end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: u32,
    /// The whole line.
    pub text: &'a str,
    /// The line without the white space before it.
    pub content: &'a str,
    /// The white space before it, in code points.
    pub indent: u32,
}

/// A piece of a line and the column at which it begins.
pub(super) type Piece = (Location, String);

impl<'a> Line<'a> {
    pub fn new(number: u32, text: &'a str) -> Self {
        let text = text.strip_suffix('\r').unwrap_or(text);
        let content = text.trim_start();
        let indent = count(&text[..text.len() - content.len()]);
        Self { number, text, content, indent }
    }

    /// The content as a message shows it.
    pub fn shown(&self) -> String {
        self.content.trim_end().chars().take(60).collect()
    }

    /// Where the line's content begins.
    pub fn start(&self) -> Location {
        self.at(1)
    }

    /// The place of the content's code point that is counted `nth`, from 1.
    fn at(&self, nth: u32) -> Location {
        Location { line: self.number, column: Some(self.indent + nth) }
    }

    /// The line with at most `indent` code points of white space taken from its start; a line that is indented less
    /// loses all of it.
    pub fn without_indent(&self, indent: u32) -> &'a str {
        if indent > self.indent {
            return self.content;
        }
        let cut = self.text.chars().take(indent as usize).map(char::len_utf8).sum();
        &self.text[cut..]
    }

    /// The cells of a table row, their escapes resolved. What stands after the last `|` is no cell.
    pub fn cells(&self) -> Vec<Piece> {
        let mut cells = Vec::new();
        let mut cell = String::new();
        let mut begins = 1;
        let mut chars = self.content.trim_end().chars();
        let mut column = 0;
        while let Some(next) = chars.next() {
            column += 1;
            match next {
                '|' => {
                    // Before the first `|` there is nothing: the line begins with it.
                    if column > 1 {
                        let value = cell.trim_start_matches(padding);
                        let padded = count(&cell[..cell.len() - value.len()]);
                        cells.push((self.at(begins + padded), value.trim_end_matches(padding).to_owned()));
                        cell.clear();
                    }
                    begins = column + 1;
                }
                '\\' => {
                    column += 1;
                    match chars.next() {
                        Some('n') => cell.push('\n'),
                        Some(escaped @ ('|' | '\\')) => cell.push(escaped),
                        Some(other) => {
                            cell.push('\\');
                            cell.push(other);
                        }
                        None => cell.push('\\'),
                    }
                }
                other => cell.push(other),
            }
        }
        cells
    }

    /// The tags of a tag line. A tag ends at white space or at the next `@`; inside its parentheses it does neither. A
    /// `#` after white space begins a comment.
    ///
    /// # Errors
    /// If something on the line is not a tag, or a parenthesis stays open.
    pub fn tags(&self) -> Result<Vec<Piece>, Mistake> {
        let mut tags: Vec<Piece> = Vec::new();
        let mut tag: Option<Piece> = None;
        let mut open = 0_u32;
        for (index, next) in (1..).zip(self.content.chars()) {
            match (&mut tag, next) {
                (Some((_, name)), _) if open > 0 || !(next.is_whitespace() || next == '@') => {
                    match next {
                        '(' => open += 1,
                        ')' => open = open.saturating_sub(1),
                        _ => {}
                    }
                    name.push(next);
                }
                (_, '@') => {
                    tags.extend(tag.take());
                    tag = Some((self.at(index), "@".to_owned()));
                }
                (Some(_), _) => tags.extend(tag.take()),
                (None, '#') => break,
                (None, next) if next.is_whitespace() => {}
                (None, _) => return Err(self.stray(index, tags.last())),
            }
        }
        if let Some((location, name)) = tag.take() {
            if open > 0 {
                let message = format!("the argument of the tag `{}` is not closed", head(&name));
                return Err(Mistake::new(location, message).help("End it with `)` on the same line."));
            }
            tags.push((location, name));
        }
        match tags.iter().find(|(_, name)| name == "@") {
            Some((location, _)) => Err(Mistake::new(*location, "a tag has a name after its `@`")),
            None => Ok(tags),
        }
    }

    /// The mistake of a word on a tag line that is no tag.
    fn stray(&self, index: u32, before: Option<&Piece>) -> Mistake {
        let skipped = self.content.chars().skip(index as usize - 1);
        let word: String = skipped.take_while(|next| !next.is_whitespace()).take(40).collect();
        let mistake = Mistake::new(self.at(index), format!("`{word}` stands among tags but is none: it has no `@`"));
        let tag = before.map_or("@tag", |(_, name)| head(name));
        mistake.help(if word.starts_with('(') {
            format!("An argument follows its tag without a space: `{tag}(…)`.")
        } else {
            format!("Tags hold no spaces: write `{tag}-{word}`, or `{tag} @{word}` for two of them.")
        })
    }
}

/// A tag up to its argument.
fn head(name: &str) -> &str {
    name.split_once('(').map_or(name, |(head, _)| head)
}

/// White space that pads a cell. A line break got there by its escape and is meant.
fn padding(next: char) -> bool {
    next.is_whitespace() && next != '\n'
}

/// The number of code points.
fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}
