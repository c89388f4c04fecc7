//! Query strings, cookies and percent coding: the one reader and the one writer of each.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// All but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The characters that stand nowhere in a URL.
const UNSAFE: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Percent-encodes what a URL cannot hold, and leaves everything else as it is.
pub fn encode_unsafe(url: &str) -> String {
    utf8_percent_encode(url, UNSAFE).to_string()
}

/// Decodes a segment of a path, or the value of a header. A plus is a plus.
pub fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Returns the parameters in the query of a request target, decoded as forms are: a plus is a blank.
pub fn query(target: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.split('#').next().unwrap_or_default().as_bytes())
}

/// Returns the cookies in the headers of a request, as name and value. A cookie without a name has an empty one.
pub fn cookies(headers: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.iter().filter(|(name, _)| name == "cookie");
    let cookies = lines.flat_map(|(_, line)| line.split(';')).map(str::trim).filter(|cookie| !cookie.is_empty());
    cookies.map(|cookie| cookie.split_once('=').unwrap_or(("", cookie)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_decoded_as_forms_are_and_a_path_is_not() {
        let read: Vec<_> = query("/a+b?id=%C3%A4%2B1&filter%5Bname%5D=a+b&flag&&x=#end").collect();
        let expected = [("id", "ä+1"), ("filter[name]", "a b"), ("flag", ""), ("x", "")];
        assert_eq!(read, expected.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(decode("a+b%20c%2Fd%"), "a+b c/d%");
    }

    #[test]
    fn what_was_encoded_is_read_back() {
        for text in ["ver 7/ä", "a+b&c=d", "«secret 1»", "100%"] {
            assert_eq!(decode(&encode(text)), text);
            assert_eq!(query(&format!("/?x={}", encode(text))).next().unwrap().1, text);
        }
        assert_eq!(encode("a-b._~"), "a-b._~");
        assert_eq!(encode_unsafe("/a%20b?c={d}|\"ä\""), "/a%20b?c=%7Bd%7D%7C%22%C3%A4%22");
    }

    #[test]
    fn cookies_are_found_in_all_lines() {
        let line = |value: &str| ("cookie".to_owned(), value.to_owned());
        let headers = [line("theme=dark; session=a=b"), ("x".into(), "session=no".into()), line("bare;;last=1")];
        let read: Vec<_> = cookies(&headers).collect();
        assert_eq!(read, [("theme", "dark"), ("session", "a=b"), ("", "bare"), ("last", "1")]);
    }
}
