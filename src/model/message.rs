//! Cucumber Messages, the ecosystem's record of a test run: one [`Envelope`] a line. The journal consists of them, and
//! the Gherkin parser returns them, so that there is one syntax tree and one event stream.
//!
//! Only messages that paidpath writes or reads are here; other ones in a foreign stream are skipped. Names and shapes
//! are those of the standard (protocol version [`PROTOCOL`]). Our own records travel as [`Attachment`]s with the media
//! types in [`media`].

use std::time::Duration as StdDuration;

use serde::{Deserialize, Serialize};

/// The version of Cucumber Messages that paidpath writes.
pub const PROTOCOL: &str = "27.0.0";

/// Media types of our own records, which travel as attachments.
pub mod media {
    /// An [`Exchange`](crate::model::Exchange).
    pub const EXCHANGE: &str = "application/vnd.paidpath.exchange+json";
    /// A [`Trail`](crate::model::Trail).
    pub const TRAIL: &str = "application/vnd.paidpath.trail+json";
    /// A list of [`Finding`](crate::model::Finding)s.
    pub const FINDINGS: &str = "application/vnd.paidpath.findings+json";
    /// The list of rules with something to judge.
    pub const JUDGED: &str = "application/vnd.paidpath.judged+json";
    /// A [`Diagnosis`](crate::model::Diagnosis).
    pub const DIAGNOSIS: &str = "application/vnd.paidpath.diagnosis+json";
    /// A [`ScenarioVerdict`](crate::model::ScenarioVerdict).
    pub const VERDICT: &str = "application/vnd.paidpath.verdict+json";
    /// A [`RunInfo`](crate::model::RunInfo), attached to the run.
    pub const RUN: &str = "application/vnd.paidpath.run+json";
    /// A [`RunEnd`](crate::model::RunEnd), attached to the run.
    pub const RUN_END: &str = "application/vnd.paidpath.run-end+json";
    /// A [`Proof`](crate::model::Proof), attached to the run.
    pub const PROOF: &str = "application/vnd.paidpath.proof+json";
}

/// One line of the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Envelope {
    Meta(Meta),
    Source(Source),
    GherkinDocument(GherkinDocument),
    Pickle(Pickle),
    StepDefinition(StepDefinition),
    Hook(Hook),
    ParseError(ParseError),
    TestRunStarted(TestRunStarted),
    TestCase(TestCase),
    TestCaseStarted(TestCaseStarted),
    TestStepStarted(TestStepStarted),
    TestStepFinished(TestStepFinished),
    Attachment(Attachment),
    TestCaseFinished(TestCaseFinished),
    TestRunFinished(TestRunFinished),
}

macro_rules! records {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $field:ident: $ty:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($(#[$attr])* pub $field: $ty,)* }
    )*};
}

