//! Runs to tell: scenarios written down in a few words, and the messages that a runner would have sent for them.

use base64::Engine;
use serde_json::{Value, json};

use super::strings::STRINGS;
use crate::model::message::{
    Attachment, ContentEncoding, Envelope, Examples, Feature, FeatureChild, GherkinDocument, Hook, Location, Meta,
    Pickle, PickleStep, PickleTag, Product, Rule, RuleChild, Scenario, Source, Status, Step, Tag, TestCase,
    TestCaseFinished, TestCaseStarted, TestRunFinished, TestRunStarted, TestStep, TestStepFinished, TestStepResult,
    TestStepStarted, Timestamp, media,
};
use crate::model::{
    Blame, Body, Class, Content, Diagnosis, Edge, Event, EventKind, Exchange, Exit, Fact, Finding, Hop, HopState,
    Identity, Judged, Outcome, Request, Response, RuleId, RunEnd, RunInfo, ScenarioVerdict, ServiceInfo, TraceId,
    Trail, Verdict,
};

/// One scenario of a story.
#[derive(Debug, Clone)]
pub struct Told {
    pub uri: String,
    pub feature: String,
    pub rule: Option<String>,
    pub name: String,
    pub tags: Vec<String>,
    pub steps: Vec<(String, String)>,
    pub attempts: Vec<Try>,
    pub verdict: ScenarioVerdict,
}

/// One attempt.
#[derive(Debug, Clone, Default)]
pub struct Try {
    /// The step that fails, and what it says.
    pub fails: Option<(usize, String)>,
    /// What the checks say, if they fail.
    pub checks: Option<String>,
    pub exchanges: Vec<Exchange>,
    pub trail: Option<Trail>,
    pub findings: Vec<Finding>,
    pub diagnosis: Option<Diagnosis>,
    pub artifacts: Vec<Attachment>,
}

pub fn ended(verdict: Verdict, reason: &str) -> ScenarioVerdict {
    let blame = match verdict {
        Verdict::Passed | Verdict::Skipped => None,
        Verdict::Unknown => Some(Blame::Environment),
        Verdict::Failed => Some(Blame::Platform),
    };
    ScenarioVerdict {
        verdict,
        reason: reason.into(),
        blame,
        cause: None,
        flaky: false,
        quarantine: None,
        repeat: String::new(),
    }
}

pub fn passed(feature: &str, name: &str) -> Told {
    let steps = [
        ("Given", "a model version that sells generation access for 500 credits"),
        ("When", "the member buys generation access"),
        ("And", "the member generates an image with it"),
        ("Then", "the image is delivered"),
    ];
    let journey = journey(500_000, false);
    Told {
        uri: format!("features/{feature}.feature"),
        feature: feature.into(),
        rule: None,
        name: name.into(),
        tags: vec![format!("@{feature}")],
        steps: steps.map(|(keyword, text)| (keyword.into(), text.into())).into(),
        attempts: vec![Try { trail: Some(trail(&journey)), exchanges: journey, ..Try::default() }],
        verdict: ended(Verdict::Passed, ""),
    }
}

/// The credential is lost on the way to generation.
pub fn failed(feature: &str, name: &str) -> Told {
    let journey = journey(900_000, true);
    let lost = journey
        .iter()
        .find(|one| one.status() == Some(403) && one.edge.to == "generation")
        .map(|one| one.id)
        .unwrap_or_default();
    let told = passed(feature, name);
    let message = "expected a finished image, saw a refusal\n  POST /v1/jobs answered 403 purchase-required\n  \
                   the page showed: \"Buy access to generate\"";
    let repeat = format!("paidpath run {}:7 --seed 4242", told.uri);
    Told {
        attempts: vec![Try {
            fails: Some((3, message.into())),
            checks: Some("S4: the submit carried no purchase credential".into()),
            trail: Some(trail(&journey)),
            findings: vec![
                Finding {
                    rule: RuleId::S4,
                    message: "the submit carried no purchase credential; the page had one".into(),
                    edge: Some(Edge::new("storefront", "generation")),
                    exchange: Some(lost),
                    at: Some("request/headers/purchase-credential".into()),
                    source: None,
                },
                Finding {
                    rule: RuleId::U2,
                    message: "the code purchase-required does not fit a member who paid".into(),
                    edge: Some(Edge::new("storefront", "generation")),
                    exchange: Some(lost),
                    at: Some("response/body/code".into()),
                    source: Some("errors.toml#purchase-required".into()),
                },
            ],
            diagnosis: Some(diagnosis(&journey)),
            artifacts: vec![
                log("console", "warn  resources: form validation: undefined\nerror 403 purchase-required"),
                screenshot(),
            ],
            exchanges: journey,
        }],
        verdict: ScenarioVerdict { repeat, ..ended(Verdict::Failed, message.lines().next().unwrap_or_default()) },
        ..told
    }
}

