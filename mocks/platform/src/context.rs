//! The context of a request: its trace, its clock, its caller, and the credentials that the caller presents.
//!
//! [`Context`] is an extractor, and the only way to make an outgoing call ([`crate::http`]) is to hand one in. So a
//! handler cannot forget to pass anything on. [`Propagated`] is the part that survives the request: with an outbox row, with
//! a job.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::request::Parts;
use jiff::SignedDuration;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};

use crate::clock::{Clocks, Time};
use crate::defect_log::DefectLog;
use crate::defects;
use crate::problem::{Code, Problem};
use crate::service::ServiceCore;
use crate::session::{self, Member, Role};
use crate::settings::ServiceName;
use crate::signing;

/// The header that names a fellow service; its value is the admin token.
pub const SERVICE_TOKEN: &str = "service-token";
/// The header with the purchase credential, or several with commas between them.
pub const PURCHASE_CREDENTIAL: &str = "purchase-credential";
/// The storefront's cookie with the session.
pub const SESSION_COOKIE: &str = "session";

const CLOCK_MEMBER: &str = "atelier.clock";
const DEFECT_MEMBER: &str = "atelier.defect";
/// The clock moves by at most a century.
const FURTHEST: f64 = 100.0 * 366.0 * 86_400.0;

/// The kind of neighbour that is called, which decides what it may learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A fellow service, which gets the member's session and credential too.
    Platform,
    /// The worker or the flag provider, which gets the trace, and nobody's identity.
    Outside,
}

/// The part of a request's context that survives it, with an outbox row or a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Propagated {
    pub traceparent: String,
    pub tracestate: Option<String>,
    pub baggage: Option<String>,
    /// The member's session, as a value of the header.
    pub authorization: Option<String>,
    /// The purchase credential that the member presented.
    pub credential: Option<String>,
}

#[derive(Clone, Debug)]
enum Caller {
    Anonymous,
    Member(Member),
    Admin,
    Refused(Code),
}

/// The context of a request.
#[derive(Clone, Debug)]
pub struct Context {
    propagated: Propagated,
    idempotency_key: Option<String>,
    caller: Caller,
    fellow: bool,
    admin_token: String,
    /// The test clocks; `None` outside test mode.
    clocks: Option<Arc<Clocks>>,
    offset: SignedDuration,
    /// Work that has outlived its request follows its trace's clock instead of its own.
    background: bool,
    defects: Vec<String>,
    defect_log: Arc<DefectLog>,
}

impl Context {
    /// Reads a request. The clock in it is remembered for its trace, unless it comes with an event: that is an echo of an
    /// earlier request, and the trace may have moved on.
    fn read(core: &ServiceCore, headers: &HeaderMap, path: &str) -> Result<Self, Problem> {
        let mut context = Self::peek(core, headers)?;
        context.idempotency_key = text(headers, "idempotency-key");
        context.fellow |=
            text(headers, SERVICE_TOKEN).is_some_and(|token| signing::same_secret(&core.settings.admin_token, &token));
        if let Some(clocks) = &context.clocks
            && path != crate::event::PATH
        {
            clocks.note(context.trace_id(), context.offset);
        }
        Ok(context)
    }

    /// Reads the context of a request, and notes nothing.
    pub(crate) fn peek(core: &ServiceCore, headers: &HeaderMap) -> Result<Self, Problem> {
        // Baggage may come in several header lines, which mean the same as one with commas.
        let baggage: Vec<_> = headers.get_all("baggage").iter().filter_map(|line| line.to_str().ok()).collect();
        let mut authorization = text(headers, AUTHORIZATION.as_str());
        if authorization.is_none() && core.name == ServiceName::Storefront {
            authorization = session_cookie(headers).map(|token| format!("Bearer {token}"));
        }
        let propagated = Propagated {
            traceparent: text(headers, "traceparent").unwrap_or_else(crate::ids::traceparent),
            tracestate: text(headers, "tracestate"),
            baggage: (!baggage.is_empty()).then(|| baggage.join(",")),
            authorization,
            credential: text(headers, PURCHASE_CREDENTIAL),
        };
        Self::build(core, propagated, false)
    }

    /// Makes the context of work that has outlived its request.
    ///
    /// # Errors
    /// `invalid-request` if the clock or a defect in the baggage cannot be read, which a request with it would have been
    /// told.
    pub(crate) fn revive(core: &ServiceCore, propagated: Propagated) -> Result<Self, Problem> {
        Self::build(core, propagated, true)
    }

