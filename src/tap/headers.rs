//! The changes that a tap makes to the headers that pass through it. All other headers pass unchanged.
//!
//! - Hop-by-hop fields end here (RFC 9110 §7.6.1): they speak of one connection, and there are two. `TE: trailers` is said
//!   anew, because trailers do pass. An `Upgrade` is thereby declined as the RFC lets any server decline it: the callee
//!   answers the plain request.
//! - `Expect: 100-continue` is answered by the tap, so it has been used up.
//! - `Accept-Encoding` is taken out of requests, so that bodies can be recorded readable without ever inflating one. On
//!   loopback nothing is lost.
//! - `Host` becomes the callee's: a callee that serves several names would not know the tap's. In turn a `Location` that names
//!   the callee's origin is pointed back at the tap; the caller would otherwise walk past it.

use http::header::{
    ACCEPT_ENCODING, CONNECTION, EXPECT, HOST, HeaderMap, HeaderName, HeaderValue, LOCATION, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};

const HOP_BY_HOP: [HeaderName; 8] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// Makes the headers of a request fit for the callee at `host`.
pub(super) fn onward(headers: &mut HeaderMap, host: Option<&HeaderValue>) {
    let trailers = headers.get_all(TE).iter().any(|te| mentions(te, "trailers"));
    strip_hop_by_hop(headers);
    headers.remove(EXPECT);
    headers.remove(ACCEPT_ENCODING);
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(host) = host {
        headers.insert(HOST, host.clone());
    }
}

/// Makes the headers of a response fit for the caller: `theirs` is the callee's origin, `ours` the tap's.
pub(super) fn homeward(headers: &mut HeaderMap, theirs: &str, ours: &str) {
    strip_hop_by_hop(headers);
    let Some(location) = headers.get(LOCATION).and_then(|location| location.to_str().ok()) else { return };
    let Some(rest) = location.strip_prefix(theirs) else { return };
    if !(rest.is_empty() || rest.starts_with(['/', '?', '#'])) {
        return;
    }
    if let Ok(location) = HeaderValue::try_from(format!("{ours}{rest}")) {
        headers.insert(LOCATION, location);
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    // Looked up first, although `remove` alone would do: removing reorders the map, and most requests have none of these.
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|name| HeaderName::try_from(name.trim()).ok())
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn mentions(value: &HeaderValue, word: &str) -> bool {
    value.to_str().is_ok_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn fields_that_the_connection_names_end_at_the_tap() {
        let mut headers = map(&[("connection", "close, X-Hop"), ("x-hop", "1"), ("keep-alive", "5"), ("x-end", "2")]);
        onward(&mut headers, Some(&HeaderValue::from_static("callee:1")));
        assert_eq!(headers, map(&[("x-end", "2"), ("host", "callee:1")]));
    }

    #[test]
    fn a_location_at_the_callee_is_pointed_back_at_the_tap_and_others_are_left() {
        for (location, expected) in [
            ("http://callee:80/done?x=1", "http://tap:1/done?x=1"),
            ("http://callee:8080/done", "http://callee:8080/done"),
            ("/done", "/done"),
        ] {
            let mut headers = map(&[("location", location)]);
            homeward(&mut headers, "http://callee:80", "http://tap:1");
            assert_eq!(headers[LOCATION], expected);
        }
    }
}
