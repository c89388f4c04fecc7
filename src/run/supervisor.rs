//! One run from beginning to end: brings the platform up, watches the workers, and takes the platform down.

use std::borrow::Cow;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::history::History;
use super::live::Emitter;
use super::plan::{Plan, Planned};
use super::platform::{Builder, NotUp, Platform};
use super::schedule::{Schedule, Turn};
use super::signals::Signals;
use super::suite::Suite;
use super::workers::{Shared, Tally, WorkerSlot, work};
use super::{emit, panics};
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::model::message::{Attachment, Envelope, TestRunFinished, media};
use crate::model::{Exit, Judged, Lifted, RunEnd, RunInfo, Verdict};
use crate::tap::{FaultBoard, Recorder};
use crate::target::Target;
use crate::topology::{RunLabel, Topology};
use crate::trail::{Judge, RULES, Rule};
use crate::world::{Browsing, FlakyPolicy, Options, Rules, RunContext, Services};

/// A run that is asked for.
pub struct RunRequest<'r> {
    pub suite: &'r Suite,
    pub plan: Plan,
    pub target: Target,
    pub rules: Rules,
    pub topology: &'r Topology,
    pub options: Arc<Options>,
    /// The way of the records to the listener. The listener has to go on listening until the run is over.
    pub journal: SyncSender<Vec<Envelope>>,
}

/// The end of a run.
#[derive(Debug)]
pub struct RunOutcome {
    pub exit: Exit,
    /// The results, for the next run.
    pub history: History,
    /// Every secret of the run. The reports are searched for them.
    pub secrets: Arc<Redactor>,
}

const DEAD_WORKER: &str = "a worker's thread died: this is a bug of paidpath";

/// The interval at which the supervisor looks at the workers.
const TICK: Duration = Duration::from_millis(20);

/// Runs a plan. Returns an error if the platform does not come up, because then nothing was judged.
pub fn run(request: RunRequest<'_>) -> Result<RunOutcome, NotUp> {
    panics::install_hook();
    let RunRequest { suite, mut plan, target, rules, topology, options, journal } = request;
    repeat(&mut plan, options.repeat);
    let topology = services_for(suite, topology, &mut plan);
    let up = Up::bring_up(suite, &topology, &target, &options)?;
    let emitter = Emitter::new(journal, up.clock);
    let info = up.info(&plan, &target, &topology, &options);
    emit::head(&emitter, &info, &suite.vocabulary, &mut plan);
    let warnings = std::mem::take(&mut plan.warnings);
    let tally = Tally::of(plan.scenarios.iter().map(Planned::key));
    let shared = Arc::new(Shared {
        schedule: Schedule::new(turns(suite, plan, &options), suite.browser.parallel),
        vocabulary: Arc::clone(&suite.vocabulary),
        repeat: up.redacted(&options.repeat_command),
        missing: suite.missing(&topology),
        tally: Mutex::new(tally),
        emitter,
        context: Arc::new(up.context(suite, target, rules, &topology, options)),
    });
    let mut notes = warnings;
    notes.extend(unwatched(&topology));
    notes.extend(supervise(&shared, &up.signals));
    let signals = up.signals.clone();
    notes.extend(up.take_down(&shared));
    Ok(conclude(&shared, &signals, &info, notes))
}

/// Returns a note about the calls that nobody sees, so that a reader does not take silence for approval.
fn unwatched(topology: &Topology) -> Vec<String> {
    let edges: Vec<_> = topology.unwatched().map(|edge| edge.to_string()).collect();
    if edges.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "not watched: {}. The caller was running already, so its calls pass no tap, and no rule judges them",
        edges.join(", ")
    )]
}

/// Returns a note about the edges whose requests belong to no scenario.
fn untraced(context: &RunContext) -> Option<String> {
    let mut edges: Vec<_> = context.recorder.untraced().iter().map(|edge| edge.to_string()).collect();
    edges.sort();
    let note = "requests without `traceparent` belong to no scenario, so no rule concludes anything from what is not seen there";
    if edges.is_empty() { None } else { Some(format!("not watched: {}. {note}", edges.join(", "))) }
}

