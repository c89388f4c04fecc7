//! One run from beginning to end: the platform up, workers at work under deadlines and signals, the platform down.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::attempt::Deadlines;
use super::history::History;
use super::live::Emitter;
use super::plan::Plan;
use super::platform::{NotUp, Platform};
use super::schedule::{Schedule, Ticket};
use super::signals::Signals;
use super::stage::Stage;
use super::vocabulary::Vocabulary;
use super::workers::{Seat, Shared, Tally, work};
use super::{emit, panics};
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::base::seed::Seed;
use crate::model::message::{Attachment, Envelope, TestRunFinished, media};
use crate::model::{Exit, RunEnd, RunInfo, Verdict};
use crate::tap::{Disturbance, FaultBoard, Recorder};
use crate::target::Target;
use crate::topology::{Provider, Topology};

/// What the binary brings along: sentences, and who can supply services.
pub struct Suite {
    /// The sentences.
    pub vocabulary: Arc<Vocabulary>,
    /// Suppliers of services.
    pub providers: Vec<Arc<dyn Provider>>,
    /// What scenarios with certain tags need.
    pub requirements: Vec<Requirement>,
}

/// Something that scenarios with a tag need and a machine may not have.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// What `--require` calls it.
    pub name: &'static str,
    /// The tag of the scenarios that need it.
    pub tag: &'static str,
    /// Why it is not to be had here; `None` when it is.
    pub missing: Option<String>,
}

/// What to do about scenarios that passed only on a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlakyPolicy {
    /// They fail the run.
    Fail,
    /// They are reported.
    Warn,
}

/// What a run is asked for, beyond which scenarios.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many scenarios at once.
    pub jobs: usize,
    /// Attempts beyond the first.
    pub retries: u32,
    /// What to do about scenarios that needed one.
    pub flaky: FlakyPolicy,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// In an order drawn from the seed, not longest first.
    pub shuffle: bool,
    /// How often each scenario is run.
    pub repeat: usize,
    /// How long things may take.
    pub deadlines: Deadlines,
    /// How long the run may take.
    pub run_timeout: Option<Duration>,
    /// How long running scenarios may go on after a signal.
    pub grace: Duration,
    /// Where draws come from.
    pub seed: Seed,
    /// Faults that hold for every scenario.
    pub faults: Vec<Disturbance>,
    /// What the command line was.
    pub command: Vec<String>,
    /// What to put before `file:line` to repeat a scenario.
    pub repeat_command: String,
    /// How the last run went.
    pub history: History,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// How the process should end.
    pub exit: Exit,
    /// What the next run wants to know.
    pub history: History,
}

const TICK: Duration = Duration::from_millis(20);

