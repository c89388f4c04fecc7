//! Text made safe for the place it goes to. Names, messages and bodies are recorded from outside and may hold anything.

use std::collections::HashSet;
use std::fmt::Write;
use std::time::Duration;

/// Makes text safe for a terminal: control characters and characters that reorder text become visible, so that nothing
/// recorded can move the cursor, change colours or hide. Line breaks and tabs become spaces.
pub fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\t' => safe.push(' '),
            // Nearly always half of a line break.
            '\r' => {}
            _ => push_visible(&mut safe, char),
        }
    }
    safe
}

/// Makes each line of a text safe for a terminal; tabs become four spaces.
pub fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|text| line(&text.replace('\t', "    ")))
}

fn push_visible(safe: &mut String, char: char) {
    match char {
        '\u{0}'..='\u{1f}' => safe.push(char::from_u32(0x2400 + char as u32).unwrap_or('\u{fffd}')),
        '\u{7f}' => safe.push('\u{2421}'),
        _ if is_hidden(char) => {
            // Cannot fail: writing to a string.
            let _ = write!(safe, "\\u{{{:x}}}", char as u32);
        }
        _ => safe.push(char),
    }
}

/// Says whether a character changes how others are shown: C1 controls, separators, bidirectional overrides, invisible ones.
fn is_hidden(char: char) -> bool {
    matches!(char,
        '\u{80}'..='\u{9f}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Makes text safe for XML 1.0: characters that it forbids even as an entity become U+FFFD.
pub fn xml(text: &str) -> String {
    let allowed =
        |char| matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|char| if allowed(char) { char } else { '\u{fffd}' }).collect()
}

/// Cuts text to `width` characters, with `…` for what is cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// Returns a name for a file: lower-case ASCII letters, digits and single dashes, at most 80 characters, never empty.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for char in text.chars() {
        if char.is_ascii_alphanumeric() {
            slug.push(char.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 80 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "unnamed".into() } else { slug.into() }
}

/// Hands out each name only once.
#[derive(Debug, Default)]
pub struct UniqueNames(HashSet<String>);

impl UniqueNames {
    /// Returns the slug of `text`, with a number where that name was handed out before.
    pub fn slug(&mut self, text: &str) -> String {
        let slug = slug(text);
        let mut name = slug.clone();
        let mut count = 1;
        while !self.0.insert(name.clone()) {
            count += 1;
            name = format!("{slug}-{count}");
        }
        name
    }
}

/// Formats a duration for people: `850 µs`, `12 ms`, `1.20 s`, `2 min 5 s`.
pub fn duration(took: Duration) -> String {
    let micros = took.as_micros();
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{:.2} s", took.as_secs_f64()),
        _ => format!("{} min {} s", took.as_secs() / 60, took.as_secs() % 60),
    }
}

/// Formats a number with its noun: `1 scenario`, `2 scenarios`.
pub fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_recorded_can_steer_a_terminal() {
        assert_eq!(line("a\u{1b}[31mred\u{9b}2J\0\u{7f}\u{202e}x\ny"), "a␛[31mred\\u{9b}2J␀␡\\u{202e}x y");
        for char in (0..=0x10ffff).filter_map(char::from_u32) {
            assert!(!line(&char.to_string()).chars().any(char::is_control), "{:x}", char as u32);
        }
    }

    #[test]
    fn nothing_that_xml_forbids_gets_through() {
        let forbidden =
            |char| matches!(char, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        let every: String = (0..=0x10ffff).filter_map(char::from_u32).collect();
        assert!(every.chars().any(forbidden) && !xml(&every).chars().any(forbidden));
    }

    #[test]
    fn names_of_files_are_plain_unique_and_never_climb() {
        let mut names = UniqueNames::default();
        assert_eq!(names.slug("../../etc/passwd"), "etc-passwd");
        assert_eq!(names.slug("etc/passwd\0"), "etc-passwd-2");
        assert_eq!(names.slug("etc passwd 2"), "etc-passwd-2-2");
        assert_eq!(names.slug("👩‍🎨 …"), "unnamed");
        assert!(names.slug(&"long ".repeat(100)).len() <= 80);
    }

    #[test]
    fn durations_read_like_speech() {
        let said = [0, 12_345, 1_204_000, 125_000_000].map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(said, ["0 µs", "12 ms", "1.20 s", "2 min 5 s"]);
    }
}