/// Returns the topology with the services that the run needs. If they cannot be supplied here, every scenario is skipped, the
/// run needs none, and its report says why nothing was judged. A shard without scenarios needs none either.
fn services_for<'t>(suite: &Suite, topology: &'t Topology, plan: &mut Plan) -> Cow<'t, Topology> {
    if plan.scenarios.is_empty() {
        return Cow::Owned(topology.without_services());
    }
    let Some(why) = suite.out_of_reach(topology) else { return Cow::Borrowed(topology) };
    for planned in &mut plan.scenarios {
        planned.settings.skip = Some(why.clone());
    }
    Cow::Owned(topology.without_services())
}

/// A platform that is up, with the clock, the taps' recorder and the runtime that belong to it.
struct Up {
    run_id: String,
    clock: Clock,
    runtime: Runtime,
    platform: Platform,
    recorder: Recorder,
    faults: FaultBoard,
    redactor: Arc<Redactor>,
    signals: Signals,
    took: Duration,
}

impl Up {
    fn bring_up(suite: &Suite, topology: &Topology, target: &Target, options: &Options) -> Result<Self, NotUp> {
        let clock = Clock::start();
        let redactor = Arc::new(Redactor::new(&target.redact));
        // The platform has a runtime of its own: a step that blocks its worker must not hold up services and taps.
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
        let recorder = Recorder::new(clock, Arc::clone(&redactor));
        let began = Instant::now();
        let (platform, signals) = runtime.block_on(async {
            // A run without signal handlers is better than none; it then ends like any other process.
            let signals = Signals::listen().unwrap_or_default();
            let mark = RunLabel { id: run_id.clone(), keep: options.keep };
            let with = Builder { topology, providers: &suite.providers, recorder: &recorder, faults: &faults, mark };
            let platform = Platform::start(with, signals.asking()).await;
            platform.map(|platform| (platform, signals))
        })?;
        for secret in platform.secrets.values() {
            redactor.learn(None, secret);
        }
        Ok(Self { run_id, clock, runtime, platform, recorder, faults, redactor, signals, took: began.elapsed() })
    }

    fn redacted(&self, text: &str) -> String {
        self.redactor.fields(None, text).into_owned()
    }

    fn info(&self, plan: &Plan, target: &Target, topology: &Topology, options: &Options) -> RunInfo {
        RunInfo {
            id: self.run_id.clone(),
            seed: options.seed.0,
            started: jiff::Timestamp::now(),
            version: env!("CARGO_PKG_VERSION").into(),
            command: options.command.iter().map(|word| self.redacted(word)).collect(),
            topology: topology.name.clone(),
            target: target.name.clone(),
            origins: plan.origins.clone(),
            services: self.platform.services.clone(),
            edges: topology.edges(),
            selected: plan.scenarios.len(),
            jobs: options.jobs,
            faults: options
                .faults
                .iter()
                .map(|fault| self.redactor.text(None, &fault.to_string()).into_owned())
                .collect(),
            defects: options.defects.clone(),
            up_micros: u64::try_from(self.took.as_micros()).ok(),
            verified: None,
            doubles: options.doubles.clone(),
            flaky_fails: options.flaky == FlakyPolicy::Fail,
            identity: plan.identity.clone(),
        }
    }

    fn context(
        &self,
        suite: &Suite,
        target: Target,
        rules: Rules,
        topology: &Topology,
        options: Arc<Options>,
    ) -> RunContext {
        RunContext {
            browsing: Browsing::new(suite.browser.clone(), target.page.as_ref(), topology.hosts()),
            options,
            target,
            rules,
            clock: self.clock,
            epoch: epoch(self.clock),
            entry: self.platform.entry.clone(),
            front: self.platform.front.clone(),
            edges: topology.edges(),
            topology: topology.name.clone(),
            secrets: self.platform.secrets.clone(),
            recorder: self.recorder.clone(),
            faults: self.faults.clone(),
            redactor: Arc::clone(&self.redactor),
            services: Services::new(self.platform.running(), topology, self.runtime.handle().clone()),
        }
    }

