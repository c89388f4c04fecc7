//! Finds secrets in text, however they are written.
//!
//! Redaction and the search of what a run has written both read through this one reader, so that they see the same. It
//! compares without regard to case, to blanks and line ends, to colons between pairs of digits, and to the alphabet of
//! base64; and it resolves escapes (percent codes, backslashes, entities, quoted-printable) as often as there are any left.
//! A secret is found as it is, in hex, in base32, in base64, and in base64 of base64, also within something longer.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use data_encoding::BASE32_NOPAD;

/// The number of letters of a spelling that are compared first. A secret with fewer is not looked for: it would be found
/// by chance.
pub const SHORTEST: usize = 8;

/// A spelling with fewer letters is found only in its own case.
const ANY_CASE: usize = 12;

/// The number of times that escapes are resolved: JSON in a form in JSON in a journal is four.
const DEPTH: usize = 4;

/// The letter that a byte counts as when case matters; 0 for a byte that separates letters and counts as none.
const LETTER: [u8; 256] = letters(false);
/// The letter that a byte counts as when case does not matter.
const FOLDED: [u8; 256] = letters(true);

const fn letters(fold: bool) -> [u8; 256] {
    let mut letters = [0; 256];
    let mut byte = 1;
    while byte < 256 {
        letters[byte] = match byte as u8 {
            b' ' | b'\t' | b'\r' | b'\n' | b':' => 0,
            // The two alphabets of base64.
            b'-' => b'+',
            b'_' => b'/',
            other if fold => other.to_ascii_lowercase(),
            other => other,
        };
        byte += 1;
    }
    letters
}

/// Returns the number of letters of a text that count when it is looked for.
pub fn length(text: &str) -> usize {
    text.bytes().filter(|byte| LETTER[usize::from(*byte)] != 0).count()
}

/// A way to write a secret. Escapes are not among them: they are resolved in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    Plain,
    /// A plus for each blank, as in forms.
    Plus,
    Hex,
    /// Behind so many bytes of something else within a group of three.
    Base64(u8),
    /// Behind so many bytes within a group of five.
    Base32(u8),
    /// The place in the inner encoding, the place in the outer one, and whether the inner one has the alphabet of URLs.
    Base64Twice(u8, u8, bool),
}

impl Form {
    fn all() -> impl Iterator<Item = Self> {
        let twice = (0..18).map(|way| Self::Base64Twice(way % 3, way / 3 % 3, way >= 9));
        [Self::Plain, Self::Plus, Self::Hex]
            .into_iter()
            .chain((0..3).map(Self::Base64))
            .chain((0..5).map(Self::Base32))
            .chain(twice)
    }

    /// Returns the secret in this form, less its ends where they depend on what stands beside it. `None` if the form is the
    /// same as another.
    fn spelled(self, secret: &str) -> Option<Vec<u8>> {
        let bytes = secret.as_bytes();
        let spelled = match self {
            Self::Plain => bytes.to_vec(),
            Self::Plus => secret.contains(' ').then(|| secret.replace(' ', "+").into_bytes())?,
            Self::Hex => bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
            Self::Base64(before) => base64(bytes, before, false),
            Self::Base32(before) => within(bytes, before, 5, |shifted| BASE32_NOPAD.encode(shifted)),
            Self::Base64Twice(inner, outer, for_urls) => {
                let once = base64(bytes, inner, for_urls);
                if for_urls && once == base64(bytes, inner, false) {
                    return None;
                }
                base64(&once, outer, false)
            }
        };
        Some(spelled.into_iter().filter(|byte| LETTER[usize::from(*byte)] != 0).collect())
    }

    fn words(self) -> &'static str {
        match self {
            Self::Plain | Self::Plus => "as it is",
            Self::Hex => "in hex",
            Self::Base32(_) => "in base32",
            Self::Base64(_) | Self::Base64Twice(..) => "in base64",
        }
    }
}

fn base64(bytes: &[u8], before: u8, for_urls: bool) -> Vec<u8> {
    let engine = if for_urls { &URL_SAFE_NO_PAD } else { &STANDARD_NO_PAD };
    within(bytes, before, 3, |shifted| engine.encode(shifted))
}

