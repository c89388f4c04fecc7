//! Redaction where records are made: a secret never gets as far as a reporter.
//!
//! A secret is replaced by a fingerprint that is the same wherever the secret was the same within one run, so that rules
//! such as "the same credential at every hop" can still be held against redacted records. The fingerprint is salted per
//! run and cut short: it says nothing about the secret.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{OnceLock, RwLock};

use aho_corasick::AhoCorasick;
use regex::{Captures, Regex};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::canary::{Canaries, spellings};
use super::uri;

use crate::model::TraceId;

/// Secrets shorter than this are not searched for in running text: they would hit by chance.
const SHORTEST: usize = 8;

/// What every fingerprint begins with.
const MARK: &str = "«secret ";

/// Whether a secret in this text was replaced by its fingerprint.
pub fn is_redacted(text: &str) -> bool {
    text.contains(MARK)
}

/// Which headers and fields hold secrets, whatever their value.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Header names, in lower case.
    pub headers: Vec<String>,
    /// Names of JSON fields, at any depth.
    pub fields: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            headers: owned(&["authorization", "cookie", "set-cookie", "proxy-authorization", "webhook-signature"]),
            fields: owned(&["password", "secret", "token", "access_token", "refresh_token", "api_key", "credential"]),
        }
    }
}

#[derive(Debug)]
struct Secret {
    plain: String,
    fingerprint: String,
    /// The ways in which it may be written. Found out when there is a text that could hold one: most secrets are longer than
    /// whatever is said in their scenario.
    written: OnceLock<Vec<String>>,
}

impl Secret {
    /// None is shorter than the secret itself.
    fn written(&self) -> &[String] {
        self.written.get_or_init(|| {
            let mut written: Vec<String> = spellings(&self.plain).into_iter().map(|(_, written)| written).collect();
            let json = Value::from(self.plain.as_str()).to_string();
            for escaped in [uri::encode(&self.plain), json.trim_matches('"').to_owned()] {
                if escaped != self.plain {
                    written.push(escaped);
                }
            }
            written
        })
    }
}

/// Secrets that one owner knows.
#[derive(Debug, Default)]
struct Known {
    secrets: Vec<Secret>,
    /// Says whether a text holds any of them, however many there are; those of a scenario are few and long, and do without.
    any: Option<AhoCorasick>,
}

impl Known {
    fn clean<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        if self.any.as_ref().is_some_and(|any| !any.is_match(text.as_bytes())) {
            return text;
        }
        let mut clean = text;
        for secret in &self.secrets {
            if clean.len() < secret.plain.len() {
                continue;
            }
            for written in secret.written() {
                if clean.len() >= written.len() && clean.contains(written) {
                    clean = Cow::Owned(clean.replace(written, &secret.fingerprint));
                }
            }
        }
        clean
    }
}

/// Replaces secrets. Shared by everything that makes records.
#[derive(Debug)]
pub struct Redactor {
    policy: Policy,
    /// Finds secret fields where there is no value to walk through: in forms, queries, and JSON that does not parse.
    written_fields: Option<Regex>,
    salt: [u8; 16],
    /// Values that are secret wherever they stand, by the scenario that knows them; `None` holds those of the whole run.
    /// Kept per scenario, so that the cost of looking does not grow with the run.
    values: RwLock<HashMap<Option<TraceId>, Known>>,
    /// Every secret that was ever known, with its fingerprint: what the run's own files are searched for.
    all: RwLock<HashMap<String, String>>,
}

impl Redactor {
    /// A redactor for one run.
    pub fn new(policy: Policy) -> Self {
        let written_fields = written_fields(&policy.fields);
        Self { policy, written_fields, salt: rand::random(), values: RwLock::default(), all: RwLock::default() }
    }

    /// From now on this value is replaced wherever it stands in what belongs to `owner` (in everything, for `None`), plain,
    /// escaped for JSON or a URL, in hex, or in base64, also within something longer.
    pub fn learn(&self, owner: Option<TraceId>, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let fingerprint = self.fingerprint(secret);
        let mut values = self.values.write().expect("no thread panics while it holds this lock");
        let known = values.entry(owner).or_default();
        if known.secrets.iter().any(|known| known.plain == secret) {
            return;
        }
        self.all
            .write()
            .expect("no thread panics while it holds this lock")
            .insert(secret.to_owned(), fingerprint.clone());
        known.secrets.push(Secret { plain: secret.to_owned(), fingerprint, written: OnceLock::new() });
        if owner.is_none() {
            // Without it, each is looked for by itself.
            known.any = AhoCorasick::new(known.secrets.iter().flat_map(Secret::written)).ok();
        }
    }

    /// How many secrets are looked for in what belongs to `owner`: what was cleaned when there were as many is still clean.
    pub fn known(&self, owner: Option<TraceId>) -> usize {
        let values = self.values.read().expect("no thread panics while it holds this lock");
        let of_the_owner = owner.and_then(|owner| values.get(&Some(owner)));
        values.get(&None).into_iter().chain(of_the_owner).map(|known| known.secrets.len()).sum()
    }

    /// Everything that was ever known, to be looked for in what the run has written: also what only one scenario knew, which
    /// another one's records must not hold either.
    pub fn canaries(&self) -> Canaries {
        let all = self.all.read().expect("no thread panics while it holds this lock");
        Canaries::of(all.iter().map(|(secret, fingerprint)| (secret.as_str(), fingerprint.as_str())))
    }

    /// Forgets what only `owner` knew, once nothing of it will be recorded any more.
    pub fn forget(&self, owner: TraceId) {
        self.values.write().expect("no thread panics while it holds this lock").remove(&Some(owner));
    }