pub fn skipped(feature: &str, name: &str, reason: &str) -> Told {
    Told { attempts: vec![Try::default()], verdict: ended(Verdict::Skipped, reason), ..passed(feature, name) }
}

pub fn unknown(feature: &str, name: &str, reason: &str) -> Told {
    let attempts = vec![Try { checks: Some(reason.into()), ..Try::default() }];
    Told { attempts, verdict: ended(Verdict::Unknown, reason), ..passed(feature, name) }
}

pub fn flaky(feature: &str, name: &str) -> Told {
    let (bad, good) = (failed(feature, name), passed(feature, name));
    let attempts = bad.attempts.into_iter().chain(good.attempts.clone()).collect();
    Told { attempts, verdict: ScenarioVerdict { flaky: true, ..good.verdict.clone() }, ..good }
}

/// One of everything.
pub fn everything() -> Vec<Told> {
    let mut ruled = passed("generating", "A trial use is counted once");
    ruled.rule = Some("Trials end".into());
    let mut excused = failed("generating", "A refunded member is refused at once");
    excused.verdict.quarantine = Some("ticket 12, until 2027-01-31".into());
    vec![
        passed("buying", "A member buys generation access"),
        failed("buying", "What was bought can be used at once"),
        flaky("buying", "A second press does not charge twice"),
        skipped("buying", "A card that is declined", "needs a wallet that declines, see @needs(cards)"),
        ruled,
        unknown("generating", "The worker is slow", "the fault `storefront -> generation: delay 10s` never fired"),
        excused,
    ]
}

/// Names, messages and bodies that try to break out of every format.
pub fn hostile() -> Vec<Told> {
    let nasty = [
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "</script><!--<script>",
        "]]>&amp;&#0; javascript:alert(1) \"'`|*_#",
        "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J",
        "../../../etc/passwd",
        "nul \0 and \u{fffe}\u{ffff} \u{2028}\u{2029}",
        "a\r\nb %0A::error::x # SKIP",
        "مرحبا \u{202e}desrever\u{202c} 👩‍🎨 買う",
    ];
    let long = "long ".repeat(60);
    // What formats stumble over: controls, separators, overrides, private use, noncharacters, the last code point.
    let ranges = [0..0x180, 0x2000..0x2070, 0xd7f8..0xe008, 0xfdd0..0xfdf0, 0xfff0..0x10000, 0x10_fff0..0x11_0000];
    let everything: String = ranges.into_iter().flatten().filter_map(char::from_u32).collect();
    let mut names: Vec<String> = nasty.iter().map(|text| (*text).to_owned()).collect();
    names.extend([long, everything, String::new()]);
    let kinds = |name: &str| [failed("x", name), unknown("x", name, name), skipped("x", name, name), flaky("x", name)];
    let mut all: Vec<(String, Vec<Told>)> = names.into_iter().map(|name| (name.clone(), kinds(&name).into())).collect();
    let one_each =
        STRINGS.iter().enumerate().map(|(place, name)| ((*name).to_owned(), vec![kinds(name)[place % 4].clone()]));
    all.extend(one_each);
    let mut told = Vec::new();
    for (name, kinds) in all {
        for mut one in kinds {
            one.feature.clone_from(&name);
            one.uri = format!("features/{name}.feature");
            one.rule = Some(name.clone());
            one.tags = vec![format!("@{name}")];
            one.verdict.repeat.clone_from(&name);
            one.steps.iter_mut().for_each(|(_, text)| text.clone_from(&name));
            for attempt in &mut one.attempts {
                attempt.fails = attempt.fails.take().map(|(step, _)| (step, name.clone()));
                for exchange in &mut attempt.exchanges {
                    exchange.request.target.push_str(&name);
                    exchange.request.headers.push((name.clone(), name.clone()));
                    exchange.request.body.content = Content::Text(name.clone());
                    exchange.faults.push(name.clone());
                }
                for finding in &mut attempt.findings {
                    (finding.message, finding.at) = (name.clone(), Some(name.clone()));
                }
                if let Some(diagnosis) = &mut attempt.diagnosis {
                    diagnosis.sentence.clone_from(&name);
                    diagnosis.hops.iter_mut().for_each(|hop| hop.note.clone_from(&name));
                }
                attempt.artifacts.push(log(&name, &name));
            }
            told.push(one);
        }
    }
    told
}

