//! Redaction where records are made: a secret never gets as far as a reporter.
//!
//! A secret is replaced by a fingerprint that is the same wherever the secret was the same within one run, so that rules
//! such as "the same credential at every hop" can still be held against redacted records. The fingerprint is salted per
//! run and cut short: it says nothing about the secret.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

pub use super::secret_names::Policy;

use super::canary::Canaries;
use super::secret_names::SecretNames;
use super::spelling::{self, SHORTEST, Spotter};

use crate::model::TraceId;

/// The beginning of every fingerprint.
const MARK: &str = "«secret ";

/// The headers with addresses that may hold a code of a login.
const ADDRESSES: [&str; 3] = ["link", "location", "referer"];

/// Returns true for a text in which a secret was replaced by its fingerprint.
pub fn is_redacted(text: &str) -> bool {
    text.contains(MARK)
}

/// The secrets that one owner knows.
#[derive(Debug, Default)]
struct Known {
    secrets: Vec<(String, String)>,
    /// Made when there is a text that could hold one: most secrets are longer than whatever is said in their scenario.
    spotter: OnceLock<Arc<Spotter>>,
}

impl Known {
    fn spotter(&self) -> Arc<Spotter> {
        let made = || Arc::new(Spotter::of(self.secrets.iter().map(|(secret, _)| secret.clone())));
        Arc::clone(self.spotter.get_or_init(made))
    }
}

/// Replaces secrets. Shared by everything that makes records.
#[derive(Debug)]
pub struct Redactor {
    names: SecretNames,
    salt: [u8; 16],
    /// Values that are secret wherever they stand, by the scenario that knows them; `None` holds those of the whole run.
    /// Kept per scenario, so that the cost of looking does not grow with the run.
    values: RwLock<HashMap<Option<TraceId>, Known>>,
    /// Every secret that was ever known, with its fingerprint: what the run's own files are searched for.
    all: RwLock<HashMap<String, String>>,
}

impl Redactor {
    /// Makes a redactor for one run.
    pub fn new(policy: &Policy) -> Self {
        Self { names: policy.into(), salt: rand::random(), values: RwLock::default(), all: RwLock::default() }
    }

    /// From now on this value is replaced wherever it stands in what belongs to `owner` (in everything, for `None`), however it
    /// is written. One that is too short to be told from other text is not.
    pub fn learn(&self, owner: Option<TraceId>, secret: &str) {
        if spelling::length(secret) < SHORTEST {
            return;
        }
        let mut values = self.values.write().expect("no thread panics while it holds this lock");
        let known = values.entry(owner).or_default();
        if known.secrets.iter().any(|(known, _)| known == secret) {
            return;
        }
        let fingerprint = self.fingerprint(secret);
        self.all
            .write()
            .expect("no thread panics while it holds this lock")
            .insert(secret.to_owned(), fingerprint.clone());
        known.secrets.push((secret.to_owned(), fingerprint));
        known.spotter = OnceLock::new();
    }

    /// Returns the number of secrets that are looked for in what belongs to `owner`: what was cleaned when there were as many
    /// is still clean.
    pub fn known(&self, owner: Option<TraceId>) -> usize {
        let values = self.values.read().expect("no thread panics while it holds this lock");
        let of_the_owner = owner.and_then(|owner| values.get(&Some(owner)));
        values.get(&None).into_iter().chain(of_the_owner).map(|known| known.secrets.len()).sum()
    }

    /// Returns everything that was ever known, to be looked for in what the run has written: also what only one scenario knew,
    /// which another one's records must not hold either.
    pub fn canaries(&self) -> Canaries {
        let all = self.all.read().expect("no thread panics while it holds this lock");
        Canaries::of(all.iter().map(|(secret, fingerprint)| (secret.clone(), fingerprint.clone())))
    }

