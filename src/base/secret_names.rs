//! Finds secrets by what they are called, and by how they look: values that nobody has named as secret.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::uri;

/// The headers and fields that hold secrets, whatever their value. Case, `-` and `_` do not matter: `api_key` is also `apiKey`
/// and `Api-Key`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// The names of headers.
    pub headers: Vec<String>,
    /// The names of fields, at any depth of JSON, in forms and in addresses. `card.number` is a field of a field.
    pub fields: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            headers: owned(&[
                "authorization",
                "cookie",
                "set-cookie",
                "proxy-authorization",
                "webhook-signature",
                "x-api-key",
                "api-key",
                "x-auth-token",
                "x-access-token",
                "x-csrf-token",
                "x-xsrf-token",
            ]),
            fields: owned(&[
                "password",
                "passwd",
                "pwd",
                "passphrase",
                "passcode",
                "new_password",
                "old_password",
                "current_password",
                "secret",
                "client_secret",
                "secret_key",
                "secret_access_key",
                "private_key",
                "token",
                "access_token",
                "refresh_token",
                "id_token",
                "auth_token",
                "session_token",
                "csrf_token",
                "api_token",
                "api_key",
                "api_secret",
                "credential",
                "credentials",
                "client_assertion",
                "authorization",
                "card.number",
                "card_number",
                "cvc",
                "cvv",
                "security_code",
                "otp",
            ]),
        }
    }
}

/// A policy, to be asked.
#[derive(Debug)]
pub struct SecretNames {
    headers: HashSet<String>,
    fields: HashSet<String>,
}

impl From<&Policy> for SecretNames {
    fn from(policy: &Policy) -> Self {
        let plain = |names: &[String]| names.iter().map(|name| plain(name).into_owned()).collect();
        Self { headers: plain(&policy.headers), fields: plain(&policy.fields) }
    }
}

impl SecretNames {
    /// Returns true for a header that holds a secret.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.contains(&*plain(name))
    }

    /// Returns true for a field that holds a secret. `within` is the name of the field that it belongs to.
    pub fn has_field(&self, within: Option<&str>, name: &str) -> bool {
        let name = plain(name);
        self.fields.contains(&*name)
            || within.is_some_and(|within| self.fields.contains(&format!("{}{name}", plain(within))))
    }

    /// Returns a text with the value of every secret field replaced, and everything that looks like a secret. `more` are names of
    /// fields that are secret in this text only.
    pub fn covered<'t>(&self, text: &'t str, more: &[&str], cover: &dyn Fn(&str) -> String) -> Cow<'t, str> {
        // Most headers and addresses hold no field at all.
        let text = match text.contains(['=', '"']) {
            true => replaced(&FIELD, Cow::Borrowed(text), &|found| self.field(found, more, cover)),
            false => Cow::Borrowed(text),
        };
        replaced(&LOOKS, text, &|found| {
            let value = ["whole", "password"].into_iter().find_map(|group| found.name(group))?;
            Some((value.start()..value.end(), cover(value.as_str())))
        })
    }

    fn field(&self, found: &Captures<'_>, more: &[&str], cover: &dyn Fn(&str) -> String) -> Option<Replacement> {
        let (name, value) = WAYS.iter().find_map(|(name, value)| Some((found.name(name)?, found.name(value)?)))?;
        let name = uri::decode(name.as_str());
        // The parts of `user[card][number]` and of `card.number`.
        let mut parts = name.split(['[', ']', '.']).filter(|part| !part.is_empty()).rev();
        let (last, within) = (parts.next()?, parts.next());
        // What begins so was replaced by value already.
        let is_secret = self.has_field(within, last) || more.iter().any(|more| last.eq_ignore_ascii_case(more));
        (is_secret && !value.as_str().starts_with('«')).then(|| {
            let plain = if found.name("form").is_some() { uri::decode(value.as_str()) } else { value.as_str().into() };
            (value.start()..value.end(), cover(&plain))
        })
    }
}

/// The letters and digits of a name, without regard to case.
fn plain(name: &str) -> Cow<'_, str> {
    let is_plain = |char: char| char.is_alphanumeric() && !char.is_uppercase();
    if name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect())
}

type Replacement = (std::ops::Range<usize>, String);

