//! Small histories of a paid path, in the wire of the reference platform: told in the words of the path, then broken.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::model::{Body, Content, Edge, Exchange, Finding, Outcome, Request, Response, RuleId, TraceId, Trail};
use crate::trail::{Evidence, EvidenceInputs, Judgement, KnownMember, KnownVersion, Mapping, Participants, TimeBounds};
use crate::trail::{Judge, RULES, Rule, rule};

/// The one model version of all histories; early access ends seven days after the start.
const VERSION: &str = "ver_dusk";
const SECOND: u64 = 1_000_000;

/// A history that is being told. Everything in it is as it should be until it is edited.
#[derive(Clone)]
pub struct History {
    pub participants: Participants,
    pub exchanges: Vec<Exchange>,
    /// Microseconds since the start of the run.
    pub at: u64,
    /// Seconds by which the scenario's clock is ahead.
    pub ahead: f64,
    /// When it is judged; a long time after its end unless set.
    pub judged_at: Option<u64>,
    next: u64,
    wallets: BTreeMap<String, i64>,
    granted: BTreeSet<String>,
    revoked: BTreeSet<String>,
    trying: BTreeSet<String>,
    price: i64,
}

impl History {
    /// Ann and Sam with 500 credits, the moderator Mo, and Dusk, which Cora sells for 120 credits.
    pub fn new() -> Self {
        let person = |name: &str| KnownMember {
            name: name.into(),
            id: format!("mem_{name}"),
            moderator: name == "Mo",
            sessions: vec![session(name)],
        };
        let participants = Participants {
            members: ["Ann", "Sam", "Mo", "Cora"].into_iter().map(person).collect(),
            versions: vec![KnownVersion { name: "Dusk".into(), id: VERSION.into() }],
            forged: vec!["«secret forged»".into()],
            secrets: vec!["«secret admin»".into()],
        };
        let mut history = Self {
            participants,
            exchanges: Vec::new(),
            at: SECOND,
            ahead: 0.0,
            judged_at: None,
            next: 0,
            wallets: BTreeMap::new(),
            granted: BTreeSet::new(),
            revoked: BTreeSet::new(),
            trying: BTreeSet::new(),
            price: 120,
        };
        history.tops_up("Ann", 500);
        history.tops_up("Sam", 500);
        history.offers(120, &moment(7 * 86_400));
        history.passes(3);
        history
    }

    /// Time passes, on every clock.
    pub fn passes(&mut self, seconds: u64) -> &mut Self {
        self.at += seconds * SECOND;
        self
    }

    /// The scenario's own clock is set ahead.
    pub fn set_clock(&mut self, ahead: f64) -> &mut Self {
        self.ahead = ahead;
        self
    }

    pub fn offers(&mut self, price: i64, ends_at: &str) -> &mut Self {
        self.price = price;
        let terms = json!({"ends_at": ends_at, "generation": {"price": price}});
        self.during("member -> storefront POST /v1/models", "Cora", json!({"version": {"early_access": terms}}), |h| {
            let gate = json!({"owner": "mem_Cora", "ends_at": ends_at, "status": "published"});
            h.call("storefront -> entitlement PUT /v1/gates/ver_dusk", "Cora", gate, 200, json!({}));
            (201, json!({"version_id": VERSION}))
        })
    }

    pub fn tops_up(&mut self, who: &str, amount: i64) -> &mut Self {
        *self.wallets.entry(who.into()).or_default() += amount;
        let answer = json!({"id": self.id("top"), "amount": amount, "balance": self.wallets[who]});
        let body = json!({"amount": amount});
        self.during("member -> storefront POST /v1/wallet/top-ups", who, body.clone(), |h| {
            h.call("storefront -> billing POST /v1/top-ups", who, body, 201, answer.clone());
            (201, answer)
        });
        let key = self.id("key");
        self.last_with_key(2, &key)
    }

    pub fn looks_into_wallet(&mut self, who: &str) -> &mut Self {
        let answer = json!({"balance": self.wallets.get(who).copied().unwrap_or_default()});
        self.during("member -> storefront GET /v1/wallet", who, Value::Null, |h| {
            h.call("storefront -> billing GET /v1/accounts/me", who, Value::Null, 200, answer.clone());
            (200, answer)
        })
    }