/// Every character that there is, some at a time, in names, messages and bodies.
pub fn every_character() -> Vec<Told> {
    let every: Vec<char> = (0..=0x10ffff).filter_map(char::from_u32).collect();
    let some = |(number, chars): (usize, &[char])| {
        let text: String = chars.iter().collect();
        let mut one = failed("x", &text);
        one.steps[3].1 = format!("step {number}");
        one.verdict.reason.clone_from(&text);
        let attempt = &mut one.attempts[0];
        (attempt.diagnosis, attempt.findings, attempt.artifacts) = (None, Vec::new(), Vec::new());
        attempt.fails = Some((3, text.clone()));
        attempt.exchanges.truncate(1);
        attempt.exchanges[0].request.body.content = Content::Text(text.clone());
        attempt.exchanges[0].request.headers.push(("x-note".into(), text));
        one
    };
    every.chunks(1 << 14).enumerate().map(some).collect()
}

/// A large run: `count` scenarios, the first `failures` of them failed.
pub fn many(count: usize, failures: usize) -> Vec<Told> {
    (0..count)
        .map(|number| {
            let (feature, name) = (format!("stage {:02}", number % 40), format!("Scenario number {number}"));
            if number < failures { failed(&feature, &name) } else { passed(&feature, &name) }
        })
        .collect()
}

/// The path of Atelier, and the services behind it.
pub fn info(selected: usize) -> RunInfo {
    let services = ["storefront", "billing", "entitlement", "generation", "worker", "flags"];
    let edges = [
        "member -> storefront",
        "storefront -> flags",
        "storefront -> billing",
        "storefront -> entitlement",
        "storefront -> generation",
        "billing -> entitlement",
        "entitlement -> generation",
        "generation -> entitlement",
        "generation -> billing",
        "generation -> worker",
    ];
    RunInfo {
        id: "r7c2f".into(),
        seed: 4242,
        started: jiff::Timestamp::from_second(START).expect("a moment within range"),
        version: "0.1.0".into(),
        command: vec!["paidpath".into(), "run".into(), "features".into()],
        topology: "embedded".into(),
        target: "atelier".into(),
        origins: Default::default(),
        services: services
            .iter()
            .enumerate()
            .map(|(index, name)| ServiceInfo {
                name: (*name).into(),
                provider: if index < 4 { "embedded" } else { "mock" }.into(),
                address: format!("http://127.0.0.1:{}", 41_000 + index),
            })
            .collect(),
        edges: edges.iter().map(|edge| edge.parse().expect("an edge")).collect(),
        selected,
        jobs: 4,
        faults: Vec::new(),
        defects: Vec::new(),
        up_micros: None,
        verified: Some("one purchase reached the finished image".into()),
        doubles: Some("doubles verified 2026-02-03: 99 cases, no difference".into()),
        flaky_fails: false,
        identity: Identity { scenarios: selected, ..Identity::default() },
    }
}

