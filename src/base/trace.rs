//! W3C Trace Context and Baggage: how an exchange says which scenario it belongs to, and how a scenario scopes its clock.

use std::fmt;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::uri;
use crate::model::TraceId;

/// The header that names the trace.
pub const TRACEPARENT: &str = "traceparent";
/// The header that carries named values along the trace.
pub const BAGGAGE: &str = "baggage";

/// The `traceparent` header of a request that belongs to `trace`; `span` is any number but 0.
pub fn traceparent(trace: TraceId, span: u64) -> String {
    format!("00-{trace}-{:016x}-01", span.max(1))
}

/// The trace a `traceparent` names; `None` where the header is not of the form the standard gives it.
pub fn trace_of(traceparent: &str) -> Option<TraceId> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !hex(version, 2) || version.eq_ignore_ascii_case("ff") || !hex(trace, 32) || !hex(span, 16) {
        return None;
    }
    trace.parse().ok().filter(|trace: &TraceId| trace.0 != 0)
}

/// What the standard does not allow in a value of baggage.
const NOT_IN_BAGGAGE: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b',').add(b';').add(b'\\').add(b'%');

/// Returns the value that the headers of a request carry under this name in their baggage, decoded.
pub fn in_baggage(headers: &[(String, String)], name: &str) -> Option<String> {
    let lines = headers.iter().filter(|(header, _)| header == BAGGAGE);
    lines.flat_map(|(_, line)| line.split(',')).find_map(|member| {
        // Properties of the member follow after a semicolon.
        let (key, value) = member.split(';').next()?.split_once('=')?;
        if key.trim() == name { Some(uri::decode(value.trim()).into_owned()) } else { None }
    })
}

/// Named values that travel with every request of a scenario.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baggage(Vec<(String, String)>);

impl Baggage {
    /// Sets a value, replacing an earlier one of the same name.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.into(), value.into()));
    }

    /// Whether there is nothing to carry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Baggage {
    /// The header's value; what the standard does not allow in a value is percent-encoded.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            write!(f, "{name}={}", utf8_percent_encode(value, NOT_IN_BAGGAGE))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_back() {
        let trace = TraceId(0xabc);
        assert_eq!(trace_of(&traceparent(trace, 7)), Some(trace));
    }

    #[test]
    fn malformed_traceparents_belong_to_nobody() {
        for text in ["", "00-0-0-01", "ff-00000000000000000000000000000abc-0000000000000001-01", "nonsense"] {
            assert_eq!(trace_of(text), None, "{text}");
        }
        assert_eq!(trace_of("00-00000000000000000000000000000000-0000000000000001-01"), None);
    }

    #[test]
    fn baggage_escapes_what_the_header_cannot_hold() {
        let mut baggage = Baggage::default();
        baggage.set("clock", "+3600");
        baggage.set("note", "a,b c");
        assert_eq!(baggage.to_string(), "clock=+3600,note=a%2Cb%20c");
    }

    #[test]
    fn what_baggage_carries_is_read_back_from_any_line_and_among_others() {
        let mut baggage = Baggage::default();
        baggage.set("clock", "+60");
        baggage.set("note", "a,b; c=ä%");
        let line = |value: &str| (BAGGAGE.to_owned(), value.to_owned());
        let headers = [line("a=1;p=x"), line(&format!("{baggage};p=x"))];
        for (name, value) in [("a", Some("1")), ("clock", Some("+60")), ("note", Some("a,b; c=ä%")), ("b", None)] {
            assert_eq!(in_baggage(&headers, name).as_deref(), value, "{name}");
        }
    }
}