    pub fn flags(&mut self, who: &str) {
        for flag in ["early-access-sales", "generation"] {
            let request = format!("storefront -> flags POST /ofrep/v1/evaluate/flags/{flag}");
            self.call(&request, "", json!({"context": {"targetingKey": who}}), 200, json!({"value": true}));
        }
    }

    pub fn quotes(&mut self, who: &str) -> String {
        let (id, price) = (self.id("quo"), self.price);
        let body = json!({"version": VERSION, "right": "generation"});
        let answer = json!({"id": id, "amount": price});
        self.during("member -> storefront POST /v1/quotes", who, body.clone(), |h| {
            h.flags(who);
            h.call("storefront -> billing POST /v1/quotes", who, body, 201, answer.clone());
            (201, answer)
        });
        id
    }

    /// A purchase with everything that follows from it.
    pub fn buys(&mut self, who: &str) -> &mut Self {
        let quote = self.quotes(who);
        let key = self.id("key");
        self.orders(who, &quote, &key)
    }

    pub fn orders(&mut self, who: &str, quote: &str, key: &str) -> &mut Self {
        let (purchase, price) = (self.id("pur"), self.price);
        *self.wallets.entry(who.into()).or_default() -= price;
        let answer = json!({
            "id": purchase, "quote": quote, "member": format!("mem_{who}"), "version": VERSION, "right": "generation",
            "amount": price, "expires_at": null,
        });
        let body = json!({"quote": quote});
        self.during("member -> storefront POST /v1/purchases", who, body.clone(), |h| {
            h.flags(who);
            h.call("storefront -> billing POST /v1/purchases", who, body, 201, answer.clone());
            (201, answer)
        });
        self.last_with_key(4, key);
        self.tells("completed", who, &purchase);
        self.syncs("granted", who);
        self.granted.insert(who.into());
        self.revoked.remove(who);
        self
    }

    /// Billing tells entitlement.
    pub fn tells(&mut self, what: &str, who: &str, purchase: &str) -> &mut Self {
        let (event, sequence) = (self.id("evt"), format!("{:012}", self.next));
        let data = json!({
            "purchase": purchase, "member": format!("mem_{who}"), "version": VERSION, "right": "generation",
            "rights": ["generate"], "amount": self.price, "full": true,
        });
        let body = self.event(&event, &format!("atelier.purchase.{what}"), &sequence, who, &data);
        self.call("billing -> entitlement POST /v1/events", "", body, 202, json!({"accepted": true}));
        self.sign();
        self
    }

    /// Entitlement tells generation.
    pub fn syncs(&mut self, state: &str, who: &str) -> &mut Self {
        let (event, sequence) = (self.id("evt"), format!("{:012}", self.next));
        let data = json!({"member": format!("mem_{who}"), "version": VERSION, "grant": "grt_1", "state": state});
        let body = self.event(&event, "atelier.access.changed", &sequence, who, &data);
        self.call("entitlement -> generation POST /v1/events", "", body, 202, json!({"accepted": true}));
        self.sign();
        self
    }

    fn event(&self, id: &str, kind: &str, sequence: &str, who: &str, data: &Value) -> Value {
        json!({"id": id, "type": kind, "subject": format!("mem_{who}/{VERSION}"), "sequence": sequence, "data": data})
    }

    fn sign(&mut self) {
        let at = epoch().as_second() + i64::try_from(self.at / SECOND).unwrap() + self.ahead as i64;
        let headers = &mut self.exchanges.last_mut().unwrap().request.headers;
        headers.push(("webhook-signature".into(), "«secret signature»".into()));
        headers.push(("webhook-timestamp".into(), at.to_string()));
    }

    /// Whether the platform lets a member in now.
    fn lets_in(&self, who: &str) -> bool {
        matches!(who, "Mo" | "Cora")
            || (self.granted.contains(who) && !self.revoked.contains(who))
            || self.trying.contains(who)
    }