    /// The fingerprint that stands for a secret.
    pub fn fingerprint(&self, secret: &str) -> String {
        let digest = Sha256::new().chain_update(self.salt).chain_update(secret).finalize();
        format!("{MARK}{:02x}{:02x}{:02x}{:02x}»", digest[0], digest[1], digest[2], digest[3])
    }

    /// A header's value as it may be recorded. `name` in lower case. An authentication scheme stays readable, and so does the
    /// name of a cookie.
    pub fn header(&self, owner: Option<TraceId>, name: &str, value: &str) -> String {
        if !self.policy.headers.iter().any(|secret| secret == name) {
            return self.fields(owner, value).into_owned();
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
            Some((scheme @ ("Bearer" | "Basic"), secret)) => format!("{scheme} {}", self.fingerprint(secret)),
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

    /// Text as it may be recorded: every known secret in it is replaced.
    pub fn text<'a>(&self, owner: Option<TraceId>, text: &'a str) -> Cow<'a, str> {
        let values = self.values.read().expect("no thread panics while it holds this lock");
        let of_the_owner = owner.and_then(|owner| values.get(&Some(owner)));
        let known = values.get(&None).into_iter().chain(of_the_owner);
        known.fold(Cow::Borrowed(text), |clean, known| known.clean(clean))
    }

    /// Text that may hold fields (a form, a query, JSON that breaks off) as it may be recorded: known secrets by value, secret
    /// fields by name, whether they are written `name=value` or `"name": "value"`, and also when the text ends within.
    pub fn fields<'a>(&self, owner: Option<TraceId>, text: &'a str) -> Cow<'a, str> {
        let clean = self.text(owner, text);
        // Most headers and addresses hold no field at all.
        let Some(written_fields) = self.written_fields.as_ref().filter(|_| clean.contains('=') || clean.contains('"'))
        else {
            return clean;
        };
        let redacted = written_fields.replace_all(&clean, |found: &Captures<'_>| {
            let (name, value) = match (found.get(1), found.get(3)) {
                (Some(name), _) => (name, &found[2]),
                (None, Some(name)) => (name, &found[4]),
                (None, None) => unreachable!("one of the two ways to write a field was found"),
            };
            // What begins so was replaced by value already.
            let value = if value.starts_with('«') { value.to_owned() } else { self.fingerprint(value) };
            format!("{}{value}", name.as_str())
        });
        match redacted {
            Cow::Borrowed(_) => clean,
            Cow::Owned(redacted) => Cow::Owned(redacted),
        }
    }

    /// A JSON value as it may be recorded, changed in place: secret fields by name, known secrets by value.
    pub fn json(&self, owner: Option<TraceId>, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields.iter_mut() {
                    match field {
                        Value::String(secret) if self.policy.fields.iter().any(|known| known == name) => {
                            *secret = self.fingerprint(secret);
                        }
                        _ => self.json(owner, field),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.json(owner, item)),
            Value::String(text) => {
                if let Cow::Owned(clean) = self.text(owner, text) {
                    *text = clean;
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// `"name": "value` as groups 1 and 2, `name=value` as groups 3 and 4.
fn written_fields(names: &[String]) -> Option<Regex> {
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.iter().map(|name| regex::escape(name)).collect();
    let names = names.join("|");
    let json = format!(r#"("(?:{names})"\s*:\s*")((?:[^"\\]|\\.)+)"#);
    let form = format!(r#"(\b(?:{names})=)([^&\s"'<>;,]+)"#);
    Some(Regex::new(&format!("{json}|{form}")).expect("escaped names make an expression"))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_secret_has_the_same_fingerprint_in_headers_fields_and_text() {
        let redactor = Redactor::new(Policy::default());
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
        let redactor = Redactor::new(Policy::default());
        let (ann, dark) = (redactor.fingerprint("token-of-ann"), redactor.fingerprint("dark"));
        let sent = redactor.header(None, "cookie", "theme=dark; session=token-of-ann");
        assert_eq!(sent, format!("theme={dark}; session={ann}"));
        let set = redactor.header(None, "set-cookie", "session=token-of-ann; Path=/; HttpOnly");
        assert_eq!(set, format!("session={ann}; Path=/; HttpOnly"));
        assert_eq!(redactor.header(None, "set-cookie", "session=; Max-Age=0"), "session=; Max-Age=0");
    }

    #[test]
    fn encoded_secrets_are_found_too() {
        let redactor = Redactor::new(Policy::default());
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
    fn secret_fields_are_found_in_forms_queries_and_json_that_breaks_off() {
        let redactor = Redactor::new(Policy::default());
        let print = redactor.fingerprint("ab c");
        for (text, expected) in [
            (r#"{"a": 1, "password" : "ab c", "b": 2"#, format!(r#"{{"a": 1, "password" : "{print}", "b": 2"#)),
            (r#"{"token":"ab c"#, format!(r#"{{"token":"{print}"#)),
            ("/cb?token=abc&x=1", format!("/cb?token={}&x=1", redactor.fingerprint("abc"))),
            ("tokens=12; no token here", "tokens=12; no token here".into()),
        ] {
            assert_eq!(redactor.fields(None, text), expected);
        }
        redactor.learn(None, "a known secret");
        assert_eq!(
            redactor.fields(None, r#"{"token":"a known secret"#),
            format!(r#"{{"token":"{}"#, redactor.fingerprint("a known secret"))
        );
    }

    #[test]
    fn two_runs_do_not_share_fingerprints() {
        let (one, other) = (Redactor::new(Policy::default()), Redactor::new(Policy::default()));
        assert_ne!(one.fingerprint("the same secret"), other.fingerprint("the same secret"));
    }
}