const START: i64 = 1_767_225_600;

/// The messages of a whole run.
pub fn tell(told: &[Told]) -> Vec<Envelope> {
    let mut teller = Teller::default();
    let product = |name: &str| Product { name: name.into(), version: Some("0.1.0".into()) };
    teller.say(Envelope::Meta(Meta {
        protocol_version: crate::model::message::PROTOCOL.into(),
        implementation: product("paidpath"),
        runtime: product("rustc"),
        os: product("linux"),
        cpu: product("x86_64"),
        ci: None,
    }));
    let run = Attachment { test_run_started_id: Some("run".into()), ..Attachment::default() };
    let info = Attachment::record(media::RUN, &info(told.len()), None, None);
    teller.say(Envelope::Attachment(Attachment { media_type: info.media_type, body: info.body, ..run.clone() }));
    let hook = Hook { id: "checks".into(), name: Some("always-on checks".into()), ..Hook::default() };
    teller.say(Envelope::Hook(hook));

    let mut files: Vec<(String, Vec<&Told>)> = Vec::new();
    for one in told {
        match files.iter_mut().find(|(uri, _)| *uri == one.uri) {
            Some((_, scenarios)) => scenarios.push(one),
            None => files.push((one.uri.clone(), vec![one])),
        }
    }
    let pickles: Vec<(&Told, Pickle)> = files.iter().flat_map(|(uri, told)| teller.file(uri, told)).collect();
    teller.say(Envelope::TestRunStarted(TestRunStarted { timestamp: teller.moment(), id: Some("run".into()) }));
    for (one, pickle) in &pickles {
        teller.scenario(one, pickle);
    }
    let failed = told.iter().any(|one| one.verdict.verdict == Verdict::Failed);
    let end = RunEnd {
        exit: if failed { Exit::Failed } else { Exit::Passed },
        notes: vec!["E2 was not judged: no topology here can kill a consumer".into()],
        strays: 2,
        checks: [
            "M1 Conserved",
            "S4 The credential is there, and the same, at every hop",
            "U3 Every code becomes text",
        ]
        .iter()
        .zip([told.len() as u64, 12, 0])
        .map(|(text, scenarios)| {
            let (rule, says) = text.split_once(' ').unwrap_or((text, ""));
            Judged { rule: rule.parse().expect("the id of a rule"), says: says.into(), scenarios }
        })
        .collect(),
        lifted: Vec::new(),
    };
    let end = Attachment::record(media::RUN_END, &end, None, None);
    teller.say(Envelope::Attachment(Attachment { media_type: end.media_type, body: end.body, ..run }));
    teller.say(Envelope::TestRunFinished(TestRunFinished {
        message: None,
        success: !failed,
        timestamp: teller.moment(),
        test_run_started_id: Some("run".into()),
    }));
    teller.envelopes
}

#[derive(Debug, Default)]
struct Teller {
    envelopes: Vec<Envelope>,
    ids: usize,
    micros: u64,
}

impl Teller {
    fn say(&mut self, envelope: Envelope) {
        self.envelopes.push(envelope);
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        self.ids.to_string()
    }

    fn moment(&self) -> Timestamp {
        let whole = i64::try_from(self.micros / 1_000_000).expect("a short story");
        let nanos = u32::try_from(self.micros % 1_000_000 * 1_000).expect("less than a second");
        Timestamp { seconds: START + whole, nanos }
    }

