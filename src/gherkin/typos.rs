//! Slips of the hand in keywords: a line that was meant to be a title or a step and is neither.
//!
//! Prose stands beside these lines, so a slip is only what a hurried hand does to a keyword: two letters swapped, one
//! missed, one doubled, the wrong case; in long titles also a wrong letter. That a word is *near* a keyword is not enough:
//! *The* is as near to *Then* as *Tehn* is, and *Role* to *Rule*.

use super::Fix;
use super::dialect::{Dialect, Title};

/// English words, and names, that a slip in a keyword also makes.
const WORDS: &[&str] =
    &["the", "ten", "wen", "give", "dan", "den", "agility", "features", "featured", "backgrounds", "backgrounder"];

/// In a keyword of this many letters only a swap is a slip: whatever else happens to it makes another word.
const SHORT: usize = 3;
/// From this many letters on a wrong letter is a slip too, and beyond it two of them.
const LONG: usize = 7;

/// What a line that is neither a title nor a step was probably meant to be.
pub(super) fn meant(dialect: &Dialect, line: &str) -> Option<Fix> {
    let slip = match title(dialect, line) {
        Some((_, keyword)) => Some(title_fix(line, keyword)),
        None => step(dialect, line).map(|keyword| step_fix(line, keyword)),
    };
    // Elsewhere than in a description no prose begins with a keyword and goes on with another sign than a space.
    let dressed = || dressed_title(dialect, line).map(|(_, fix)| fix).filter(|fix| fix.written.ends_with(COLONS));
    slip.or_else(|| look_alike(line)).or_else(dressed)
}

/// Signs that look like those of the language, and what they stand for. Input methods type them, and editors insert them.
const LOOK_ALIKES: [(char, char); 3] = [('＠', '@'), ('＃', '#'), ('｜', '|')];

/// What stands for the colon of a title.
const COLONS: [char; 8] = [':', '：', '﹕', '︰', 'ː', ';', '；', '-'];

/// Characters that nobody sees.
const INVISIBLE: [char; 5] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'];

/// What a line was meant to be whose first sign only looks like one of the language.
pub(super) fn look_alike(line: &str) -> Option<Fix> {
    let line = line.trim_end();
    let first = line.chars().next()?;
    let (wide, sign) = LOOK_ALIKES.into_iter().find(|(wide, _)| *wide == first)?;
    let is_alone = line[wide.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
    (sign != '@' || !is_alone).then(|| Fix { written: line.to_owned(), meant: line.replace(wide, &sign.to_string()) })
}

/// The title that a line is except for marks around its keyword: those of a list or of emphasis before it, and another sign
/// than a colon, or none, after it.
pub(super) fn dressed_title<'d>(dialect: &'d Dialect, line: &str) -> Option<(&'d str, Fix)> {
    let mark = |each: char| "-*>#/•·.)".contains(each) || each.is_ascii_digit() || each.is_whitespace();
    let bare = line.trim_start_matches(|each| mark(each) || INVISIBLE.contains(&each));
    let titles = dialect.titles.iter().filter(|(keyword, _)| bare.starts_with(keyword.as_str()));
    let (keyword, _) = titles.max_by_key(|(keyword, _)| keyword.len())?;
    let rest = bare[keyword.len()..].trim_start_matches('*');
    let after = rest.trim_start();
    let name = match after.strip_prefix(COLONS) {
        Some(name) => name.trim_start_matches('*'),
        None if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest,
        None => return None,
    };
    let written = line[..line.len() - name.len()].to_owned();
    Some((keyword, Fix { written, meant: format!("{keyword}:") }))
}

/// The line with this title keyword at its beginning.
pub(super) fn title_fix(line: &str, keyword: &str) -> Fix {
    let written = line.split_inclusive(':').next().unwrap_or(line).to_owned();
    Fix { written, meant: format!("{keyword}:") }
}

/// The line with this step keyword at its beginning.
pub(super) fn step_fix(line: &str, keyword: &str) -> Fix {
    let word = line.split(|each: char| each.is_whitespace() || each == ':').next().unwrap_or(line);
    Fix { written: word.to_owned(), meant: keyword.trim_end().to_owned() }
}

/// The title keyword that a line's beginning is a slip of, be it only a space before the colon. The line is no title.
pub(super) fn title<'d>(dialect: &'d Dialect, line: &str) -> Option<(Title, &'d str)> {
    let (head, _) = line.split_once(':')?;
    let head = head.trim_end();
    let found = dialect.titles.iter().find(|(keyword, _)| slipped(head, keyword));
    found.map(|(keyword, title)| (*title, keyword.as_str()))
}

/// The step keyword that a line's first word is a slip of: misspelt, in the wrong case, or without the space that ends it.
pub(super) fn step<'d>(dialect: &'d Dialect, line: &str) -> Option<&'d str> {
    let word = line.split(|each: char| each.is_whitespace() || each == ':').next()?;
    let spaced = dialect.steps.iter().filter(|(keyword, _)| keyword.ends_with(' ') && keyword != "* ");
    let mut words = spaced.map(|(keyword, _)| keyword.as_str());
    words.find(|keyword| slipped(word, keyword.trim_end()))
}

fn slipped(word: &str, keyword: &str) -> bool {
    let (word, keyword) = (word.to_lowercase(), keyword.to_lowercase());
    let squashed = |text: &str| text.replace(' ', "");
    if squashed(&word) == squashed(&keyword) {
        return true;
    }
    let spaces = |text: &str| text.matches(' ').count();
    if WORDS.contains(&word.as_str()) || spaces(&word) != spaces(&keyword) || !word.chars().all(of_a_keyword) {
        return false;
    }
    let (short, long): (Vec<char>, Vec<char>) = (word.chars().collect(), keyword.chars().collect());
    if long.len() < SHORT || short.len() > long.len() + 2 {
        return false;
    }
    swapped(&short, &long)
        || long.len() > SHORT && (missed(&short, &long) || doubled(&short, &long))
        || long.len() >= LONG
            && short.first() == long.first()
            && strsim::osa_distance(&word, &keyword) <= if long.len() > LONG { 2 } else { 1 }
}

fn of_a_keyword(each: char) -> bool {
    each.is_alphabetic() || matches!(each, ' ' | '-' | '\'')
}

/// Whether two neighbouring letters changed places.
fn swapped(word: &[char], keyword: &[char]) -> bool {
    let at = common(word, keyword);
    word.len() == keyword.len()
        && at + 1 < word.len()
        && word[at] == keyword[at + 1]
        && word[at + 1] == keyword[at]
        && word[at + 2..] == keyword[at + 2..]
}

/// Whether one letter of the keyword is missing, and it is not the first.
fn missed(word: &[char], keyword: &[char]) -> bool {
    let at = common(word, keyword);
    at > 0 && word.len() + 1 == keyword.len() && word[at..] == keyword[at + 1..]
}

/// Whether one letter of the keyword is there twice.
fn doubled(word: &[char], keyword: &[char]) -> bool {
    let at = common(word, keyword);
    at > 0 && word.len() == keyword.len() + 1 && word[at] == word[at - 1] && word[at + 1..] == keyword[at..]
}

/// How many letters at the start are the same.
fn common(word: &[char], keyword: &[char]) -> usize {
    word.iter().zip(keyword).take_while(|(one, other)| one == other).count()
}