/// Encodes bytes as they are encoded `before` bytes after the beginning of a group, less the letters that they share with
/// their neighbours.
fn within(bytes: &[u8], before: u8, group: usize, encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let shifted: Vec<u8> = std::iter::repeat_n(0, before.into()).chain(bytes.iter().copied()).collect();
    let written = encode(&shifted).into_bytes();
    let bits = if group == 5 { 5 } else { 6 };
    let start = (usize::from(before) * 8).div_ceil(bits);
    let end = shifted.len() * 8 / bits;
    written.get(start..end).unwrap_or_default().to_vec()
}

/// A secret that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The bytes of the text that hold it, with its escapes.
    pub place: Range<usize>,
    /// The number of the secret, in the order in which they were given.
    pub secret: usize,
    /// The words for the way in which it is written, e.g. `in base64`.
    pub how: &'static str,
}

/// Finds many secrets at once. A hash of the first eight letters rules out nearly every place, so that the cost does not
/// grow with the number of secrets.
#[derive(Debug, Default)]
pub struct Spotter {
    secrets: Vec<String>,
    /// The first letters of each spelling, sorted, with the secret and the form that begin so.
    heads: Vec<(u64, u32, Form)>,
    /// One bit for each value that the hash of a head can have.
    sieve: Vec<u64>,
    /// The number by which a hash is shifted to become a place in the sieve.
    shift: u32,
    shortest: usize,
    longest: usize,
}

impl Spotter {
    /// Makes a spotter for these secrets. One that is too short to be looked for is left out.
    pub fn of(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut spotter = Self { secrets: secrets.into_iter().collect(), shortest: usize::MAX, ..Self::default() };
        for (number, secret) in (0_u32..).zip(&spotter.secrets) {
            for form in Form::all() {
                let Some(spelled) = form.spelled(secret) else { continue };
                let Some(head) = spelled.first_chunk::<SHORTEST>() else { continue };
                let head = u64::from_be_bytes(head.map(|letter| FOLDED[usize::from(letter)]));
                spotter.heads.push((head, number, form));
                spotter.shortest = spotter.shortest.min(spelled.len());
                spotter.longest = spotter.longest.max(spelled.len());
            }
        }
        spotter.heads.sort_unstable();
        let bits = (spotter.heads.len() * 32).next_power_of_two().max(1 << 10);
        spotter.shift = u64::BITS - bits.ilog2();
        spotter.sieve = vec![0; bits / 64];
        for (head, ..) in &spotter.heads {
            let (word, bit) = hole(*head, spotter.shift);
            spotter.sieve[word] |= bit;
        }
        spotter
    }

    /// Returns the number of bytes within which a secret stands, each of its letters escaped twice.
    pub fn reach(&self) -> usize {
        self.longest * 12
    }

    /// Returns one secret that a text holds, if it holds any.
    pub fn first(&self, text: &[u8]) -> Option<Sighting> {
        let mut first = None;
        self.read(text, &mut |found| {
            first.get_or_insert(found);
            false
        });
        first
    }

    /// Returns every place of a text that holds a secret, in order and without overlap.
    pub fn all(&self, text: &[u8]) -> Vec<Sighting> {
        let mut all = Vec::new();
        self.read(text, &mut |found| {
            all.push(found);
            true
        });
        // What was found behind escapes was often found without resolving them, too.
        all.sort_by_key(|found: &Sighting| (found.place.start, std::cmp::Reverse(found.place.end)));
        let mut end = 0;
        all.retain(|found| {
            let apart = found.place.start >= end;
            end = end.max(found.place.end);
            apart
        });
        all
    }

    /// Returns the place where a secret begins that the end of the text cuts off, and the secret's number.
    pub fn cut_off(&self, text: &[u8]) -> Option<(usize, usize)> {
        let tail = &text[text.len().saturating_sub(self.longest)..];
        let starts = (0..tail.len().saturating_sub(SHORTEST - 1)).filter_map(|start| {
            let head = tail[start..].first_chunk::<SHORTEST>()?;
            let head = u64::from_be_bytes(head.map(|byte| FOLDED[usize::from(byte)]));
            let secret = self.candidates(head).find_map(|(secret, form)| {
                let spelled = form.spelled(&self.secrets[secret])?;
                let cut = LETTER[usize::from(tail[start])] != 0 && begins(&spelled, &tail[start..]);
                cut.then_some(secret)
            })?;
            Some((text.len() - tail.len() + start, secret))
        });
        starts.min()
    }