    fn file<'t>(&mut self, uri: &str, told: &[&'t Told]) -> Vec<(&'t Told, Pickle)> {
        let at = |line: usize| Location { line: u32::try_from(line).expect("a short file"), column: Some(3) };
        let first = told.first().expect("a file has scenarios");
        let (mut children, mut pickles, mut line) = (Vec::new(), Vec::new(), 1);
        for one in told {
            line += 2;
            let scenario_at = at(line);
            let steps: Vec<Step> = one
                .steps
                .iter()
                .map(|(keyword, text)| {
                    line += 1;
                    let keyword = format!("{keyword} ");
                    Step { location: at(line), keyword, text: text.clone(), id: self.id(), ..Step::default() }
                })
                .collect();
            let tags: Vec<Tag> =
                one.tags.iter().map(|name| Tag { location: at(line), name: name.clone(), id: self.id() }).collect();
            let (id, row_id) = (self.id(), self.id());
            let pickle_steps = steps.iter().map(|step| PickleStep {
                ast_node_ids: vec![step.id.clone()],
                id: self.id(),
                text: step.text.clone(),
                ..PickleStep::default()
            });
            let pickle = Pickle {
                uri: uri.into(),
                location: Some(scenario_at),
                name: one.name.clone(),
                language: "en".into(),
                steps: pickle_steps.collect(),
                tags: tags
                    .iter()
                    .map(|tag| PickleTag { name: tag.name.clone(), ast_node_id: tag.id.clone() })
                    .collect(),
                ast_node_ids: vec![id.clone(), row_id],
                id: self.id(),
            };
            let scenario = Scenario {
                location: scenario_at,
                tags,
                keyword: "Scenario".into(),
                name: one.name.clone(),
                steps,
                id,
                examples: Vec::<Examples>::new(),
                ..Scenario::default()
            };
            children.push(match &one.rule {
                None => FeatureChild { scenario: Some(scenario), ..FeatureChild::default() },
                Some(name) => {
                    let children = vec![RuleChild { scenario: Some(scenario), background: None }];
                    let rule = Rule { name: name.clone(), keyword: "Rule".into(), children, ..Rule::default() };
                    FeatureChild {
                        rule: Some(Rule { id: self.id(), location: scenario_at, ..rule }),
                        ..Default::default()
                    }
                }
            });
            pickles.push((*one, pickle));
        }
        let feature = Feature {
            location: at(1),
            language: "en".into(),
            keyword: "Feature".into(),
            name: first.feature.clone(),
            description: "What a member pays for is theirs to use.".into(),
            children,
            ..Feature::default()
        };
        let media_type = "text/x.cucumber.gherkin+plain".into();
        self.say(Envelope::Source(Source {
            uri: uri.into(),
            data: format!("Feature: {}\n", first.feature),
            media_type,
        }));
        let document = GherkinDocument { uri: Some(uri.into()), feature: Some(feature), comments: Vec::new() };
        self.say(Envelope::GherkinDocument(document));
        for (_, pickle) in &pickles {
            self.say(Envelope::Pickle(pickle.clone()));
        }
        pickles
    }

    fn scenario(&mut self, told: &Told, pickle: &Pickle) {
        let case = self.id();
        let mut steps: Vec<TestStep> = Vec::new();
        for step in &pickle.steps {
            let (id, pickle_step_id) = (self.id(), Some(step.id.clone()));
            steps.push(TestStep { id, pickle_step_id, ..TestStep::default() });
        }
        steps.push(TestStep { id: self.id(), hook_id: Some("checks".into()), ..TestStep::default() });
        self.say(Envelope::TestCase(TestCase {
            id: case.clone(),
            pickle_id: pickle.id.clone(),
            test_steps: steps.clone(),
            test_run_started_id: Some("run".into()),
        }));
        for (attempt, tried) in told.attempts.iter().enumerate() {
            let last = attempt + 1 == told.attempts.len();
            self.attempt(told, tried, &case, &steps, attempt, last);
        }
    }

    fn attempt(&mut self, told: &Told, tried: &Try, case: &str, steps: &[TestStep], attempt: usize, last: bool) {
        let id = self.id();
        self.say(Envelope::TestCaseStarted(TestCaseStarted {
            id: id.clone(),
            test_case_id: case.into(),
            attempt: u32::try_from(attempt).expect("few attempts"),
            worker_id: Some("1".into()),
            timestamp: self.moment(),
        }));
        let skipped = told.verdict.verdict == Verdict::Skipped;
        for (index, step) in steps.iter().enumerate() {
            let (test_case_started_id, test_step_id) = (id.clone(), step.id.clone());
            let timestamp = self.moment();
            self.say(Envelope::TestStepStarted(TestStepStarted { test_case_started_id, test_step_id, timestamp }));
            self.micros += if skipped { 0 } else { 31_000 };
            let checks = step.hook_id.is_some();
            let (status, message) = match (&tried.fails, &tried.checks) {
                _ if skipped => (Status::Skipped, None),
                (_, Some(said)) if checks => (Status::Failed, Some(said.clone())),
                (Some((at, said)), _) if *at == index => (Status::Failed, Some(said.clone())),
                (Some((at, _)), _) if *at < index && !checks => (Status::Skipped, None),
                (Some(_) | None, Some(_) | None) => (Status::Passed, None),
            };
            let duration = std::time::Duration::from_millis(31).into();
            self.say(Envelope::TestStepFinished(TestStepFinished {
                test_case_started_id: id.clone(),
                test_step_id: step.id.clone(),
                test_step_result: TestStepResult { duration, status, message, exception: None },
                timestamp: self.moment(),
            }));
        }
        for exchange in &tried.exchanges {
            self.attach(Attachment::record(media::EXCHANGE, exchange, Some(&id), None));
        }
        if let Some(trail) = &tried.trail {
            self.attach(Attachment::record(media::TRAIL, trail, Some(&id), None));
        }
        if !tried.findings.is_empty() {
            self.attach(Attachment::record(media::FINDINGS, &tried.findings, Some(&id), None));
        }
        if let Some(diagnosis) = &tried.diagnosis {
            self.attach(Attachment::record(media::DIAGNOSIS, diagnosis, Some(&id), None));
        }
        for artifact in &tried.artifacts {
            self.attach(Attachment { test_case_started_id: Some(id.clone()), ..artifact.clone() });
        }
        if last {
            self.attach(Attachment::record(media::VERDICT, &told.verdict, Some(&id), None));
        }
        let timestamp = self.moment();
        let will_be_retried = !last;
        self.say(Envelope::TestCaseFinished(TestCaseFinished { test_case_started_id: id, timestamp, will_be_retried }));
    }

    fn attach(&mut self, attachment: Attachment) {
        self.say(Envelope::Attachment(attachment));
    }
}