    /// ⑤ What may I do?
    pub fn asks(&mut self, who: &str) -> &mut Self {
        let yes = self.lets_in(who);
        let bought = self.granted.contains(who) || self.trying.contains(who);
        let reason = if self.revoked.contains(who) { "access-revoked" } else { "purchase-required" };
        let answer = json!({
            "generate": yes, "download": matches!(who, "Mo" | "Cora"), "basis": if yes { "purchase" } else { "none" },
            "reason": if yes { Value::Null } else { reason.into() },
            "credential": if yes && bought { credential(who).into() } else { Value::Null },
        });
        self.during("member -> storefront GET /v1/versions/ver_dusk/access", who, Value::Null, |h| {
            h.call("storefront -> entitlement GET /v1/access?version=ver_dusk", who, Value::Null, 200, answer.clone());
            (200, answer)
        })
    }

    /// ⑥ and ⑦: asks for one image. Gives the job, if there is one.
    pub fn submits(&mut self, who: &str) -> String {
        let key = self.id("key");
        self.submits_with(who, &key, &credential(who))
    }

    pub fn submits_with(&mut self, who: &str, key: &str, presented: &str) -> String {
        let (job, yes) = (self.id("job"), self.lets_in(who));
        let shown = self.granted.contains(who) || self.trying.contains(who) || presented != credential(who);
        let body = json!({"resources": [{"version": VERSION}], "prompt": "dusk", "quantity": 1});
        let answer = match yes {
            true => (202, json!({"id": job, "cost": 5, "quantity": 1, "status": "unassigned"})),
            false => (403, json!({"code": "purchase-required", "detail": "Buy it."})),
        };
        let first = self.exchanges.len();
        self.during("member -> storefront POST /v1/jobs", who, body.clone(), |h| {
            h.during("storefront -> generation POST /v1/jobs", who, body, |h| {
                h.may_they(who, &job);
                if yes {
                    h.bills(who, &job);
                }
                answer.clone()
            });
            answer
        });
        for exchange in &mut self.exchanges[first..] {
            let to = exchange.edge.to.as_str();
            if exchange.request.path() == "/v1/jobs" {
                exchange.request.headers.push(("idempotency-key".into(), key.into()));
            }
            if shown && matches!(to, "storefront" | "generation" | "entitlement") {
                exchange.request.headers.push(("purchase-credential".into(), presented.into()));
            }
        }
        job
    }

    /// ⑦ May they?
    pub fn may_they(&mut self, who: &str, job: &str) {
        let yes = self.lets_in(who);
        let body = json!({
            "subject": {"id": format!("mem_{who}")}, "resource": {"id": VERSION}, "context": {"use": job},
        });
        let reason = if yes { Value::Null } else { "purchase-required".into() };
        let answer =
            json!({"decision": yes, "context": {"basis": if yes { "purchase" } else { "none" }, "reason": reason}});
        self.call("generation -> entitlement POST /access/v1/evaluation", who, body, 200, answer);
    }

    pub fn bills(&mut self, who: &str, job: &str) {
        *self.wallets.entry(who.into()).or_default() -= 5;
        let answer = json!({"id": format!("chg_{job}"), "job": job, "amount": 5, "member": format!("mem_{who}")});
        let body = json!({"job": job, "amount": 5});
        self.call("generation -> billing POST /v1/charges", who, body, 201, answer);
        self.last_with_key(1, job);
    }

    /// The job's money comes back.
    pub fn repays(&mut self, who: &str, job: &str) -> &mut Self {
        *self.wallets.entry(who.into()).or_default() += 5;
        let request = format!("generation -> billing POST /v1/charges/chg_{job}/refunds");
        let answer = json!({"id": self.id("ref"), "amount": 5, "charge": format!("chg_{job}")});
        self.call(&request, who, json!({"amount": 5}), 201, answer);
        self.last_with_key(1, job)
    }

    /// ⑧ The worker.
    pub fn renders(&mut self, job: &str) -> &mut Self {
        let body = json!({"job": job, "quantity": 1});
        self.call("generation -> worker POST /v1/renders", "", body, 200, json!({"images": [{"seed": 1}]}));
        self
    }