/// Runs the plan. Records go to `journal` as they happen; the caller listens at its other end and keeps listening until it
/// is closed.
///
/// # Errors
/// If the platform does not come up: nothing was judged then.
pub fn run(
    suite: &Suite,
    mut plan: Plan,
    target: Target,
    topology: &Topology,
    options: Options,
    journal: SyncSender<Envelope>,
) -> Result<Outcome, NotUp> {
    panics::install_hook();
    repeat(&mut plan, options.repeat);
    let clock = Clock::start();
    let emitter = Emitter::new(journal, clock);
    let redactor = Arc::new(Redactor::new(target.redact.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("platform")
        .enable_all()
        .build()
        .expect("the operating system gives the platform its threads");
    let run_id = format!("{:012x}", rand::random::<u64>() >> 16);
    let faults = FaultBoard::new(options.seed);
    for fault in &options.faults {
        faults.arm(None, fault.clone());
    }
    let started = runtime.block_on(async {
        let signals = Signals::listen();
        let recorder = Recorder::new(clock, Arc::clone(&redactor));
        let platform = Platform::start(topology, &suite.providers, &recorder, &faults, &run_id).await;
        platform.map(|platform| (platform, recorder, signals))
    });
    let (platform, recorder, signals) = started?;
    let signals = signals.unwrap_or_default();
    for secret in platform.secrets.values() {
        redactor.learn(None, secret);
    }
    let info = RunInfo {
        id: run_id,
        seed: options.seed.0,
        started: jiff::Timestamp::now(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: options.command.clone(),
        topology: topology.name.clone(),
        target: target.name.clone(),
        services: platform.services.clone(),
        edges: topology.edges(),
        selected: plan.scenarios.len(),
        jobs: options.jobs,
        faults: options.faults.iter().map(ToString::to_string).collect(),
        verified: None,
    };
    emit::head(&emitter, &info, &suite.vocabulary, &plan);
    let shared = Arc::new(Shared {
        schedule: Schedule::new(tickets(&plan, &options)),
        plan,
        vocabulary: Arc::clone(&suite.vocabulary),
        stage: Arc::new(Stage {
            target,
            entry: platform.entry.clone(),
            edges: topology.edges(),
            secrets: platform.secrets.clone(),
            recorder: recorder.clone(),
            faults: faults.clone(),
            redactor,
        }),
        emitter: emitter.clone(),
        deadlines: options.deadlines,
        retries: options.retries,
        fail_fast: options.fail_fast,
        seed: options.seed,
        repeat: options.repeat_command.clone(),
        missing: suite
            .requirements
            .iter()
            .filter_map(|requirement| Some((requirement.tag.to_owned(), requirement.missing.clone()?)))
            .collect(),
        tally: Mutex::default(),
    });
    let mut notes = supervise(&shared, &options, &signals);
    notes.extend(runtime.block_on(platform.stop()));
    let run_wide = faults.run_wide();
    for fault in run_wide.iter().filter(|fault| fault.times == 0) {
        notes.push(format!("a fault never fired: {}", fault.spec));
    }
    let strays = recorder.strays().count;
    if strays > 0 {
        notes.push(format!("{strays} exchanges belonged to no scenario"));
    }
    let tally = std::mem::take(&mut *shared.tally());
    let unjudged = run_wide.iter().any(|fault| fault.times == 0) || emitter.is_broken();
    let exit = signals.asked().unwrap_or_else(|| exit(&tally, options.flaky, unjudged));
    finish(&emitter, &info, exit, notes, &tally, strays);
    Ok(Outcome { exit, history: History { scenarios: tally.endings } })
}

fn finish(emitter: &Emitter, info: &RunInfo, exit: Exit, mut notes: Vec<String>, tally: &Tally, strays: u64) {
    notes.extend(tally.flaky.iter().map(|key| format!("flaky: {key} passed only on a retry")));
    notes.extend(tally.quarantined.iter().cloned());
    let end = RunEnd { exit, notes, strays, checks: Vec::new() };
    let mut attachment = Attachment::record(media::RUN_END, &end, None, None);
    attachment.test_run_started_id = Some(info.id.clone());
    emitter.emit(Envelope::Attachment(attachment));
    emitter.emit(Envelope::TestRunFinished(TestRunFinished {
        message: None,
        success: exit == Exit::Passed,
        timestamp: emitter.now(),
        test_run_started_id: Some(info.id.clone()),
    }));
}

/// A known failure wins over what could not be judged, and that over what passed.
fn exit(tally: &Tally, flaky: FlakyPolicy, unjudged: bool) -> Exit {
    let count = |verdict| tally.by_verdict.get(&verdict).copied().unwrap_or_default();
    if count(Verdict::Failed) > 0 || (flaky == FlakyPolicy::Fail && !tally.flaky.is_empty()) {
        Exit::Failed
    } else if count(Verdict::Unknown) > 0 || unjudged || count(Verdict::Passed) == 0 {
        Exit::Unknown
    } else {
        Exit::Passed
    }
}

/// Watches over the workers until all is done or somebody wants it to end. Gives notes for the report.
fn supervise(shared: &Arc<Shared>, options: &Options, signals: &Signals) -> Vec<String> {
    let mut notes = Vec::new();
    let started = Instant::now();
    let count = options.jobs.clamp(1, shared.plan.scenarios.len().max(1));
    let mut workers: Vec<(Arc<Seat>, JoinHandle<()>)> = (0..count).map(|number| hire(number, shared)).collect();
    let mut hired = count;
    let mut stop_at = None;
    loop {
        let all_done = workers.iter().all(|(_, thread)| thread.is_finished());
        if all_done {
            break;
        }
        let late = options.run_timeout.is_some_and(|limit| started.elapsed() >= limit);
        if stop_at.is_none() && (late || signals.asked().is_some()) {
            shared.schedule.stop();
            stop_at = Some(Instant::now() + options.grace);
            if late {
                notes.push(format!("the run was ended after {:.1?}: its time was up", started.elapsed()));
            }
        }
        if stop_at.is_some_and(|at| Instant::now() >= at) {
            let unfinished = workers.iter().filter(|(seat, _)| seat.interrupt()).count();
            notes.push(format!("{unfinished} scenarios were under way when the run ended"));
            return not_begun(shared, notes);
        }
        for worker in &mut workers {
            if worker.0.abandon_overdue(shared) {
                *worker = hire(hired, shared);
                hired += 1;
            }
        }
        thread::park_timeout(TICK);
    }
    for (_, thread) in workers {
        if thread.join().is_err() {
            notes.push("a worker's thread died: this is a bug of paidpath".into());
        }
    }
    not_begun(shared, notes)
}

fn not_begun(shared: &Shared, mut notes: Vec<String>) -> Vec<String> {
    match shared.schedule.waiting() {
        0 => {}
        left => notes.push(format!("{left} scenarios were not begun")),
    }
    notes
}

fn hire(number: usize, shared: &Arc<Shared>) -> (Arc<Seat>, JoinHandle<()>) {
    let seat = Arc::new(Seat::default());
    let (sitting, shared, supervisor) = (Arc::clone(&seat), Arc::clone(shared), thread::current());
    let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        work(number, &sitting, &shared);
        supervisor.unpark();
    });
    (seat, thread.expect("the operating system gives a worker its thread"))
}

/// The attempts in the order in which they begin: longest first, or drawn.
fn tickets(plan: &Plan, options: &Options) -> Vec<Ticket> {
    let ticket = |scenario: usize| Ticket { scenario, attempt: 0, alone: plan.scenarios[scenario].alone() };
    let mut order: Vec<usize> = (0..plan.scenarios.len()).collect();
    if options.shuffle {
        use rand::seq::SliceRandom;
        order.shuffle(&mut options.seed.rng("order"));
    } else {
        let longest_first =
            |scenario: &usize| std::cmp::Reverse(options.history.took_micros(&plan.scenarios[*scenario].key()));
        order.sort_by_cached_key(longest_first);
    }
    order.into_iter().map(ticket).collect()
}

/// Each scenario so often, each time as a test case of its own.
fn repeat(plan: &mut Plan, times: usize) {
    let once = std::mem::take(&mut plan.scenarios);
    for round in 0..times.max(1) {
        for planned in &once {
            let mut planned = planned.clone();
            if round > 0 {
                planned.pickle.id.push_str(&format!("-again-{round}"));
                for step in &mut planned.pickle.steps {
                    step.id.push_str(&format!("-again-{round}"));
                }
            }
            plan.scenarios.push(planned);
        }
    }
}