pub fn log(name: &str, text: &str) -> Attachment {
    let (body, media_type, file_name) = (text.into(), "text/plain".into(), Some(name.into()));
    Attachment { body, media_type, file_name, content_encoding: ContentEncoding::Identity, ..Attachment::default() }
}

/// A page with a red border and nothing else.
fn screenshot() -> Attachment {
    const SIZE: (u32, u32) = (480, 180);
    let mut picture = Vec::new();
    let mut encoder = png::Encoder::new(&mut picture, SIZE.0, SIZE.1);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(vec![250, 250, 250, 200, 30, 30]);
    let is_border = |x: u32, y: u32| x < 4 || y < 4 || x >= SIZE.0 - 4 || y >= SIZE.1 - 4;
    let pixels: Vec<u8> = (0..SIZE.1).flat_map(|y| (0..SIZE.0).map(move |x| u8::from(is_border(x, y)))).collect();
    encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels)).expect("a picture");
    let body = base64::engine::general_purpose::STANDARD.encode(picture);
    let (media_type, file_name) = ("image/png".into(), Some("page after pressing Generate".into()));
    Attachment { body, media_type, file_name, content_encoding: ContentEncoding::Base64, ..Attachment::default() }
}

/// A purchase and a generation, hop by hop; `lost` is the credential on the way from the storefront to generation.
pub fn journey(start: u64, lost: bool) -> Vec<Exchange> {
    let print = "«secret 1f0c9a27»";
    let credential: &[(&str, &str)] = &[("purchase-credential", print)];
    let submit =
        json!({"resources": [{"version": "ver_3b1e8"}], "prompt": "a lighthouse at dusk", "seed": 7, "quantity": 1});
    let refusal = json!({
        "type": "urn:atelier:problem:purchase-required", "title": "Access has to be bought first", "status": 403,
        "detail": "Generation with this version needs a purchase.", "code": "purchase-required",
    });
    let evaluation = json!({
        "subject": {"type": "member", "id": "mem_77aa"}, "action": {"name": "generate"},
        "resource": {"type": "model-version", "id": "ver_3b1e8"},
    });
    let event = json!({"specversion": "1.0", "type": "atelier.purchase.completed", "subject": "mem_77aa/ver_3b1e8"});
    let mut told = Travel { at: start, exchanges: Vec::new() };
    told.go(
        "member -> storefront",
        "POST /v1/quotes",
        &[],
        json!({"version": "ver_3b1e8"}),
        201,
        json!({"amount": 500}),
        6,
    );
    told.go(
        "storefront -> flags",
        "POST /ofrep/v1/evaluate/flags/early-access-sales",
        &[],
        json!({}),
        200,
        json!({"value": true}),
        1,
    );
    told.go("storefront -> billing", "POST /v1/quotes", &[], json!({"amount": 500}), 201, json!({"id": "quo_1"}), 2);
    told.go(
        "member -> storefront",
        "POST /v1/purchases",
        &[],
        json!({"quote": "quo_1"}),
        201,
        json!({"id": "pur_1", "amount": 500}),
        9,
    );
    told.go(
        "storefront -> billing",
        "POST /v1/purchases",
        &[],
        json!({"quote": "quo_1"}),
        201,
        json!({"id": "pur_1"}),
        4,
    );
    told.go(
        "billing -> entitlement",
        "POST /v1/events",
        &[("webhook-signature", print)],
        event,
        202,
        json!({"accepted": true}),
        2,
    );
    told.go(
        "entitlement -> generation",
        "POST /v1/events",
        &[],
        json!({"type": "atelier.access.changed"}),
        202,
        json!({}),
        2,
    );
    told.go(
        "member -> storefront",
        "GET /v1/versions/ver_3b1e8/access",
        &[],
        Value::Null,
        200,
        json!({"generate": true}),
        4,
    );
    told.go(
        "storefront -> entitlement",
        "GET /v1/access?version=ver_3b1e8",
        &[],
        Value::Null,
        200,
        json!({"credential": print}),
        2,
    );
    if lost {
        told.go("member -> storefront", "POST /v1/jobs", credential, submit.clone(), 403, refusal.clone(), 11);
        told.go("storefront -> generation", "POST /v1/jobs", &[], submit, 403, refusal, 7);
        let answer = json!({"decision": false, "context": {"reason": "purchase-required"}});
        told.go("generation -> entitlement", "POST /access/v1/evaluation", &[], evaluation, 200, answer, 2);
        told.exchanges[10].faults = vec!["storefront -> generation: strip header Purchase-Credential".into()];
    } else {
        let job = json!({"id": "job_1", "status": "unassigned"});
        told.go("member -> storefront", "POST /v1/jobs", credential, submit.clone(), 202, job.clone(), 14);
        told.go("storefront -> generation", "POST /v1/jobs", credential, submit, 202, job, 9);
        let answer = json!({"decision": true, "context": {"basis": "purchase"}});
        told.go("generation -> entitlement", "POST /access/v1/evaluation", credential, evaluation, 200, answer, 2);
        told.go(
            "generation -> billing",
            "POST /v1/charges",
            &[],
            json!({"job": "job_1", "amount": 5}),
            201,
            json!({"id": "chg_1"}),
            3,
        );
        told.go(
            "generation -> worker",
            "POST /v1/renders",
            &[],
            json!({"job": "job_1"}),
            200,
            json!({"images": 1}),
            40,
        );
        told.go("member -> storefront", "GET /v1/jobs/job_1", &[], Value::Null, 200, json!({"status": "succeeded"}), 3);
    }
    told.exchanges
}