    /// ⑨ Looks at the job.
    pub fn sees(&mut self, who: &str, job: &str, state: &str) -> &mut Self {
        let images = if state == "succeeded" { json!([{"id": format!("img_{job}")}]) } else { json!([]) };
        let path = ["unassigned", "preparing", "scheduled", "processing"];
        let mut history: Vec<_> = path.iter().take_while(|step| **step != state).collect();
        history.push(&state);
        let history: Vec<_> = history.into_iter().map(|step| json!({"status": step})).collect();
        let answer = json!({"status": state, "images": images, "quantity": 1, "history": history});
        self.during(&format!("member -> storefront GET /v1/jobs/{job}"), who, Value::Null, |h| {
            h.call(&format!("storefront -> generation GET /v1/jobs/{job}"), who, Value::Null, 200, answer.clone());
            (200, answer)
        })
    }

    pub fn gets_image(&mut self, who: &str, job: &str) -> &mut Self {
        self.call(&format!("member -> storefront GET /v1/images/img_{job}"), who, Value::Null, 200, Value::Null);
        let image = Content::Base64(STANDARD.encode(png(&[0, 50, 100, 250])));
        self.edit_last(|exchange| {
            if let Outcome::Answered(answer) = &mut exchange.outcome {
                answer.headers = vec![("content-type".into(), "image/png".into())];
                answer.body.content = image;
            }
        })
    }

    /// From ⑤ to ⑨.
    pub fn generates(&mut self, who: &str) -> String {
        self.asks(who);
        let job = self.submits(who);
        self.may_they(who, &job);
        self.edit_last(|exchange| exchange.request.headers.push(("purchase-credential".into(), credential(who))));
        self.renders(&job).sees(who, &job, "succeeded").gets_image(who, &job);
        job
    }

    /// Mo gives Ann's latest purchase back.
    pub fn refunds(&mut self, by: &str, who: &str, purchase: &str) -> &mut Self {
        self.gives_back(by, who, purchase, self.price);
        self.syncs("revoked", who);
        self.revoked.insert(who.into());
        self
    }

    /// Mo gives back so much of Ann's purchase, and billing tells entitlement whether that was all of it.
    pub fn gives_back(&mut self, by: &str, who: &str, purchase: &str, amount: i64) -> &mut Self {
        *self.wallets.entry(who.into()).or_default() += amount;
        let answer = json!({"id": self.id("ref"), "amount": amount});
        self.during(&format!("member -> storefront POST /v1/purchases/{purchase}/refund"), by, json!({}), |h| {
            let request = format!("storefront -> billing POST /v1/purchases/{purchase}/refunds");
            h.call(&request, by, json!({}), 201, answer.clone());
            (201, answer)
        });
        self.last_with_key(2, &format!("refund-{purchase}-{amount}"));
        let full = json!(amount == self.price);
        self.tells("refunded", who, purchase).edit_last(sends("/data/full", full))
    }

    /// The id of the latest purchase.
    pub fn purchase(&self) -> String {
        let charges = self.exchanges.iter().filter(|exchange| exchange.request.path() == "/v1/purchases");
        let mut id =
            charges.filter_map(|exchange| exchange.response()?.body.json()?.get("id")?.as_str().map(str::to_owned));
        let id = id.next_back();
        id.expect("somebody has bought")
    }

    fn id(&mut self, kind: &str) -> String {
        self.next += 1;
        format!("{kind}_{}", self.next)
    }

    /// One request with its answer; it takes a millisecond.
    pub fn call(&mut self, request: &str, who: &str, body: Value, status: u16, answer: Value) -> &mut Self {
        self.during(request, who, body, |_| (status, answer))
    }