/// Replaces a part of every match, where `replacement` returns one.
fn replaced<'t>(
    expression: &Regex,
    text: Cow<'t, str>,
    replacement: &dyn Fn(&Captures<'_>) -> Option<Replacement>,
) -> Cow<'t, str> {
    let (mut clean, mut end) = (String::new(), 0);
    for (place, instead) in expression.captures_iter(&text).filter_map(|found| replacement(&found)) {
        clean.push_str(&text[end..place.start]);
        clean.push_str(&instead);
        end = place.end;
    }
    if end == 0 {
        return text;
    }
    clean.push_str(&text[end..]);
    Cow::Owned(clean)
}

/// The groups with name and value in [`FIELD`], one pair for each way to write a field.
const WAYS: [(&str, &str); 5] =
    [("quoted", "text"), ("quoted", "number"), ("escaped", "escaped_text"), ("form", "value"), ("part", "content")];

/// A field where there is no JSON to walk through: in forms, queries, and JSON that breaks off or stands within a text.
static FIELD: LazyLock<Regex> = LazyLock::new(|| {
    let json = r#""(?<quoted>[^"\\\r\n]{1,64})"\s*:\s*(?:"(?<text>(?:[^"\\]|\\.)+)|(?<number>-?\d[\d.eE+-]*))"#;
    let escaped = r#"\\+"(?<escaped>[^"\\\r\n]{1,64})\\+"\s*:\s*\\+"(?<escaped_text>[^"\\]+)"#;
    let part = r#"name="(?<part>[^"\r\n]{1,64})"[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n(?<content>[^\r\n]+)"#;
    let form = r#"(?<form>[A-Za-z_][\w.%\[\]-]{0,80})=(?<value>[^&\s"'<>;,\\]+)"#;
    Regex::new(&format!("{escaped}|{json}|{part}|{form}")).expect("a constant expression is right")
});

/// What looks like a secret: a signed token, a private key, a key of a payment provider, a password in an address.
static LOOKS: LazyLock<Regex> = LazyLock::new(|| {
    let token = r"\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*";
    let key = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)";
    let provider = r"\b(?:sk|rk)_(?:live|test)_\w{8,}|\bwhsec_\w{8,}";
    let address = r#"://[^/\s:@"'<>]*:(?<password>[^/\s:@"'<>«]+)@"#;
    Regex::new(&format!("(?<whole>{token}|{key}|{provider})|{address}")).expect("a constant expression is right")
});

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(text: &str) -> String {
        SecretNames::from(&Policy::default())
            .covered(text, &["code"], &|secret| format!("«{}»", secret.len()))
            .into_owned()
    }

    #[test]
    fn fields_are_found_in_every_way_to_write_them() {
        for (text, expected) in [
            (r#"{"a": 1, "Password" : "ab c", "b": 2"#, r#"{"a": 1, "Password" : "«4»", "b": 2"#),
            (r#"{"accessToken":"ab c"#, r#"{"accessToken":"«4»"#),
            (r#"{"pin": 1, "cvc": 123, "x": 1"#, r#"{"pin": 1, "cvc": «3», "x": 1"#),
            (r#""{\"token\":\"abc\",\"n\":1}""#, r#""{\"token\":\"«3»\",\"n\":1}""#),
            ("/cb?token=abc&x=1", "/cb?token=«3»&x=1"),
            ("code=ab%20c&user%5Bpassword%5D=x%2Fy", "code=«4»&user%5Bpassword%5D=«3»"),
            ("user[password]=secret&card[number]=4242&number=4", "user[password]=«6»&card[number]=«4»&number=4"),
            (
                "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\npw\r\n--b",
                "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n«2»\r\n--b",
            ),
            ("tokens=12; no token here", "tokens=12; no token here"),
            (r#"<input name="token" value="x">"#, r#"<input name="token" value="x">"#),
        ] {
            assert_eq!(covered(text), expected);
        }
    }

    #[test]
    fn what_looks_like_a_secret_is_one_under_any_name() {
        let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.c2lnbmVk";
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----";
        for (text, expected) in [
            (format!("see {jwt}."), format!("see «{}».", jwt.len())),
            (format!("{key} and"), format!("«{}» and", key.len())),
            (key[..50].to_owned(), "«50»".to_owned()),
            ("postgres://ann:pw@db/x".to_owned(), "postgres://ann:«2»@db/x".to_owned()),
            ("key sk_live_abcdefgh1 here".to_owned(), "key «17» here".to_owned()),
            ("http://shop:8080/a@b and eyJ".to_owned(), "http://shop:8080/a@b and eyJ".to_owned()),
        ] {
            assert_eq!(covered(&text), expected);
        }
    }
}