records! {
    /// A line, counted from 1, and a column in code points, counted from 1.
    #[derive(Copy, Eq, PartialOrd, Ord, Hash)]
    Location {
        line: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        column: Option<u32>,
    }
    /// Seconds and nanoseconds since the epoch.
    #[derive(Copy, Eq, PartialOrd, Ord)]
    Timestamp { seconds: i64, nanos: u32, }
    #[derive(Copy, Eq)]
    Duration { seconds: u64, nanos: u32, }

    Meta { protocol_version: String, implementation: Product, runtime: Product, os: Product, cpu: Product,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ci: Option<Ci>, }
    Product { name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<String>, }
    Ci { name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        build_number: Option<String>, }

    Source { uri: String, data: String, media_type: String, }
    GherkinDocument {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feature: Option<Feature>,
        comments: Vec<Comment>, }
    Comment { location: Location, text: String, }
    /// A tag, whose name includes the `@`.
    Tag { location: Location, name: String, id: String, }
    Feature { location: Location, tags: Vec<Tag>, language: String, keyword: String, name: String, description: String,
        children: Vec<FeatureChild>, }
    /// Exactly one of the three is present.
    FeatureChild {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<Rule>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario: Option<Scenario>, }
    Rule { location: Location, tags: Vec<Tag>, keyword: String, name: String, description: String,
        children: Vec<RuleChild>, id: String, }
    /// Exactly one of the two is present.
    RuleChild {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        background: Option<Background>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario: Option<Scenario>, }
    /// Steps that run before those of each scenario beside the background.
    Background { location: Location, keyword: String, name: String, description: String, steps: Vec<Step>, id: String, }
    Scenario { location: Location, tags: Vec<Tag>, keyword: String, name: String, description: String, steps: Vec<Step>,
        examples: Vec<Examples>, id: String, }
    /// The values for a scenario outline.
    Examples { location: Location, tags: Vec<Tag>, keyword: String, name: String, description: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table_header: Option<TableRow>,
        table_body: Vec<TableRow>, id: String, }
    TableRow { location: Location, cells: Vec<TableCell>, id: String, }
    /// A cell after its escapes were resolved.
    TableCell { location: Location, value: String, }
    Step { location: Location, keyword: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keyword_type: Option<KeywordType>,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doc_string: Option<DocString>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_table: Option<DataTable>,
        id: String, }
    DocString { location: Location,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
        content: String, delimiter: String, }
    DataTable { location: Location, rows: Vec<TableRow>, }

    Pickle { id: String, uri: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<Location>,
        name: String, language: String, steps: Vec<PickleStep>, tags: Vec<PickleTag>,
        /// The scenario's id and, for an outline, the row's.
        ast_node_ids: Vec<String>, }
    PickleStep {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        argument: Option<PickleStepArgument>,
        /// The step's id and, for an outline, the row's.
        ast_node_ids: Vec<String>, id: String,
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        kind: Option<PickleStepType>,
        text: String, }
    /// Exactly one of the two is present.
    PickleStepArgument {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doc_string: Option<PickleDocString>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data_table: Option<PickleTable>, }
    PickleDocString {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        media_type: Option<String>,
        content: String, }
    PickleTable { rows: Vec<PickleTableRow>, }
    PickleTableRow { cells: Vec<PickleTableCell>, }
    PickleTableCell { value: String, }
    /// A tag of the pickle. Inherited tags come first.
    PickleTag { name: String, ast_node_id: String, }

    StepDefinition { id: String, pattern: StepDefinitionPattern, source_reference: SourceReference, }
    StepDefinitionPattern { source: String,
        #[serde(rename = "type")]
        kind: PatternType, }
    SourceReference {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        location: Option<Location>, }
    /// An action around every scenario: the always-on rules are one.
    Hook { id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        source_reference: SourceReference,
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        kind: Option<HookType>, }
    ParseError { source: SourceReference, message: String, }

    TestRunStarted { timestamp: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>, }
    /// The steps and hooks that run for a pickle.
    TestCase { id: String, pickle_id: String, test_steps: Vec<TestStep>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_run_started_id: Option<String>, }
    /// A step of the pickle, or a hook.
    TestStep { id: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hook_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pickle_step_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step_definition_ids: Option<Vec<String>>, }
    /// The start of an attempt. Attempts are counted from 0.
    TestCaseStarted { id: String, test_case_id: String, attempt: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker_id: Option<String>,
        timestamp: Timestamp, }
    TestStepStarted { test_case_started_id: String, test_step_id: String, timestamp: Timestamp, }
    TestStepFinished { test_case_started_id: String, test_step_id: String, test_step_result: TestStepResult,
        timestamp: Timestamp, }
    TestStepResult { duration: Duration, status: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exception: Option<Exception>, }
    Exception {
        #[serde(rename = "type")]
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>, }
    /// A record that is attached to an attempt, to one of its steps, or to the run.
    Attachment { body: String, content_encoding: ContentEncoding, media_type: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file_name: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_case_started_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_step_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_run_started_id: Option<String>, }
    TestCaseFinished { test_case_started_id: String, timestamp: Timestamp, will_be_retried: bool, }
    TestRunFinished {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        success: bool, timestamp: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        test_run_started_id: Option<String>, }
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$attr:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        pub enum $name { $($(#[$attr])* #[serde(rename = $text)] $variant,)* }
    )*};
}

choices! {
    Status {
        #[default] Unknown = "UNKNOWN", Passed = "PASSED", Skipped = "SKIPPED", Pending = "PENDING",
        Undefined = "UNDEFINED", Ambiguous = "AMBIGUOUS", Failed = "FAILED",
    }
    KeywordType {
        #[default] Unknown = "Unknown", Context = "Context", Action = "Action", Outcome = "Outcome",
        Conjunction = "Conjunction",
    }
    /// The kind of a step. `And` and `But` take the kind of the step before.
    PickleStepType {
        #[default] Unknown = "Unknown", Context = "Context", Action = "Action", Outcome = "Outcome",
    }
    PatternType { #[default] CucumberExpression = "CUCUMBER_EXPRESSION", RegularExpression = "REGULAR_EXPRESSION", }
    HookType {
        BeforeTestCase = "BEFORE_TEST_CASE", #[default] AfterTestCase = "AFTER_TEST_CASE",
    }
    ContentEncoding { #[default] Identity = "IDENTITY", Base64 = "BASE64", }
}

impl From<StdDuration> for Duration {
    fn from(duration: StdDuration) -> Self {
        Self { seconds: duration.as_secs(), nanos: duration.subsec_nanos() }
    }
}

impl From<Duration> for StdDuration {
    fn from(duration: Duration) -> Self {
        // A foreign stream may hold a full second or more here, whose carry could overflow the seconds.
        Self::new(duration.seconds, duration.nanos.min(999_999_999))
    }
}

impl Attachment {
    /// Wraps one of our own records as an attachment to an attempt, or to one of its steps.
    pub fn record(media_type: &str, record: &impl Serialize, case_started: Option<&str>, step: Option<&str>) -> Self {
        Self {
            // Only maps with other keys than strings fail to serialize, and our records have none.
            body: serde_json::to_string(record).expect("our records serialise to JSON"),
            media_type: media_type.into(),
            test_case_started_id: case_started.map(Into::into),
            test_step_id: step.map(Into::into),
            ..Self::default()
        }
    }

    /// Reads one of our own records from an attachment.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}