    fn build(core: &ServiceCore, propagated: Propagated, background: bool) -> Result<Self, Problem> {
        let mut context = Self {
            propagated,
            idempotency_key: None,
            caller: Caller::Anonymous,
            fellow: false,
            admin_token: core.settings.admin_token.clone(),
            clocks: None,
            offset: SignedDuration::ZERO,
            background,
            defects: Vec::new(),
            defect_log: core.defect_log.clone(),
        };
        if core.settings.test_mode {
            context.clocks = Some(core.clocks.clone());
            if let Some(offset) = context.baggage_member(CLOCK_MEMBER) {
                context.offset = parse_offset(&offset)?;
            }
            // A double has no defects, and so need not know whether one that is named exists.
            if let Some(defects) = context.baggage_member(DEFECT_MEMBER)
                && !core.is_in_process()
            {
                context.defects = parse_defects(&defects)?;
            }
        }
        context.caller = context.identify(core);
        context.fellow = matches!(context.caller, Caller::Admin);
        Ok(context)
    }

    fn identify(&self, core: &ServiceCore) -> Caller {
        let Some(authorization) = &self.propagated.authorization else { return Caller::Anonymous };
        let Some(token) = authorization.strip_prefix("Bearer ") else { return Caller::Refused(Code::SignedOut) };
        // Before the session is read: the administrator's token is none.
        if signing::same_secret(&core.settings.admin_token, token) {
            return Caller::Admin;
        }
        match session::verify(&core.settings.session_key, token, self.now()) {
            Ok(member) => Caller::Member(member),
            Err(problem) => Caller::Refused(problem.code),
        }
    }

    /// Returns the time for this request: the wall clock, moved as the baggage says.
    pub fn now(&self) -> Time {
        Time::ahead(self.current_offset())
    }

    fn current_offset(&self) -> SignedDuration {
        match &self.clocks {
            Some(clocks) if self.background => clocks.latest(self.trace_id()).unwrap_or(self.offset),
            Some(_) | None => self.offset,
        }
    }

    /// Says whether a defect is switched on for this request. Ask where the defect would do its harm, and not before: the answers
    /// of this trace say from now on that its code was reached.
    pub fn defect(&self, id: &str) -> bool {
        let is_on = self.is_on(id);
        if is_on || self.is_on(defects::PLACES) {
            self.defect_log.note(self.trace_id(), id);
        }
        is_on
    }

    /// Says whether the baggage names a defect, without noting that its code was reached.
    pub(crate) fn is_on(&self, id: &str) -> bool {
        self.defects.iter().any(|defect| defect == id)
    }

    pub fn trace_id(&self) -> &str {
        trace_id(&self.propagated.traceparent)
    }

    /// Returns the part of the context that outlives this request.
    pub fn propagated(&self) -> &Propagated {
        &self.propagated
    }

    pub(crate) fn without_credential(&self) -> Self {
        let mut context = self.clone();
        context.propagated.credential = None;
        context
    }

    pub fn credentials(&self) -> Vec<&str> {
        let presented = self.propagated.credential.as_deref().unwrap_or_default();
        presented.split(',').map(str::trim).filter(|credential| !credential.is_empty()).collect()
    }

    /// Returns the member who calls.
    pub fn member(&self) -> Result<&Member, Problem> {
        match &self.caller {
            Caller::Member(member) => Ok(member),
            Caller::Anonymous => Err(Code::SignedOut.into()),
            Caller::Refused(code) => Err((*code).into()),
            Caller::Admin => Err(Problem::because(Code::Forbidden, "Only a member can do this: sign in as one.")),
        }
    }

    /// Returns the member who calls, or `None` if nobody is signed in.
    pub fn visitor(&self) -> Result<Option<&Member>, Problem> {
        match &self.caller {
            Caller::Member(member) => Ok(Some(member)),
            Caller::Anonymous | Caller::Admin => Ok(None),
            Caller::Refused(code) => Err((*code).into()),
        }
    }