    /// One request, while which something else happens.
    pub fn during(
        &mut self,
        request: &str,
        who: &str,
        body: Value,
        inner: impl FnOnce(&mut Self) -> (u16, Value),
    ) -> &mut Self {
        let words: Vec<&str> = request.split_whitespace().collect();
        let [from, "->", to, method, target] = words.as_slice() else { panic!("no request: {request}") };
        let mut headers = Vec::new();
        if !who.is_empty() {
            headers.push(("authorization".to_owned(), format!("Bearer {}", session(who))));
        }
        if self.ahead != 0.0 {
            headers.push(("baggage".to_owned(), format!("atelier.clock=+{}", self.ahead)));
        }
        self.next += 1;
        let place = self.exchanges.len();
        let request = Request { method: (*method).into(), target: (*target).into(), headers, body: of_json(body) };
        self.exchanges.push(Exchange {
            id: self.next,
            edge: Edge::new(*from, *to),
            trace: Some(TraceId(1)),
            at_micros: self.at,
            took_micros: 0,
            request,
            outcome: Outcome::Open,
            faults: Vec::new(),
            changes: Vec::new(),
        });
        self.at += 500;
        let (status, answer) = inner(self);
        self.at += 500;
        let exchange = &mut self.exchanges[place];
        exchange.took_micros = self.at - exchange.at_micros;
        exchange.outcome = Outcome::Answered(Response { status, headers: Vec::new(), body: of_json(answer) });
        self.at += 500;
        self
    }

    /// Gives the last so many exchanges a key.
    fn last_with_key(&mut self, count: usize, key: &str) -> &mut Self {
        let from = self.exchanges.len() - count;
        for exchange in self.exchanges[from..].iter_mut().filter(|exchange| exchange.edge.to != "flags") {
            exchange.request.headers.push(("idempotency-key".into(), key.into()));
        }
        self
    }

    /// Changes what was seen last.
    pub fn edit_last(&mut self, edit: impl FnOnce(&mut Exchange)) -> &mut Self {
        edit(self.exchanges.last_mut().expect("something has happened"));
        self
    }

    /// Changes everything that was seen at a place: `storefront -> generation POST /v1/jobs`.
    pub fn edit(&mut self, place: &str, mut edit: impl FnMut(&mut Exchange)) -> &mut Self {
        let mut edited = 0;
        for exchange in self.exchanges.iter_mut().filter(|exchange| is_at(exchange, place)) {
            edit(exchange);
            edited += 1;
        }
        assert!(edited > 0, "nothing was seen at {place}");
        self
    }

    /// Forgets everything that was seen at a place.
    pub fn forget(&mut self, place: &str) -> &mut Self {
        let before = self.exchanges.len();
        self.exchanges.retain(|exchange| !is_at(exchange, place));
        assert!(self.exchanges.len() < before, "nothing was seen at {place}");
        self
    }

    /// The last exchange at a place comes once more.
    pub fn again(&mut self, place: &str) -> &mut Self {
        let last = self.exchanges.iter().rfind(|exchange| is_at(exchange, place)).expect("it was seen").clone();
        self.comes_again(last)
    }

    fn comes_again(&mut self, mut copy: Exchange) -> &mut Self {
        self.next += 1;
        (copy.id, copy.at_micros) = (self.next, self.at);
        self.at += copy.took_micros + 500;
        self.exchanges.push(copy);
        self
    }

    /// The first exchange at a place comes once more.
    pub fn first_again(&mut self, place: &str) -> &mut Self {
        let first = self.exchanges.iter().find(|exchange| is_at(exchange, place)).expect("it was seen").clone();
        self.comes_again(first)
    }

    /// Money moves that nobody tells of.
    pub fn moves(&mut self, who: &str, amount: i64) -> &mut Self {
        *self.wallets.entry(who.into()).or_default() += amount;
        self
    }

    /// From now on the platform lets somebody in who has no right to it.
    pub fn lets_in_wrongly(&mut self, who: &str) -> &mut Self {
        self.granted.insert(who.into());
        self.revoked.remove(who);
        self
    }

    /// The scenario's clock goes to so many seconds before (or, negative, after) the end of early access.
    pub fn goes_to_the_end(&mut self, before: i64) -> &mut Self {
        let now = i64::try_from(self.at / SECOND).unwrap();
        self.set_clock((7 * 86_400 - before - now) as f64)
    }

    /// Returns the judgement of one rule.
    pub fn judged_by(&self, id: RuleId) -> Judgement {
        let Judge::Trail(judge) = rule(id).judge else { panic!("{id} is not judged by the trail") };
        self.with_evidence(judge)
    }

