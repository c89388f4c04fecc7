//! Text in a terminal: colours, width, and lines that are drawn again.

use unicode_width::UnicodeWidthChar;

/// The abilities of the terminal and the wishes of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// The number of columns; longer lines are cut.
    pub width: usize,
    /// True where steps of passed scenarios are shown too.
    pub verbose: bool,
    /// True where a line can be drawn again.
    pub tty: bool,
}

/// A colour, named by its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Good,
    Bad,
    /// Unknown, or changed by a fault.
    Doubt,
    /// Secondary text.
    Faint,
    /// Text to read first.
    Strong,
}

impl Style {
    /// The style for files: no colours, nothing drawn twice, nothing cut.
    pub const PLAIN: Self = Self { color: false, width: usize::MAX, verbose: false, tty: false };

    /// Returns the style for an output by the usual conventions: `NO_COLOR`, `FORCE_COLOR`, `TERM=dumb`. `width` is that of
    /// the terminal.
    pub fn of(tty: bool, width: Option<usize>, verbose: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let color = !set("NO_COLOR") && (set("FORCE_COLOR") || (tty && !dumb));
        // Below 40 columns too little of a line would be left to read.
        let width = width.filter(|_| tty).map_or(usize::MAX, |width| width.max(40));
        Self { color, width, verbose, tty: tty && !dumb }
    }

    /// Colours `text`, where colours are allowed.
    pub fn paint(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Good => "32",
            Ink::Bad => "31",
            Ink::Doubt => "33",
            Ink::Faint => "2",
            Ink::Strong => "1",
        };
        if self.color && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Cuts `text` so that it fits on one line behind `used` columns. The text must not be painted yet.
    pub fn fit(&self, used: usize, text: &str) -> String {
        fit(text, self.width.saturating_sub(used).max(16))
    }
}

/// Cuts `text` to `columns` columns of a terminal, with `…` for what is cut.
pub fn fit(text: &str, columns: usize) -> String {
    let mut used = 0;
    let mut end = 0;
    for (index, char) in text.char_indices() {
        used += char.width().unwrap_or(0);
        if used > columns {
            return format!("{}…", &text[..end]);
        }
        // The last column is kept for the `…`, in case something follows.
        if used < columns {
            end = index + char.len_utf8();
        }
    }
    text.to_owned()
}

/// Fills `text` up with spaces to `columns` columns.
pub fn pad(text: &str, columns: usize) -> String {
    let width: usize = text.chars().map(|char| char.width().unwrap_or(0)).sum();
    format!("{text}{}", " ".repeat(columns.saturating_sub(width)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_conventions() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        assert!(Style::of(true, Some(80), false, with(&[])).color);
        assert!(!Style::of(false, Some(80), false, with(&[])).color);
        assert!(!Style::of(true, Some(80), false, with(&[("NO_COLOR", "1")])).color);
        assert!(Style::of(true, Some(80), false, with(&[("NO_COLOR", "")])).color, "empty means unset");
        assert!(!Style::of(true, Some(80), false, with(&[("TERM", "dumb")])).tty);
        assert!(Style::of(false, None, false, with(&[("FORCE_COLOR", "1")])).color);
    }

    #[test]
    fn lines_are_cut_for_a_terminal_and_not_for_a_file() {
        let width = |tty, width| Style::of(tty, width, false, |_| None).width;
        assert_eq!(width(true, Some(80)), 80);
        assert_eq!(width(true, Some(3)), 40, "narrower says nothing any more");
        assert_eq!((width(true, None), width(false, Some(80))), (usize::MAX, usize::MAX));
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(fit("買う買う", 8), "買う買う");
        assert_eq!(fit("買う買う", 7), "買う買…");
        assert_eq!(fit("abcdef", 4), "abc…");
        assert_eq!(pad("買", 4), "買  ");
    }
}