struct Travel {
    at: u64,
    exchanges: Vec<Exchange>,
}

impl Travel {
    #[expect(clippy::too_many_arguments, reason = "one line of a table")]
    fn go(
        &mut self,
        edge: &str,
        ask: &str,
        headers: &[(&str, &str)],
        sent: Value,
        status: u16,
        got: Value,
        millis: u64,
    ) {
        let (method, target) = ask.split_once(' ').expect("method and target");
        let body = |value: Value| Body {
            size: value.to_string().len() as u64,
            content: if value.is_null() { Content::Empty } else { Content::Json(value) },
            truncated: false,
        };
        let trace = TraceId(0x1234);
        let json = ("content-type".to_owned(), "application/json".to_owned());
        let mut request_headers = vec![
            json.clone(),
            ("traceparent".into(), format!("00-{trace}-0000000000000001-01")),
            ("authorization".into(), "Bearer «secret 5e21aa90»".into()),
        ];
        request_headers.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.exchanges.push(Exchange {
            id: self.at / 1_000,
            edge: edge.parse().expect("an edge"),
            trace: Some(trace),
            at_micros: self.at,
            took_micros: millis * 1_000 + 137,
            request: Request {
                method: method.into(),
                target: target.into(),
                headers: request_headers,
                body: body(sent),
            },
            outcome: Outcome::Answered(Response { status, headers: vec![json], body: body(got) }),
            faults: Vec::new(),
            changes: Vec::new(),
        });
        self.at += if millis > 8 { 2_000 } else { millis * 1_000 + 3_000 };
    }
}