    /// Tells of each secret, in the text as it stands and then behind its escapes, until `tell` returns false.
    fn read(&self, text: &[u8], tell: &mut dyn FnMut(Sighting) -> bool) {
        if text.len() < self.shortest || self.heads.is_empty() {
            return;
        }
        let mut layers: Vec<Layer> = Vec::new();
        loop {
            let layer = layers.last().map_or(text, |layer| &layer.text);
            let in_text = |place: Range<usize>| layers.iter().rev().fold(place, |place, layer| layer.before(&place));
            if !self.scan(layer, &mut |found| tell(Sighting { place: in_text(found.place.clone()), ..found })) {
                return;
            }
            if let Some(printable) = Layer::of(layer, quoted_printable)
                && !self.scan(&printable.text, &mut |found| {
                    tell(Sighting { place: in_text(printable.before(&found.place)), ..found })
                })
            {
                return;
            }
            if layers.len() == DEPTH {
                return;
            }
            let Some(next) = Layer::of(layer, escape) else { return };
            layers.push(next);
        }
    }

    /// Tells of each secret in one layer. Returns false if `tell` did.
    fn scan(&self, text: &[u8], tell: &mut dyn FnMut(Sighting) -> bool) -> bool {
        let (mut window, mut seen) = (0_u64, 0);
        let mut place = 0;
        while let Some(byte) = text.get(place) {
            place += 1;
            let letter = FOLDED[usize::from(*byte)];
            if letter == 0 {
                continue;
            }
            window = (window << 8) | u64::from(letter);
            seen += 1;
            let (word, bit) = hole(window, self.shift);
            if self.sieve[word] & bit == 0 || seen < SHORTEST {
                continue;
            }
            let start = before(text, place);
            let found = self.candidates(window).filter_map(|(secret, form)| {
                let spelled = form.spelled(&self.secrets[secret])?;
                let end = start + whole(&spelled, &text[start..])?;
                Some(Sighting { place: start..end, secret, how: form.words() })
            });
            if let Some(found) = found.max_by_key(|found| found.place.end) {
                place = found.place.end;
                (window, seen) = (0, 0);
                if !tell(found) {
                    return false;
                }
            }
        }
        true
    }

    /// Returns the secrets and forms that begin with these letters.
    fn candidates(&self, head: u64) -> impl Iterator<Item = (usize, Form)> {
        let first = self.heads.partition_point(|(other, ..)| *other < head);
        let same = self.heads[first..].iter().take_while(move |(other, ..)| *other == head);
        same.map(|(_, secret, form)| (*secret as usize, *form))
    }
}

/// Returns the word and the bit of a sieve that stand for a head.
fn hole(head: u64, shift: u32) -> (usize, u64) {
    // Fibonacci hashing: the upper bits of the product are well mixed.
    let hole = head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> shift;
    ((hole / 64) as usize, 1 << (hole % 64))
}

/// Returns the place of the letter that is the first of the eight before `end`.
fn before(text: &[u8], end: usize) -> usize {
    let letters = text[..end].iter().enumerate().rev().filter(|(_, byte)| LETTER[usize::from(**byte)] != 0);
    letters.map(|(place, _)| place).nth(SHORTEST - 1).unwrap_or_default()
}

/// Returns the number of bytes at the beginning of a text that hold a whole spelling.
fn whole(spelled: &[u8], text: &[u8]) -> Option<usize> {
    let (letters, bytes) = common(spelled, text);
    (letters == spelled.len()).then_some(bytes)
}

/// Returns true for a text that is the beginning of a spelling.
fn begins(spelled: &[u8], text: &[u8]) -> bool {
    let (letters, bytes) = common(spelled, text);
    bytes == text.len() && letters >= SHORTEST
}