    /// Returns the findings of all rules.
    pub fn findings(&self) -> Vec<Finding> {
        let broken = |judgement| match judgement {
            Judgement::Broken(findings) => findings,
            Judgement::NotApplicable | Judgement::Holds { .. } | Judgement::Pending(_) => Vec::new(),
        };
        self.with_evidence(|evidence| {
            let of = |rule: &Rule| match rule.judge {
                Judge::Trail(judge) => broken(judge(evidence)),
                Judge::Refusals | Judge::Page | Judge::Contracts | Judge::Doubles => Vec::new(),
            };
            RULES.iter().flat_map(of).collect()
        })
    }

    pub fn with_evidence<T>(&self, look: impl FnOnce(&Evidence<'_>) -> T) -> T {
        let mapping = mapping();
        let trail = Trail::build(&mapping, TraceId(1), &self.exchanges);
        let edges: BTreeSet<Edge> =
            mapping.events.iter().flat_map(|meaning| meaning.at.iter().map(|place| place.edge.clone())).collect();
        let edges: Vec<Edge> = edges.into_iter().collect();
        look(&Evidence::new(EvidenceInputs {
            mapping: &mapping,
            trail: &trail,
            exchanges: &self.exchanges,
            participants: &self.participants,
            bounds: TimeBounds { sync: 2 * SECOND, revoke: 2 * SECOND, job: 10 * SECOND },
            edges: &edges,
            epoch: epoch(),
            now: self.judged_at.unwrap_or(self.at + 60 * SECOND),
        }))
    }
}

fn is_at(exchange: &Exchange, place: &str) -> bool {
    let request = &exchange.request;
    let (edge, rest) =
        place.rsplit_once(' ').and_then(|(rest, path)| Some((rest.rsplit_once(' ')?, path))).expect("a place");
    let (edge, method) = edge;
    exchange.edge == edge.parse().expect("an edge") && request.method == method && request.path().starts_with(rest)
}

/// How to read the wire: the target's file that ships.
pub fn mapping() -> Mapping {
    Mapping::parse("target.toml", include_str!("../../../mocks/platform/target.toml")).unwrap()
}

pub fn epoch() -> jiff::Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

/// So many seconds after the start of the run, as the wire writes it.
pub fn moment(seconds: i64) -> String {
    (epoch() + jiff::SignedDuration::from_secs(seconds)).to_string()
}

pub fn session(who: &str) -> String {
    format!("«secret session-{who}»")
}

pub fn credential(who: &str) -> String {
    format!("«secret credential-{who}»")
}

fn of_json(value: Value) -> Body {
    let content = if value.is_null() { Content::Empty } else { Content::Json(value) };
    Body { size: 1, content, truncated: false }
}

/// Sets a field of an answer.
pub fn answers(pointer: &str, value: Value) -> impl FnMut(&mut Exchange) {
    move |exchange| {
        if let Outcome::Answered(Response { body: Body { content: Content::Json(json), .. }, .. }) =
            &mut exchange.outcome
        {
            set(json, pointer, value.clone());
        }
    }
}

/// Sets a field of a request.
pub fn sends(pointer: &str, value: Value) -> impl FnMut(&mut Exchange) {
    move |exchange| {
        if let Content::Json(json) = &mut exchange.request.body.content {
            set(json, pointer, value.clone());
        }
    }
}

fn set(json: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = json.pointer_mut(parent).expect("the field's parent is there");
    parent[name] = value;
}

/// Takes a header out of a request.
pub fn lacks(header: &str) -> impl FnMut(&mut Exchange) {
    move |exchange| exchange.request.headers.retain(|(name, _)| name != header)
}

/// Is refused with this status and code.
pub fn refused(status: u16, code: &str) -> impl FnMut(&mut Exchange) {
    move |exchange| {
        let body = of_json(json!({"code": code, "detail": "No."}));
        exchange.outcome = Outcome::Answered(Response { status, headers: Vec::new(), body });
    }
}

/// Is never answered.
pub fn unanswered(exchange: &mut Exchange) {
    exchange.outcome = Outcome::Broken { reason: "reset".into() };
}

/// A picture of four grey pixels.
pub fn png(pixels: &[u8; 4]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 2, 2);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}
