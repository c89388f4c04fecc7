//! Looks for secrets in what a run has written. Redaction keeps them out where records are made; this looks whether it did.
//!
//! A secret is looked for as it is, in base64 (at each of the three places it can have in the groups of four), in hex, and
//! behind the escapes of JSON, HTML and URLs. Pictures are not read: what a page showed on a screenshot is not searched.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How many bytes of a spelling are compared first.
const HEAD: usize = 8;
/// Bits of the hash that says whether a spelling may begin here.
const SIEVE: u32 = 18;

/// The ways in which a secret may be written, the longest first, each with its name. Escapes are not among them.
pub fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    let mut spellings = vec![
        ("as it is", secret.to_owned()),
        ("in hex", secret.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ("in hex", secret.bytes().map(|byte| format!("{byte:02X}")).collect()),
        ("in base64", STANDARD_NO_PAD.encode(secret)),
        ("in base64", URL_SAFE_NO_PAD.encode(secret)),
    ];
    for before in 0..3 {
        let shifted: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.bytes()).collect();
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let written = engine.encode(&shifted);
            // What shares a character with its neighbours depends on them.
            let end = written.len() - usize::from(!shifted.len().is_multiple_of(3));
            let start = [0, 2, 3][before];
            spellings.push(("in base64, within something longer", written[start..end].to_owned()));
        }
    }
    spellings.retain(|(_, written)| written.len() >= HEAD);
    spellings.sort_by(|(_, one), (_, other)| (other.len(), one).cmp(&(one.len(), other)));
    spellings.dedup_by(|(_, one), (_, other)| one == other);
    spellings
}

/// The secrets of a run, to be looked for.
#[derive(Debug, Default)]
pub struct Canaries {
    raw: Sieve,
    /// Those that escapes change.
    escaped: Sieve,
}

/// A secret where none may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What stands for the secret in records.
    pub fingerprint: String,
    /// How it is written, e.g. `in base64`.
    pub how: &'static str,
    /// The byte at which it begins; behind escapes, counted after they were resolved.
    pub at: usize,
}

impl Canaries {
    /// To look for these: each secret with its fingerprint.
    pub fn of<'s>(secrets: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let mut canaries = Self::default();
        for (secret, fingerprint) in secrets {
            for (how, written) in spellings(secret) {
                if !written.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    canaries.escaped.add(how, written.clone(), fingerprint);
                }
                canaries.raw.add(how, written, fingerprint);
            }
        }
        canaries
    }

    /// Looks for those of another run, too.
    pub fn join(&mut self, other: Self) {
        self.raw.join(other.raw);
        self.escaped.join(other.escaped);
    }

    /// The first secret in a text, whatever it is written in.
    pub fn find(&self, text: &[u8]) -> Option<Leak> {
        let behind = |mark: u8, resolve: fn(&[u8]) -> Vec<u8>| {
            (!self.escaped.spellings.is_empty() && text.contains(&mark)).then(|| self.escaped.find(&resolve(text)))?
        };
        self.raw
            .find(text)
            .or_else(|| behind(b'\\', without_json_escapes))
            // JSON in JSON: our records ride as strings in the journal.
            .or_else(|| behind(b'\\', |text| without_json_escapes(&without_json_escapes(text))))
            .or_else(|| behind(b'&', without_entities))
            .or_else(|| behind(b'%', without_percents))
    }

    /// The files that hold a secret, among these files and all those in these folders.
    ///
    /// # Errors
    /// The first file that cannot be read.
    pub fn search(&self, paths: &[PathBuf]) -> std::io::Result<Vec<(PathBuf, Leak)>> {
        let mut leaks = Vec::new();
        for path in paths.iter().filter(|path| path.exists()) {
            if path.is_dir() {
                leaks.extend(self.search(&entries(path)?)?);
            } else if let Some(leak) = self.find(&std::fs::read(path)?) {
                leaks.push((path.clone(), leak));
            }
        }
        Ok(leaks)
    }
}

fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

/// Many spellings looked for at once: a hash of eight bytes rules out nearly every place at the price of a multiplication,
/// and its cost does not grow with the number of secrets.
#[derive(Debug, Default)]
struct Sieve {
    spellings: Vec<Spelling>,
    heads: HashMap<u64, Vec<usize>>,
    holes: Vec<bool>,
}

#[derive(Debug)]
struct Spelling {
    how: &'static str,
    written: String,
    fingerprint: String,
}

impl Sieve {
    fn add(&mut self, how: &'static str, written: String, fingerprint: &str) {
        let Some(head) = written.as_bytes().first_chunk::<HEAD>() else { return };
        let head = u64::from_be_bytes(*head);
        self.holes.resize(1 << SIEVE, false);
        self.holes[hole(head)] = true;
        self.heads.entry(head).or_default().push(self.spellings.len());
        self.spellings.push(Spelling { how, written, fingerprint: fingerprint.to_owned() });
    }

    fn join(&mut self, other: Self) {
        for Spelling { how, written, fingerprint } in other.spellings {
            self.add(how, written, &fingerprint);
        }
    }

    fn find(&self, text: &[u8]) -> Option<Leak> {
        if self.spellings.is_empty() {
            return None;
        }
        let mut window = 0_u64;
        for (place, byte) in text.iter().enumerate() {
            window = (window << 8) | u64::from(*byte);
            if !self.holes[hole(window)] || place + 1 < HEAD {
                continue;
            }
            let at = place + 1 - HEAD;
            let candidates = self.heads.get(&window).into_iter().flatten().map(|index| &self.spellings[*index]);
            let found = candidates.filter(|spelling| text[at..].starts_with(spelling.written.as_bytes()));
            if let Some(Spelling { how, fingerprint, .. }) = found.max_by_key(|spelling| spelling.written.len()) {
                return Some(Leak { fingerprint: fingerprint.clone(), how, at });
            }
        }
        None
    }
}

