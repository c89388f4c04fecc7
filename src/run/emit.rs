//! What the journal says before the first and about each scenario: sources, pickles, sentences, test cases.

use super::live::Emitter;
use super::plan::{Plan, Planned};
use super::vocabulary::Vocabulary;
use crate::model::RunInfo;
use crate::model::message::{
    Attachment, Envelope, Hook, HookType, Location, Meta, PROTOCOL, PatternType, Product, SourceReference,
    StepDefinition, StepDefinitionPattern, TestCase, TestRunStarted, TestStep, media,
};

const CHECKS: &str = "checks";

/// The number of scenarios in one batch of records. Records that the listener has not taken yet are in memory, so it is small.
const SCENARIOS_AT_ONCE: usize = 16;

/// Emits the head of the journal. The documents of the plan go into it; nobody needs them afterwards.
pub fn head(emitter: &Emitter, info: &RunInfo, vocabulary: &Vocabulary, plan: &mut Plan) {
    let product = |name: &str, version: Option<&str>| Product { name: name.into(), version: version.map(Into::into) };
    emitter.emit(Envelope::Meta(Meta {
        protocol_version: PROTOCOL.into(),
        implementation: product("paidpath", Some(env!("CARGO_PKG_VERSION"))),
        runtime: product("rust", None),
        os: product(std::env::consts::OS, None),
        cpu: product(std::env::consts::ARCH, None),
        ci: None,
    }));
    let mut run = Attachment::record(media::RUN, info, None, None);
    run.test_run_started_id = Some(info.id.clone());
    emitter.emit(Envelope::Attachment(run));
    let sentences = vocabulary.definitions().iter().enumerate().map(|(index, definition)| {
        Envelope::StepDefinition(StepDefinition {
            id: sentence_id(index),
            pattern: StepDefinitionPattern {
                source: definition.sentence.clone(),
                kind: PatternType::CucumberExpression,
            },
            source_reference: SourceReference {
                uri: Some(definition.file.clone()),
                location: Some(Location { line: definition.line, column: None }),
            },
        })
    });
    emitter.emit_all(sentences.collect());
    emitter.emit(Envelope::Hook(Hook {
        id: CHECKS.into(),
        name: Some("always-on checks".into()),
        source_reference: SourceReference { uri: Some("src/run/attempt.rs".into()), location: None },
        kind: Some(HookType::AfterTestCase),
    }));
    // Taken out of the plan: nobody reads the documents again, and they are large.
    for document in std::mem::take(&mut plan.documents) {
        let (source, tree) = document.into_messages();
        emitter.emit_all(vec![Envelope::Source(source), Envelope::GherkinDocument(tree)]);
    }
    for some in plan.scenarios.chunks(SCENARIOS_AT_ONCE) {
        emitter.emit_all(some.iter().map(|planned| Envelope::Pickle(planned.pickle.clone())).collect());
    }
    emitter.emit(Envelope::TestRunStarted(TestRunStarted { timestamp: emitter.now(), id: Some(info.id.clone()) }));
}

/// Makes the test case of a scenario. It is emitted once, before the first attempt.
pub fn test_case(case: &str, planned: &Planned, steps: &[String]) -> TestCase {
    let sentences =
        planned.pickle.steps.iter().zip(&planned.sentences).zip(steps).map(|((step, sentence), id)| TestStep {
            id: id.clone(),
            pickle_step_id: Some(step.id.clone()),
            step_definition_ids: Some(vec![sentence_id(*sentence)]),
            hook_id: None,
        });
    let checks =
        steps.last().map(|id| TestStep { id: id.clone(), hook_id: Some(CHECKS.into()), ..TestStep::default() });
    TestCase {
        id: case.into(),
        pickle_id: planned.pickle.id.clone(),
        test_steps: sentences.chain(checks).collect(),
        test_run_started_id: None,
    }
}

/// Returns the ids of a scenario's test steps: its own, and one for the rules.
pub fn step_ids(case: &str, planned: &Planned) -> Vec<String> {
    let own = (0..planned.pickle.steps.len()).map(|step| format!("{case}.{step}"));
    own.chain([format!("{case}.{CHECKS}")]).collect()
}

fn sentence_id(index: usize) -> String {
    format!("sentence-{index}")
}