    /// Returns the name of the moderator or administrator who calls.
    pub fn moderator(&self) -> Result<&str, Problem> {
        match &self.caller {
            Caller::Admin => Ok("admin"),
            Caller::Member(member) => match member.role {
                Role::Moderator => Ok(&member.id),
                Role::Member if self.defect("gw.admin-open") => Ok(&member.id), // DEFECT: every member counts as one
                Role::Member => Err(Code::Forbidden.into()),
            },
            Caller::Anonymous => Err(Code::SignedOut.into()),
            Caller::Refused(code) => Err((*code).into()),
        }
    }

    /// Lets only the administrator pass.
    pub fn admin(&self) -> Result<(), Problem> {
        match &self.caller {
            Caller::Admin => Ok(()),
            Caller::Member(_) => Err(Code::Forbidden.into()),
            Caller::Anonymous => Err(Code::SignedOut.into()),
            Caller::Refused(code) => Err((*code).into()),
        }
    }

    /// Lets only a fellow service (or the administrator) pass: for routes that set terms and prices or give money back,
    /// on which a member's own session must not be enough.
    pub fn fellow(&self) -> Result<(), Problem> {
        if self.fellow { Ok(()) } else { Err(Code::Forbidden.into()) }
    }

    /// Returns the key under which this request is done at most once.
    ///
    /// # Errors
    /// `idempotency-key-missing`, also if it is not 1 to 255 characters long.
    pub fn idempotency_key(&self) -> Result<&str, Problem> {
        match self.idempotency_key.as_deref() {
            Some(key) if (1..=255).contains(&key.len()) => Ok(key),
            Some(_) | None => Err(Code::IdempotencyKeyMissing.into()),
        }
    }

    /// Puts the context onto an outgoing call.
    pub(crate) fn apply(&self, mut request: RequestBuilder, audience: Audience) -> RequestBuilder {
        let Propagated { traceparent, tracestate, authorization, credential, .. } = &self.propagated;
        request = request.header("traceparent", traceparent);
        // The idempotency key is not among them: each call is an operation of its own, and names its key itself.
        let mut headers = vec![("tracestate", tracestate.clone()), ("baggage", self.current_baggage())];
        if audience == Audience::Platform {
            headers.push(("authorization", authorization.clone()));
            headers.push((PURCHASE_CREDENTIAL, credential.clone()));
            headers.push((SERVICE_TOKEN, Some(self.admin_token.clone())));
        }
        for (name, value) in headers {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }

    /// Returns the baggage as it came; only if the trace's clock was moved since then, with the present clock.
    fn current_baggage(&self) -> Option<String> {
        let offset = self.current_offset();
        if offset == self.offset {
            return self.propagated.baggage.clone();
        }
        let rest = self.propagated.baggage.as_deref().unwrap_or_default().split(',').filter(|member| {
            !member.trim().is_empty() && member.split('=').next().map(str::trim) != Some(CLOCK_MEMBER)
        });
        let clock = format!("{CLOCK_MEMBER}={:+}", offset.as_secs_f64());
        Some(rest.map(str::to_owned).chain([clock]).collect::<Vec<_>>().join(","))
    }

    fn baggage_member(&self, name: &str) -> Option<String> {
        self.propagated.baggage.as_deref()?.split(',').find_map(|member| {
            let (key, value) = member.split_once('=')?;
            let value = value.split(';').next().unwrap_or_default();
            (key.trim() == name).then(|| percent_decode(value.trim()))
        })
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&core_of(parts), &parts.headers, parts.uri.path())
    }
}

/// Returns the core of the service that a request came to.
pub(crate) fn core_of(parts: &Parts) -> Arc<ServiceCore> {
    parts.extensions.get().cloned().expect("invariant: `complete` gives every request its service's core")
}

pub(crate) fn trace_id(traceparent: &str) -> &str {
    traceparent.split('-').nth(1).unwrap_or(traceparent)
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn session_cookie(headers: &HeaderMap) -> Option<String> {
    headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';')).find_map(
        |cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == SESSION_COOKIE).then(|| value.to_owned())
        },
    )
}

fn parse_offset(text: &str) -> Result<SignedDuration, Problem> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() <= FURTHEST).ok_or_else(|| {
        Problem::because(Code::InvalidRequest, format!("The baggage says {CLOCK_MEMBER}={text:?}: not seconds."))
    })?;
    SignedDuration::try_from_secs_f64(seconds).map_err(|_| Code::InvalidRequest.into())
}