/// Returns the number of letters that a spelling and a text have in common at the beginning, and the bytes that the text
/// has for them.
fn common(spelled: &[u8], text: &[u8]) -> (usize, usize) {
    let table = if spelled.len() < ANY_CASE { &LETTER } else { &FOLDED };
    let letter = |byte: u8| table[usize::from(byte)];
    let (mut letters, mut bytes) = (0, 0);
    for byte in text {
        if letters == spelled.len() {
            break;
        }
        if letter(*byte) != 0 {
            if letter(*byte) != letter(spelled[letters]) {
                break;
            }
            letters += 1;
        }
        bytes += 1;
    }
    (letters, bytes)
}

/// The bytes that an escape stands for, and its length.
type Resolved = (Cow<'static, [u8]>, usize);

/// A text with its escapes resolved once.
struct Layer {
    text: Vec<u8>,
    /// Places in the text with the places in the text before it, where both go on byte by byte.
    places: Vec<(usize, usize)>,
}

impl Layer {
    /// Resolves each escape: `resolve` returns the bytes that an escape at the beginning of a text stands for, and its
    /// length. Returns nothing for a text without any.
    fn of(text: &[u8], resolve: fn(&[u8]) -> Option<Resolved>) -> Option<Self> {
        let mut layer = Self { text: Vec::new(), places: vec![(0, 0)] };
        let mut place = 0;
        let mut copied = 0;
        while place < text.len() {
            if !matches!(text[place], b'%' | b'\\' | b'&' | b'=') {
                place += 1;
                continue;
            }
            let Some((bytes, length)) = resolve(&text[place..]) else {
                place += 1;
                continue;
            };
            layer.text.extend_from_slice(&text[copied..place]);
            layer.places.push((layer.text.len(), place));
            layer.text.extend_from_slice(&bytes);
            place += length;
            copied = place;
            layer.places.push((layer.text.len(), place));
        }
        if copied == 0 {
            return None;
        }
        layer.text.extend_from_slice(&text[copied..]);
        Some(layer)
    }

    /// Returns the place in the text before this one.
    fn before(&self, place: &Range<usize>) -> Range<usize> {
        let of = |wanted: usize| {
            let next = self.places.partition_point(|(here, _)| *here <= wanted);
            let (here, there) = self.places[next - 1];
            there + wanted - here
        };
        of(place.start)..of(place.end)
    }
}

/// Reads a percent code, an escape with a backslash, or an entity.
fn escape(text: &[u8]) -> Option<Resolved> {
    match text {
        [b'%', digits @ ..] => Some((Cow::Owned(vec![byte(digits.get(..2)?)?]), 3)),
        [b'\\', b'x', digits @ ..] => Some((Cow::Owned(vec![byte(digits.get(..2)?)?]), 4)),
        [b'\\', b'u', ..] => utf16(text),
        [b'\\', b'n' | b'r' | b't', ..] => Some((Cow::Borrowed(b" "), 2)),
        [b'\\', other, ..] => Some((Cow::Owned(vec![*other]), 2)),
        [b'&', ..] => entity(text),
        _ => None,
    }
}

/// Reads `\uXXXX`, and two of them where they are one character.
fn utf16(text: &[u8]) -> Option<Resolved> {
    let unit = |at: usize| match text.get(at..at + 6)? {
        [b'\\', b'u', digits @ ..] => u16::try_from(number(digits, 16)?).ok(),
        _ => None,
    };
    let units: Vec<u16> = [unit(0), unit(6)].into_iter().map_while(|unit| unit).collect();
    let char = char::decode_utf16(units).next()?.ok()?;
    Some((Cow::Owned(char.to_string().into_bytes()), 6 * char.len_utf16()))
}

/// Reads `&#65;`, `&#x41;` or `&sol;`.
fn entity(text: &[u8]) -> Option<Resolved> {
    const LONGEST: usize = 33;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let written = std::str::from_utf8(&text[..=end]).ok()?;
    let char = html_escape::decode_html_entities(written);
    (char != written).then(|| (Cow::Owned(char.into_owned().into_bytes()), end + 1))
}

/// Reads `=41`, or the end of a line that goes on in the next.
fn quoted_printable(text: &[u8]) -> Option<Resolved> {
    match text {
        [b'=', b'\n', ..] => Some((Cow::Borrowed(b""), 2)),
        [b'=', b'\r', b'\n', ..] => Some((Cow::Borrowed(b""), 3)),
        [b'=', digits @ ..] => Some((Cow::Owned(vec![byte(digits.get(..2)?)?]), 3)),
        _ => None,
    }
}

fn byte(digits: &[u8]) -> Option<u8> {
    u8::try_from(number(digits, 16)?).ok()
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let is_number = digits.iter().all(|digit| char::from(*digit).is_digit(base));
    is_number.then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok())?
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    /// One with the characters that escapes are for, one without any, and one beyond ASCII.
    const SECRETS: [&str; 3] = ["s3cr\"t/of<Ann>&Bob+1", "Zq81LmC0vR7tYx24WbKe", "wachtwoord ž van Ánn 7"];

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    fn hex(text: &str, between: &str) -> String {
        text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
    }

    fn wrapped(text: &str, width: usize, end: &str) -> String {
        text.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join(end)
    }

    /// The secret in every way that is looked for.
    fn written(secret: &str) -> Vec<(&'static str, String)> {
        let base64 = |text: &str| STANDARD.encode(text);
        let escaped = |wrap: fn(u16) -> String| secret.encode_utf16().map(wrap).collect::<String>();
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let entities = |wrap: fn(u32) -> String| secret.chars().map(|char| wrap(u32::from(char))).collect::<String>();
        vec![
            ("plain", secret.to_owned()),
            ("upper case", secret.to_uppercase()),
            ("wrapped", wrapped(&secret.replace(|char: char| !char.is_ascii(), "."), 7, "\r\n").replace('.', "")),
            ("percent", percent(secret)),
            ("percent, some", secret.replace('/', "%2f").replace('o', "%6f").replace('0', "%30")),
            ("percent twice", percent(secret).replace('%', "%25")),
            ("percent thrice", percent(secret).replace('%', "%2525")),
            ("form", secret.replace('+', "%2B").replace('&', "%26").replace(' ', "+")),
            ("\\u", escaped(|unit| format!("\\u{unit:04x}"))),
            ("\\u twice", escaped(|unit| format!("\\\\u{unit:04X}"))),
            ("\\x", secret.bytes().map(|byte| format!("\\x{byte:02x}")).collect()),
            ("JSON", json(secret)),
            ("JSON in JSON", json(&json(secret))),
            ("JSON in JSON in JSON", json(&json(&json(secret)))),
            ("a key of JSON", json!({secret: 1}).to_string()),
            ("entities, decimal", entities(|code| format!("&#{code};"))),
            ("entities, hex", entities(|code| format!("&#x{code:X};"))),
            (
                "entities, named",
                secret
                    .replace('&', "&amp;")
                    .replace('/', "&sol;")
                    .replace('+', "&plus;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;")
                    .replace('ž', "&zcaron;"),
            ),
            (
                "entities of entities",
                secret.replace('&', "&amp;amp;").replace('<', "&amp;lt;").replace('o', "&#38;#111;"),
            ),
            ("hex", hex(secret, "")),
            ("hex, upper case", hex(secret, "").to_uppercase()),
            ("hex with colons", hex(secret, ":")),
            ("hex with blanks", hex(secret, " ")),
            ("base64", base64(secret)),
            ("base64 for URLs", URL_SAFE_NO_PAD.encode(secret)),
            ("base64 behind one", base64(&format!("a{secret}z"))),
            ("base64 behind two", base64(&format!("ab{secret}z"))),
            ("base64 of credentials", base64(&format!("ann:{secret}"))),
            ("base64, wrapped", wrapped(&base64(&format!("{}{secret}{}", "x".repeat(70), "y".repeat(70))), 76, "\r\n")),
            ("base64 twice", base64(&base64(secret))),
            ("base64 twice for URLs", URL_SAFE_NO_PAD.encode(URL_SAFE_NO_PAD.encode(format!("ab{secret}")))),
            ("base64 twice behind others", base64(&format!("x{}", base64(&format!("a{secret}"))))),
            ("base64 in percent codes", uri_of(&base64(secret))),
            ("base32", BASE32_NOPAD.encode(secret.as_bytes())),
            ("base32 behind three", BASE32_NOPAD.encode(format!("abc{secret}z").as_bytes()).to_lowercase()),
            (
                "a JWT",
                format!(
                    "eyJhbGciOiJub25lIn0.{}.x",
                    URL_SAFE_NO_PAD.encode(json!({"key": secret.replace('"', "")}).to_string())
                ),
            ),
            ("UTF-16", String::from_utf8_lossy(&utf16).into_owned()),
            ("quoted-printable", secret.bytes().map(|byte| format!("={byte:02X}")).collect()),
            ("quoted-printable, wrapped", wrapped_printable(secret)),
            ("multipart", format!("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n{secret}\r\n--b--")),
        ]
    }

    fn uri_of(text: &str) -> String {
        crate::base::uri::encode(text)
    }

    fn wrapped_printable(secret: &str) -> String {
        let (one, other) = secret.split_at(5);
        let printable = |text: &str| {
            text.bytes()
                .map(|byte| match byte {
                    b'=' | 128.. => format!("={byte:02X}"),
                    _ => char::from(byte).to_string(),
                })
                .collect::<String>()
        };
        format!("{}=\r\n{}", printable(one), printable(other))
    }

    /// Without what a way of writing cannot hold.
    fn holds(secret: &str, how: &str) -> bool {
        match how {
            "upper case" | "wrapped" | "UTF-16" => secret.is_ascii(),
            "a JWT" => !secret.contains('"'),
            _ => true,
        }
    }

    #[test]
    fn a_secret_is_found_and_covered_however_it_is_written() {
        let mut missed = Vec::new();
        for (number, secret) in SECRETS.into_iter().enumerate() {
            let spotter = Spotter::of(SECRETS.map(str::to_owned));
            for (how, written) in written(secret).into_iter().filter(|(how, _)| holds(secret, how)) {
                let text = format!("{}<{written}>{}", "x".repeat(500), "y".repeat(50));
                let found = spotter.all(text.as_bytes());
                let covered = found.iter().map(|found| found.place.len()).sum::<usize>();
                let right = found.len() == 1 && found[0].secret == number;
                // What stands beside it in the text or in the same encoding is none of it.
                let beside = if how.contains("wrapped") || how.contains("behind") || how == "a JWT" { 250 } else { 60 };
                let within = found
                    .first()
                    .is_some_and(|found| found.place.start >= 500 && text.is_char_boundary(found.place.start));
                if !right || !within || covered > written.len() || covered + beside < written.len() {
                    missed.push(format!("{secret} {how}: {found:?} of {} in {written}", written.len()));
                }
            }
        }
        assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
    }

    #[test]
    fn what_only_resembles_a_secret_is_none() {
        let spotter = Spotter::of(SECRETS.map(str::to_owned));
        let short = Spotter::of(["Passwort".to_owned()]);
        for text in
            ["", "s3cr", "Zq81LmC0vR7tYx24WbK", "%", "\\", "&#;", "\\u12", "=", "=4", "%zz", "&nonsense;", "\\ud800"]
        {
            assert_eq!(spotter.first(text.as_bytes()), None, "{text}");
        }
        assert_eq!(short.first(b"PASSWORT passwort"), None, "a short one is found in its own case only");
        assert!(short.first(b"das Passwort ist").is_some());
        assert_eq!(Spotter::of(["short".to_owned()]).first(b"a short one"), None);
        assert_eq!(Spotter::default().first(b"anything at all"), None);
    }

    #[test]
    fn a_secret_that_the_end_cuts_off_is_found() {
        let spotter = Spotter::of(SECRETS.map(str::to_owned));
        assert_eq!(spotter.cut_off(b"token=Zq81LmC0vR7t"), Some((6, 1)));
        assert_eq!(spotter.cut_off(b"Basic WnE4MUxtQzB2"), Some((6, 1)), "in base64");
        for whole in ["token=Zq81LmC", "Zq81LmC0vR7tZ", "nothing of it at all"] {
            assert_eq!(spotter.cut_off(whole.as_bytes()), None, "{whole}");
        }
    }
}