    /// Forgets what only `owner` knew, once nothing of it will be recorded any more.
    pub fn forget(&self, owner: TraceId) {
        self.values.write().expect("no thread panics while it holds this lock").remove(&Some(owner));
    }

    /// Returns the fingerprint that stands for a secret.
    pub fn fingerprint(&self, secret: &str) -> String {
        let digest = Sha256::new().chain_update(self.salt).chain_update(secret).finalize();
        format!("{MARK}{:02x}{:02x}{:02x}{:02x}»", digest[0], digest[1], digest[2], digest[3])
    }

    /// Returns a header's value as it may be recorded. `name` in lower case. An authentication scheme stays readable, and so
    /// does the name of a cookie.
    pub fn header(&self, owner: Option<TraceId>, name: &str, value: &str) -> String {
        if !self.names.has_header(name) {
            let more: &[&str] = if ADDRESSES.contains(&name) { &["code"] } else { &[] };
            return self.covered(owner, value, more).into_owned();
        }
        if name == "cookie" {
            return value.split(';').map(|cookie| self.cookie(cookie.trim())).collect::<Vec<_>>().join("; ");
        }
        if name == "set-cookie" {
            // The first part is the cookie, the others say how long it is kept, and where.
            let (cookie, rest) = value.split_once(';').unwrap_or((value, ""));
            let rest = if rest.is_empty() { String::new() } else { format!(";{}", self.text(owner, rest)) };
            return format!("{}{rest}", self.cookie(cookie.trim()));
        }
        match value.split_once(' ') {
            Some((scheme, secret)) if scheme.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                format!("{scheme} {}", self.fingerprint(secret))
            }
            Some(_) | None => self.fingerprint(value),
        }
    }

    fn cookie(&self, cookie: &str) -> String {
        match cookie.split_once('=') {
            Some((name, "")) => format!("{name}="),
            Some((name, secret)) => format!("{name}={}", self.fingerprint(secret)),
            None => self.fingerprint(cookie),
        }
    }

    /// Returns a text as it may be recorded: every known secret in it is replaced.
    pub fn text<'a>(&self, owner: Option<TraceId>, text: &'a str) -> Cow<'a, str> {
        if text.len() < SHORTEST {
            return Cow::Borrowed(text);
        }
        let values = self.values.read().expect("no thread panics while it holds this lock");
        let of_the_owner = owner.and_then(|owner| values.get(&Some(owner)));
        let known = values.get(&None).into_iter().chain(of_the_owner);
        known.fold(Cow::Borrowed(text), |text, known| {
            let found = known.spotter().all(text.as_bytes());
            if found.is_empty() {
                return text;
            }
            let (mut clean, mut end) = (String::new(), 0);
            for found in found {
                let start = between_characters(&text, found.place.start);
                clean.push_str(&text[end.min(start)..start]);
                clean.push_str(&known.secrets[found.secret].1);
                end = between_characters(&text, found.place.end);
            }
            clean.push_str(&text[end..]);
            Cow::Owned(clean)
        })
    }

    /// Returns a text that may hold fields (a form, a query, JSON that breaks off) as it may be recorded: known secrets by
    /// value, secret fields by name, however they are written, and whatever looks like a secret.
    pub fn fields<'a>(&self, owner: Option<TraceId>, text: &'a str) -> Cow<'a, str> {
        self.covered(owner, text, &[])
    }

    /// Returns a text that was cut to size as it may be recorded: also the beginning of a secret at its end is replaced.
    pub fn cut(&self, owner: Option<TraceId>, text: &str) -> String {
        let values = self.values.read().expect("no thread panics while it holds this lock");
        let of_the_owner = owner.and_then(|owner| values.get(&Some(owner)));
        let mut known = values.get(&None).into_iter().chain(of_the_owner);
        let cut = known.find_map(|known| {
            let (place, secret) = known.spotter().cut_off(text.as_bytes())?;
            Some((between_characters(text, place), known.secrets[secret].1.clone()))
        });
        drop(values);
        match cut {
            Some((place, fingerprint)) => format!("{}{fingerprint}", self.fields(owner, &text[..place])),
            None => self.fields(owner, text).into_owned(),
        }
    }

    fn covered<'a>(&self, owner: Option<TraceId>, text: &'a str, more: &[&str]) -> Cow<'a, str> {
        let cover = |secret: &str| self.fingerprint(secret);
        match self.text(owner, text) {
            Cow::Borrowed(text) => self.names.covered(text, more, &cover),
            Cow::Owned(text) => Cow::Owned(self.names.covered(&text, more, &cover).into_owned()),
        }
    }

    /// Changes a JSON value into what may be recorded: secret fields by name, known secrets by value, also in names.
    pub fn json(&self, owner: Option<TraceId>, value: &mut Value) {
        self.json_within(owner, None, value);
    }

    fn json_within(&self, owner: Option<TraceId>, within: Option<&str>, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    match self.names.has_field(within, name) {
                        true => self.cover(field),
                        false => self.json_within(owner, Some(name), field),
                    }
                }
                if fields.keys().any(|name| matches!(self.text(owner, name), Cow::Owned(_))) {
                    let renamed = |(name, field): (String, Value)| (self.text(owner, &name).into_owned(), field);
                    *fields = std::mem::take(fields).into_iter().map(renamed).collect::<Map<_, _>>();
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json_within(owner, within, item)),
            Value::String(text) => {
                // JSON in JSON has names, too.
                if text.starts_with(['{', '['])
                    && let Ok(mut inner) = serde_json::from_str::<Value>(text)
                {
                    let before = inner.clone();
                    self.json(owner, &mut inner);
                    if inner != before {
                        *text = inner.to_string();
                    }
                } else if let Cow::Owned(clean) = self.fields(owner, text) {
                    *text = clean;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Replaces everything that a secret field holds.
    fn cover(&self, value: &mut Value) {
        match value {
            Value::String(secret) if secret.is_empty() => {}
            Value::String(secret) => *secret = self.fingerprint(secret),
            Value::Number(number) => *value = Value::String(self.fingerprint(&number.to_string())),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.cover(field)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.cover(item)),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

/// Returns the place, or the nearest one before it that cuts no character in two: a part of one may look like a secret.
fn between_characters(text: &str, place: usize) -> usize {
    (0..=place).rev().find(|place| text.is_char_boundary(*place)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_secret_has_the_same_fingerprint_in_headers_fields_and_text() {
        let redactor = Redactor::new(&Policy::default());
        redactor.learn(None, "s3cret-token-of-ann");
        let print = redactor.fingerprint("s3cret-token-of-ann");
        assert_eq!(redactor.header(None, "authorization", "Bearer s3cret-token-of-ann"), format!("Bearer {print}"));
        assert_eq!(redactor.text(None, "it was s3cret-token-of-ann!"), format!("it was {print}!"));
        let mut body = json!({"token": "s3cret-token-of-ann", "note": "s3cret-token-of-ann", "n": [1, "x"]});
        redactor.json(None, &mut body);
        assert_eq!(body, json!({"token": print, "note": print, "n": [1, "x"]}));
    }

    #[test]
    fn a_session_is_the_same_in_a_cookie_as_elsewhere() {
        let redactor = Redactor::new(&Policy::default());
        let (ann, dark) = (redactor.fingerprint("token-of-ann"), redactor.fingerprint("dark"));
        let sent = redactor.header(None, "cookie", "theme=dark; session=token-of-ann");
        assert_eq!(sent, format!("theme={dark}; session={ann}"));
        let set = redactor.header(None, "set-cookie", "session=token-of-ann; Path=/; HttpOnly");
        assert_eq!(set, format!("session={ann}; Path=/; HttpOnly"));
        assert_eq!(redactor.header(None, "set-cookie", "session=; Max-Age=0"), "session=; Max-Age=0");
    }

    #[test]
    fn encoded_secrets_are_found_too() {
        let redactor = Redactor::new(&Policy::default());
        redactor.learn(None, "canary/with+signs=");
        for encoded in [STANDARD.encode("canary/with+signs="), "canary%2Fwith%2Bsigns%3D".into()] {
            assert!(!redactor.text(None, &format!("<{encoded}>")).contains(&encoded), "{encoded}");
        }
        for around in ["ann:", "a", "ab", "Bearer "] {
            let encoded = STANDARD.encode(format!("{around}canary/with+signs=;"));
            let clean = redactor.text(None, &encoded).into_owned();
            assert!(is_redacted(&clean) && redactor.canaries().find(clean.as_bytes()).is_none(), "{around}: {clean}");
        }
        redactor.learn(Some(TraceId(7)), "what \"ann\" alone knows");
        redactor.forget(TraceId(7));
        assert!(
            redactor.canaries().find(br#"{"a":"what \"ann\" alone knows"}"#).is_some(),
            "what was forgotten is looked for"
        );
    }

    #[test]
    fn secrets_are_found_by_name_at_every_depth_of_json() {
        let redactor = Redactor::new(&Policy::default());
        let print = |secret: &str| redactor.fingerprint(secret);
        redactor.learn(None, "a-known-secret");
        let mut body = json!({
            "clientSecret": "x", "cvc": 123, "token": {"value": "tk", "kind": "Bearer", "on": true}, "number": "4242",
            "card": {"number": "4242", "brand": "visa"}, "a-known-secret": [{"password": ["one", null, ""]}],
            "text": "{\"api_key\": \"k\", \"n\": 1}", "url": "https://shop/cb?token=abc&n=1",
        });
        redactor.json(None, &mut body);
        let expected = json!({
            "clientSecret": print("x"), "cvc": print("123"), "number": "4242",
            "token": {"value": print("tk"), "kind": print("Bearer"), "on": true},
            "card": {"number": print("4242"), "brand": "visa"},
            print("a-known-secret"): [{"password": [print("one"), null, ""]}],
            "text": json!({"api_key": print("k"), "n": 1}).to_string(),
            "url": format!("https://shop/cb?token={}&n=1", print("abc")),
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn headers_with_secrets_are_known_by_many_names() {
        let redactor = Redactor::new(&Policy::default());
        let print = |secret: &str| redactor.fingerprint(secret);
        for (name, value, expected) in [
            ("x-api-key", "k-1", print("k-1")),
            ("authorization", "token k-1", format!("token {}", print("k-1"))),
            ("location", "https://app/cb?code=c-1&n=1", format!("https://app/cb?code={}&n=1", print("c-1"))),
            ("x-note", "https://app/cb?code=c-1", "https://app/cb?code=c-1".to_owned()),
            ("x-note", "http://ann:pw@shop/", format!("http://ann:{}@shop/", print("pw"))),
        ] {
            assert_eq!(redactor.header(None, name, value), expected, "{name}: {value}");
        }
    }

    #[test]
    fn the_beginning_of_a_secret_that_is_cut_off_is_replaced() {
        let redactor = Redactor::new(&Policy::default());
        redactor.learn(Some(TraceId(7)), "Zq81LmC0vR7tYx24WbKe");
        let print = redactor.fingerprint("Zq81LmC0vR7tYx24WbKe");
        assert_eq!(redactor.cut(Some(TraceId(7)), "it is Zq81LmC0vR7"), format!("it is {print}"));
        assert_eq!(redactor.cut(None, "it is Zq81LmC0vR7"), "it is Zq81LmC0vR7");
    }

    #[test]
    fn two_runs_do_not_share_fingerprints() {
        let (one, other) = (Redactor::new(&Policy::default()), Redactor::new(&Policy::default()));
        assert_ne!(one.fingerprint("the same secret"), other.fingerprint("the same secret"));
    }
}