fn hole(head: u64) -> usize {
    // Fibonacci hashing: the upper bits of the product are well mixed.
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - SIEVE)) as usize
}

/// Replaces each place where `resolve` finds an escape: it gives what stands there and how many bytes that took.
fn resolved(text: &[u8], mark: u8, resolve: impl Fn(&[u8]) -> Option<(char, usize)>) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.iter().position(|byte| *byte == mark) {
        plain.extend_from_slice(&rest[..place]);
        let (char, length) = resolve(&rest[place..]).unwrap_or((char::from(mark), 1));
        plain.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[place + length..];
    }
    plain.extend_from_slice(rest);
    plain
}

fn without_json_escapes(text: &[u8]) -> Vec<u8> {
    resolved(text, b'\\', |escape| match escape.get(1)? {
        b'u' => Some((char::from_u32(number(escape.get(2..6)?, 16)?)?, 6)),
        other => Some((char::from(*other), 2)),
    })
}

fn without_entities(text: &[u8]) -> Vec<u8> {
    const NAMED: &[(&[u8], char)] =
        &[(b"&amp;", '&'), (b"&lt;", '<'), (b"&gt;", '>'), (b"&quot;", '"'), (b"&apos;", '\'')];
    resolved(text, b'&', |escape| {
        if let Some((name, char)) = NAMED.iter().find(|(name, _)| escape.starts_with(name)) {
            return Some((*char, name.len()));
        }
        let end = escape.iter().take(10).position(|byte| *byte == b';')?;
        let code = match escape.get(1..end)? {
            [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
            [b'#', digits @ ..] => number(digits, 10)?,
            _ => return None,
        };
        Some((char::from_u32(code)?, end + 1))
    })
}

fn without_percents(text: &[u8]) -> Vec<u8> {
    // Secrets are searched as bytes; of those beyond ASCII the escaped ones stay as they are.
    resolved(text, b'%', |escape| {
        let code = number(escape.get(1..3)?, 16)?;
        Some((char::from_u32(code).filter(char::is_ascii)?, 3))
    })
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr\"t/of<Ann>&Bob+1";

    fn looked_for() -> Canaries {
        Canaries::of([(SECRET, "«secret 1»"), ("another-one-entirely", "«secret 2»")])
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        let json = serde_json::to_string(SECRET).unwrap();
        let written = [
            SECRET.to_owned(),
            base64(SECRET),
            URL_SAFE_NO_PAD.encode(format!("Bearer {SECRET} and more")),
            base64(&format!("a{SECRET}")),
            base64(&format!("ann:{SECRET}:x")),
            base64(&format!("ab{SECRET}z")),
            SECRET.bytes().map(|byte| format!("{byte:02x}")).collect(),
            SECRET.bytes().map(|byte| format!("{byte:02X}")).collect(),
            json.clone(),
            serde_json::to_string(&json).unwrap(),
            json.replace('<', "\\u003c").replace('/', "\\/"),
            SECRET
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('/', "&#x2f;"),
            SECRET.replace('/', "&#47;"),
            "s3cr%22t%2Fof%3CAnn%3E%26Bob%2B1".to_owned(),
            SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect(),
        ];
        for written in written {
            let text = format!("{}{written}{}", "x".repeat(5_000), "y".repeat(50));
            let leak = looked_for().find(text.as_bytes()).unwrap_or_else(|| panic!("not found: {written}"));
            assert_eq!(leak.fingerprint, "«secret 1»", "{written}");
        }
    }

    #[test]
    fn what_only_resembles_a_secret_is_none() {
        for text in ["", "s3cr", "s3cr\"t/of<Ann>&Bob+", "another-one-entirel", "%", "\\", "&#;", "\\u12", "«secret 1»"]
        {
            assert_eq!(looked_for().find(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Canaries::default().find(b"anything at all"), None);
    }

    #[test]
    fn the_secrets_of_several_runs_are_looked_for_at_once() {
        let mut canaries = Canaries::of([("what-the-first-knew", "«secret 3»")]);
        canaries.join(looked_for());
        for (text, fingerprint) in [("what-the-first-knew", "«secret 3»"), ("s3cr%22t/of<Ann>&Bob+1", "«secret 1»")]
        {
            assert_eq!(canaries.find(text.as_bytes()).unwrap().fingerprint, fingerprint);
        }
    }

    #[test]
    fn every_file_that_holds_one_is_named_and_the_secret_is_not() {
        let folder = std::env::temp_dir().join(format!("paidpath-canary-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("har")).unwrap();
        std::fs::write(folder.join("good.txt"), "nothing").unwrap();
        std::fs::write(folder.join("har/bad.har"), format!("..{SECRET}")).unwrap();
        let paths = [folder.join("good.txt"), folder.join("har"), folder.join("not there")];
        let leaks = looked_for().search(&paths).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(leaks.len(), 1);
        assert_eq!((leaks[0].0.ends_with("har/bad.har"), leaks[0].1.at, leaks[0].1.how), (true, 2, "as it is"));
        assert!(!format!("{leaks:?}").contains("s3cr"));
    }
}