fn trail(journey: &[Exchange]) -> Trail {
    let events = journey.iter().filter_map(|exchange| {
        let kind = match (exchange.edge.to.as_str(), exchange.request.path()) {
            ("billing", "/v1/purchases") => EventKind::Charged,
            ("entitlement", "/v1/events") => EventKind::Granted,
            ("generation", "/v1/events") => EventKind::Synced,
            ("generation", "/v1/jobs") => EventKind::Submitted,
            ("entitlement", "/access/v1/evaluation") => EventKind::Checked,
            ("worker", _) => EventKind::Rendered,
            _ => return None,
        };
        let done = exchange.status().is_some_and(|status| status < 400);
        let at_micros = exchange.at_micros + exchange.took_micros;
        let facts = [(Fact::Who, "mem_77aa".into()), (Fact::Version, "ver_3b1e8".into())].into();
        let code = (!done).then(|| "purchase-required".into());
        Some(Event {
            kind,
            exchange: exchange.id,
            edge: exchange.edge.clone(),
            at_micros,
            done: Some(done),
            code,
            facts,
        })
    });
    Trail { trace: TraceId(0x1234), events: events.collect() }
}

fn diagnosis(journey: &[Exchange]) -> Diagnosis {
    let hop = |name: &str, edge: &str, path: &str, state: HopState, note: &str| {
        let edge: Edge = edge.parse().expect("an edge");
        let exchanges =
            journey.iter().filter(|one| one.edge == edge && one.request.path() == path).map(|one| one.id).collect();
        Hop { name: name.into(), edge, state, note: note.into(), exchanges }
    };
    let (kept, broken, absent) = (HopState::Kept, HopState::Broken, HopState::Absent);
    Diagnosis {
        class: Class::NotCarried,
        edge: Some(Edge::new("storefront", "generation")),
        sentence: "permission lost at storefront → generation: the submit carried no purchase credential (S4)".into(),
        rules: vec![RuleId::S4],
        hops: vec![
            hop("buy", "member -> storefront", "/v1/purchases", kept, "201"),
            hop("charge", "storefront -> billing", "/v1/purchases", kept, "500 credits"),
            hop("purchase event", "billing -> entitlement", "/v1/events", kept, "after 6 ms"),
            hop("access changed", "entitlement -> generation", "/v1/events", kept, "after 11 ms"),
            hop("press generate", "member -> storefront", "/v1/jobs", kept, "with the credential"),
            hop("submit", "storefront -> generation", "/v1/jobs", broken, "no purchase credential; the page had one"),
            hop(
                "may they?",
                "generation -> entitlement",
                "/access/v1/evaluation",
                absent,
                "answered no: purchase-required",
            ),
            hop("render", "generation -> worker", "/v1/renders", absent, "not reached"),
        ],
    }
}