    /// Ends the browser, the services and the taps. Returns notes about what did not stop or was kept.
    fn take_down(self, shared: &Shared) -> Vec<String> {
        self.runtime.block_on(shared.context.browsing.stop());
        self.runtime.block_on(self.platform.stop())
    }
}

/// Decides how the run ended and records it.
fn conclude(shared: &Shared, signals: &Signals, info: &RunInfo, mut notes: Vec<String>) -> RunOutcome {
    let context = &shared.context;
    let run_wide = context.faults.run_wide();
    let unused: Vec<_> = run_wide.iter().filter(|fault| fault.times == 0).collect();
    notes.extend(unused.iter().map(|fault| format!("a fault never fired: {}", context.as_recorded(None, fault))));
    notes.extend(context.rules.notes(&context.edges));
    notes.extend(context.browsing.foreign_hosts());
    notes.extend(untraced(context));
    let strays = context.recorder.strays().count;
    let mut tally = std::mem::take(&mut *shared.tally());
    tally.close();
    let unjudged = !unused.is_empty() || shared.emitter.is_broken();
    let exit = signals.asked().unwrap_or_else(|| exit(&tally, context.options.flaky, unjudged));
    emit_end(&shared.emitter, info, exit, notes, &tally, strays);
    RunOutcome {
        exit,
        history: History { scenarios: tally.ends, ..History::default() },
        secrets: Arc::clone(&context.redactor),
    }
}