/// A defect that is not known is refused: a run that believes it is on would be green for the wrong reason.
fn parse_defects(text: &str) -> Result<Vec<String>, Problem> {
    let ids: Vec<_> = text.split('+').map(str::to_owned).collect();
    match ids.iter().find(|id| !defects::is_known(id) && *id != defects::PLACES) {
        None => Ok(ids),
        Some(unknown) => {
            let detail = format!("The baggage says {DEFECT_MEMBER}={text:?}: there is no defect {unknown:?}.");
            Err(Problem::because(Code::InvalidRequest, detail))
        }
    }
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).filter(|_| first == b'%');
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The trace id of a request. Unlike a [`Context`] it can always be read.
pub(crate) struct TraceId(pub(crate) String);

impl<S: Sync> FromRequestParts<S> for TraceId {
    type Rejection = Infallible;

    /// Gives a request without a `traceparent` one, so that everything that it causes has the same.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let traceparent = match parts.headers.get("traceparent").and_then(|value| value.to_str().ok()) {
            Some(traceparent) => traceparent.to_owned(),
            None => {
                let fresh = crate::ids::traceparent();
                parts
                    .headers
                    .insert("traceparent", fresh.parse().expect("invariant: hex and dashes are visible ASCII"));
                fresh
            }
        };
        Ok(Self(trace_id(&traceparent).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn read(test_mode: bool, headers: &[(&'static str, &str)]) -> Result<Context, Problem> {
        let core = ServiceCore::new(ServiceName::Billing, Settings { test_mode, ..Settings::default() });
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Context::read(&core, &map, "/")
    }

    #[test]
    fn the_baggage_moves_the_clock_and_names_defects_in_test_mode_only() {
        let baggage = ("baggage", "a=b, atelier.clock=%2B93600.5;p=1 ,atelier.defect=gw.header-strip+led.refund-twice");
        let context = read(true, &[baggage]).unwrap();
        assert_eq!(context.offset, SignedDuration::from_millis(93_600_500));
        let on = ["gw.header-strip", "led.refund-twice", "ev.unsigned"].map(|id| context.defect(id));
        assert_eq!(on, [true, true, false]);
        let context = read(false, &[baggage]).unwrap();
        assert_eq!(context.offset, SignedDuration::ZERO);
        assert!(!context.defect("gw.header-strip"));
    }

    #[test]
    fn a_clock_that_cannot_be_read_is_refused_and_not_ignored() {
        for clock in ["tomorrow", "NaN", "inf", "1e300", ""] {
            let baggage = format!("atelier.clock={clock}");
            assert_eq!(read(true, &[("baggage", &baggage)]).unwrap_err().code, Code::InvalidRequest, "{clock}");
        }
    }

    #[test]
    fn a_defect_that_is_not_known_is_refused_in_test_mode_and_ignored_outside() {
        for defects in ["gw.headerstrip", "gw.header-strip+", ""] {
            let baggage = format!("atelier.defect={defects}");
            let refused = read(true, &[("baggage", &baggage)]).unwrap_err();
            assert_eq!(refused.code, Code::InvalidRequest, "{defects:?}");
            assert!(read(false, &[("baggage", &baggage)]).is_ok(), "{defects:?}");
        }
    }

    #[test]
    fn places_are_named_and_nothing_is_broken() {
        let context = read(true, &[("baggage", "atelier.defect=?")]).unwrap();
        assert!(!context.defect("gw.header-strip"));
        assert_eq!(context.defect_log.of(context.trace_id()).as_deref(), Some("gw.header-strip"));
        let context = read(true, &[]).unwrap();
        assert!(!context.defect("gw.header-strip"));
        assert_eq!(context.defect_log.of(context.trace_id()), None);
    }

    #[test]
    fn work_that_outlives_its_request_follows_the_clock_of_its_trace() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let headers = [("traceparent", traceparent), ("baggage", "x=1,atelier.clock=+10")];
        let mut context = read(true, &headers).unwrap();
        assert_eq!(context.current_baggage().as_deref(), Some("x=1,atelier.clock=+10"));
        context.clocks.as_ref().unwrap().note(context.trace_id(), SignedDuration::from_secs(20));
        assert_eq!(context.current_offset(), SignedDuration::from_secs(10), "a request keeps its own time");
        context.background = true;
        assert_eq!(context.current_offset(), SignedDuration::from_secs(20));
        assert_eq!(context.current_baggage().as_deref(), Some("x=1,atelier.clock=+20"));
    }
}