fn emit_end(emitter: &Emitter, info: &RunInfo, exit: Exit, notes: Vec<String>, tally: &Tally, strays: u64) {
    let judged = |rule: &Rule| Judged {
        rule: rule.id,
        says: rule.holds.into(),
        scenarios: tally.judged.get(&rule.id).copied().unwrap_or_default(),
    };
    // Only a topology with doubles can break the rule about them. Elsewhere the report would list it as never judged.
    let checks = RULES.iter().filter(|rule| !matches!(rule.judge, Judge::Doubles)).map(judged).collect();
    let lifted = tally.lifted.iter().map(|(rule, times)| Lifted { rule: *rule, times: *times });
    let end = RunEnd { exit, notes, strays, checks, lifted: lifted.collect() };
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

/// Returns the moment at which the run's clock began.
fn epoch(clock: Clock) -> jiff::Timestamp {
    let elapsed = jiff::SignedDuration::try_from(clock.elapsed()).expect("invariant: a run is shorter than an age");
    jiff::Timestamp::now() - elapsed
}

/// Decides the exit of a run: a failure wins over what could not be judged, and that over a pass.
fn exit(tally: &Tally, flaky: FlakyPolicy, unjudged: bool) -> Exit {
    let count = |verdict| tally.by_verdict.get(&verdict).copied().unwrap_or_default();
    if tally.by_verdict.is_empty() {
        // Only a shard of a selection that has scenarios may have none itself.
        Exit::Passed
    } else if count(Verdict::Failed) > 0 || (flaky == FlakyPolicy::Fail && !tally.flaky.is_empty()) {
        Exit::Failed
    } else if count(Verdict::Unknown) > 0 || unjudged || count(Verdict::Passed) == 0 {
        // A run in which no scenario passed has shown nothing.
        Exit::Unknown
    } else {
        Exit::Passed
    }
}

/// Watches the workers until all scenarios are done or somebody wants the run to end. Returns notes for the report.
fn supervise(shared: &Arc<Shared>, signals: &Signals) -> Vec<String> {
    let options = shared.options();
    let deadlines = &options.deadlines;
    let mut notes = Vec::new();
    let started = Instant::now();
    let count = options.jobs.clamp(1, shared.schedule.waiting().max(1));
    let mut workers: Vec<(Arc<WorkerSlot>, JoinHandle<()>)> = (0..count).map(|number| hire(number, shared)).collect();
    let mut hired = count;
    let mut stop_at = None;
    loop {
        for worker in &mut workers {
            // A worker gives its attempt back before it ends, unless it died.
            if worker.1.is_finished() && worker.0.interrupt(shared) {
                notes.push(DEAD_WORKER.into());
                *worker = hire(hired, shared);
                hired += 1;
            }
        }
        if workers.iter().all(|(_, thread)| thread.is_finished()) {
            break;
        }
        let late = deadlines.run.is_some_and(|limit| started.elapsed() >= limit);
        if stop_at.is_none() && (late || signals.asked().is_some()) {
            shared.schedule.stop();
            stop_at = Some(Instant::now() + deadlines.grace);
            if late {
                notes.push(format!("the run was ended after {:.1?}: its time was up", started.elapsed()));
            }
        }
        if stop_at.is_some_and(|at| Instant::now() >= at) {
            let unfinished = workers.iter().filter(|(slot, _)| slot.interrupt(shared)).count();
            notes.push(format!("{unfinished} scenarios were under way when the run ended"));
            note_waiting(shared, &mut notes);
            // The threads are not joined: their steps may never return.
            return notes;
        }
        for worker in &mut workers {
            worker.0.send();
            if worker.0.abandon_overdue(shared) {
                *worker = hire(hired, shared);
                hired += 1;
            }
        }
        thread::park_timeout(TICK);
    }
    for (_, thread) in workers {
        if thread.join().is_err() {
            notes.push(DEAD_WORKER.into());
        }
    }
    note_waiting(shared, &mut notes);
    notes
}

fn note_waiting(shared: &Shared, notes: &mut Vec<String>) {
    let waiting = shared.schedule.waiting();
    if waiting > 0 {
        notes.push(format!("{waiting} scenarios were not begun"));
    }
}

fn hire(number: usize, shared: &Arc<Shared>) -> (Arc<WorkerSlot>, JoinHandle<()>) {
    let slot = Arc::new(WorkerSlot::default());
    let (own, shared, supervisor) = (Arc::clone(&slot), Arc::clone(shared), thread::current());
    let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        work(number, &own, &shared);
        // The supervisor need not sleep out its tick when the last worker is done.
        supervisor.unpark();
    });
    (slot, thread.expect("the operating system gives a worker its thread"))
}

/// Returns the first attempts in the order in which they begin: the longest first, or in an order drawn from the seed.
fn turns(suite: &Suite, plan: Plan, options: &Options) -> Vec<Turn> {
    let browser_tag = suite.browser_tag();
    let turn = |(scenario, planned): (usize, Planned)| Turn {
        scenario,
        attempt: 0,
        alone: planned.alone(),
        browses: planned.pickle.tags.iter().any(|tag| Some(tag.name.as_str()) == browser_tag),
        planned: Arc::new(planned),
    };
    let history = plan.history;
    let mut turns: Vec<_> = plan.scenarios.into_iter().enumerate().map(turn).collect();
    if options.shuffle {
        use rand::seq::SliceRandom;
        turns.shuffle(&mut options.seed.rng("order"));
    } else {
        // A long scenario that begins last would make the whole run longer.
        turns.sort_by_cached_key(|turn| std::cmp::Reverse(history.took_micros(&turn.planned.key())));
    }
    turns
}

/// Adds copies of each scenario, each a test case of its own.
fn repeat(plan: &mut Plan, times: usize) {
    let copies: Vec<_> = (1..times)
        .flat_map(|round| plan.scenarios.iter().map(move |planned| planned.again(&round.to_string())))
        .collect();
    plan.scenarios.extend(copies);
}
