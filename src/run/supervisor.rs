//! One run from beginning to end: the platform up, workers at work under deadlines and signals, the platform down.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::attempt::Deadlines;
use super::evidence::Evidence;
use super::history::History;
use super::live::Emitter;
use super::plan::{Plan, Planned};
use super::platform::{Builder, NotUp, Platform};
use super::schedule::{Schedule, Ticket};
use super::signals::Signals;
use super::vocabulary::Vocabulary;
use super::workers::{Shared, Tally, WorkerSlot, work};
use super::{emit, panics};
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::base::seed::Seed;
use crate::browser::BrowserConfig;
use crate::model::message::{Attachment, Envelope, TestRunFinished, media};
use crate::model::{Exit, Judged, Lifted, RunEnd, RunInfo, Verdict};
use crate::tap::{Disturbance, FaultBoard, Recorder};
use crate::target::Target;
use crate::topology::{MachineRequirement, Provider, ProviderKind, RunLabel, Topology};
use crate::trail::{Judge, RULES, Rule};
use crate::world::{Browsing, Rules, RunContext, Services};

/// What the binary brings along: sentences, and who can supply services.
pub struct Suite {
    /// The sentences.
    pub vocabulary: Arc<Vocabulary>,
    /// Suppliers of services.
    pub providers: Vec<Arc<dyn Provider>>,
    /// What scenarios with certain tags need.
    pub requirements: Vec<Requirement>,
    /// Which browser shows pages, for scenarios that open one.
    pub browser: BrowserConfig,
}

/// Something that scenarios with a tag need and a machine may not have.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// What `--require` calls it.
    pub name: &'static str,
    /// The tag of the scenarios that need it.
    pub tag: &'static str,
    /// What these scenarios need of the topology.
    pub of: Needs,
    /// Why it is not to be had here; `None` when it is.
    pub missing: Option<String>,
    /// The advice that `paidpath doctor` gives when it is missing.
    pub remedy: Option<&'static str>,
}

/// What scenarios can need of a topology.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A service of this provider, which needs the same of the machine.
    Provider(ProviderKind),
    /// That whatever calls others is there itself, and no double.
    Whole,
}

impl Requirement {
    /// Returns what these providers need from the machine.
    pub fn of_providers(providers: &[Arc<dyn Provider>]) -> impl Iterator<Item = Self> {
        providers.iter().filter_map(|provider| {
            let MachineRequirement { name, tag, missing, remedy } = provider.requirement()?;
            Some(Self { name, tag, of: Needs::Provider(provider.kind()), missing, remedy: Some(remedy) })
        })
    }

    /// Why what needs it cannot run here against this topology; `None` when it can.
    pub fn unmet(&self, topology: &Topology) -> Option<String> {
        let name = &topology.name;
        let absent = match self.of {
            Needs::Nothing => None,
            Needs::Provider(provider) => {
                (!topology.has(provider)).then(|| format!("the topology {name} has no {provider}"))
            }
            Needs::Whole => {
                let doubled: Vec<_> = topology.doubled().collect();
                let absent = format!("the topology {name} has doubles of {}, which only answer", doubled.join(", "));
                (!doubled.is_empty()).then_some(absent)
            }
        };
        self.missing.clone().or(absent)
    }

    fn is_of(&self, topology: &Topology) -> bool {
        match self.of {
            Needs::Provider(provider) => topology.has(provider),
            Needs::Nothing | Needs::Whole => false,
        }
    }
}

impl Suite {
    /// Why the services of this topology cannot be supplied here; `None` when they can.
    pub fn out_of_reach(&self, topology: &Topology) -> Option<String> {
        let mut needed = self.requirements.iter().filter(|requirement| requirement.is_of(topology));
        let why = needed.find_map(|requirement| requirement.missing.as_ref())?;
        Some(format!("the topology {} needs what is not here: {why}", topology.name))
    }
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
    /// Seeded defects that are switched on in every scenario, by their ids.
    pub defects: Vec<String>,
    /// Leave standing what outlives the process.
    pub keep: bool,
    /// What the command line was.
    pub command: Vec<String>,
    /// What to put before `file:line` to repeat a scenario.
    pub repeat_command: String,
    /// How the last run went.
    pub history: History,
    /// How much evidence is recorded.
    pub evidence: Evidence,
    /// For how long nothing has to come any more before a scenario is over, beyond what rules wait for. Zero, unless all
    /// that services tell each other has to be seen.
    pub quiet: Duration,
    /// Whether there is a person to whom a scenario can be handed over.
    pub hand_over: bool,
    /// What is known of how truly doubles answer.
    pub doubles: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// How the process should end.
    pub exit: Exit,
    /// What the next run wants to know.
    pub history: History,
    /// Knows every secret of the run: what was written of it is searched for them, once it is written.
    pub secrets: Arc<Redactor>,
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
    rules: Rules,
    topology: &Topology,
    options: Options,
    journal: SyncSender<Vec<Envelope>>,
) -> Result<Outcome, NotUp> {
    panics::install_hook();
    repeat(&mut plan, options.repeat);
    let nothing;
    let topology = match suite.out_of_reach(topology) {
        None => topology,
        Some(why) => {
            plan.scenarios.iter_mut().for_each(|planned| planned.settings.skip = Some(why.clone()));
            nothing = topology.without_services();
            &nothing
        }
    };
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
        let mark = RunLabel { id: run_id.clone(), keep: options.keep };
        let with = Builder { topology, providers: &suite.providers, recorder: &recorder, faults: &faults, mark };
        let signals = signals.unwrap_or_default();
        let began = Instant::now();
        let platform = Platform::start(with, signals.asking()).await;
        platform.map(|platform| (platform, recorder, signals, began.elapsed()))
    });
    let (platform, recorder, signals, up_after) = started?;
    for secret in platform.secrets.values() {
        redactor.learn(None, secret);
    }
    let clean = |text: &String| redactor.fields(None, text).into_owned();
    let info = RunInfo {
        id: run_id,
        seed: options.seed.0,
        started: jiff::Timestamp::now(),
        version: env!("CARGO_PKG_VERSION").into(),
        command: options.command.iter().map(clean).collect(),
        topology: topology.name.clone(),
        target: target.name.clone(),
        services: platform.services.clone(),
        edges: topology.edges(),
        selected: plan.scenarios.len(),
        jobs: options.jobs,
        faults: options.faults.iter().map(|fault| redactor.text(None, &fault.to_string()).into_owned()).collect(),
        defects: options.defects.clone(),
        up_micros: u64::try_from(up_after.as_micros()).ok(),
        verified: None,
        doubles: options.doubles.clone(),
        flaky_fails: options.flaky == FlakyPolicy::Fail,
        identity: plan.identity.clone(),
    };
    emit::head(&emitter, &info, &suite.vocabulary, &mut plan);
    let browsing = Browsing::new(suite.browser.clone(), target.page.as_ref());
    let shared = Arc::new(Shared {
        schedule: Schedule::new(tickets(suite, plan, &options), suite.browser.parallel),
        vocabulary: Arc::clone(&suite.vocabulary),
        context: Arc::new(RunContext {
            target,
            rules,
            clock,
            epoch: epoch(clock),
            entry: platform.entry.clone(),
            front: platform.front.clone(),
            browsing,
            defects: options.defects.clone(),
            quiet: options.quiet,
            hand_over: options.hand_over,
            edges: topology.edges(),
            topology: topology.name.clone(),
            secrets: platform.secrets.clone(),
            recorder: recorder.clone(),
            faults: faults.clone(),
            redactor: Arc::clone(&redactor),
            services: Services::new(platform.running(), topology, runtime.handle().clone()),
        }),
        emitter: emitter.clone(),
        deadlines: options.deadlines,
        retries: options.retries,
        fail_fast: options.fail_fast,
        seed: options.seed,
        evidence: options.evidence,
        repeat: clean(&options.repeat_command),
        missing: suite
            .requirements
            .iter()
            .filter_map(|requirement| Some((requirement.tag.to_owned(), requirement.unmet(topology)?)))
            .collect(),
        tally: Mutex::default(),
    });
    let mut notes = supervise(&shared, &options, &signals);
    runtime.block_on(shared.context.browsing.stop());
    notes.extend(runtime.block_on(platform.stop()));
    let run_wide: Vec<_> = faults.run_wide().iter().map(|fault| shared.context.as_recorded(None, fault)).collect();
    for fault in run_wide.iter().filter(|fault| fault.times == 0) {
        notes.push(format!("a fault never fired: {fault}"));
    }
    notes.extend(shared.context.rules.notes(&shared.context.edges));
    let strays = recorder.strays().count;
    let tally = std::mem::take(&mut *shared.tally());
    let unjudged = run_wide.iter().any(|fault| fault.times == 0) || emitter.is_broken();
    let exit = signals.asked().unwrap_or_else(|| exit(&tally, options.flaky, unjudged));
    finish(&emitter, &info, exit, notes, &tally, strays);
    Ok(Outcome { exit, history: History { scenarios: tally.endings }, secrets: redactor })
}

fn finish(emitter: &Emitter, info: &RunInfo, exit: Exit, notes: Vec<String>, tally: &Tally, strays: u64) {
    let judged = |rule: &Rule| Judged {
        rule: rule.id,
        says: rule.holds.into(),
        scenarios: tally.judged.get(&rule.id).copied().unwrap_or_default(),
    };
    // Only a topology with doubles can break the rule about them: elsewhere it would be listed as never judged.
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

/// The moment at which the run's clock began.
fn epoch(clock: Clock) -> jiff::Timestamp {
    let elapsed = jiff::SignedDuration::try_from(clock.elapsed()).expect("invariant: a run is shorter than an age");
    jiff::Timestamp::now() - elapsed
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
    let count = options.jobs.clamp(1, shared.schedule.waiting().max(1));
    let mut workers: Vec<(Arc<WorkerSlot>, JoinHandle<()>)> = (0..count).map(|number| hire(number, shared)).collect();
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
            let unfinished = workers.iter().filter(|(slot, _)| slot.interrupt(shared)).count();
            notes.push(format!("{unfinished} scenarios were under way when the run ended"));
            return not_begun(shared, notes);
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

fn hire(number: usize, shared: &Arc<Shared>) -> (Arc<WorkerSlot>, JoinHandle<()>) {
    let slot = Arc::new(WorkerSlot::default());
    let (sitting, shared, supervisor) = (Arc::clone(&slot), Arc::clone(shared), thread::current());
    let thread = thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
        work(number, &sitting, &shared);
        supervisor.unpark();
    });
    (slot, thread.expect("the operating system gives a worker its thread"))
}

/// The attempts in the order in which they begin: longest first, or drawn.
fn tickets(suite: &Suite, plan: Plan, options: &Options) -> Vec<Ticket> {
    let page = suite.requirements.iter().find(|requirement| requirement.name == "browser").map(|needs| needs.tag);
    let ticket = |(scenario, planned): (usize, Planned)| Ticket {
        scenario,
        attempt: 0,
        alone: planned.alone(),
        browses: planned.pickle.tags.iter().any(|tag| Some(tag.name.as_str()) == page),
        planned: Arc::new(planned),
    };
    let mut tickets: Vec<_> = plan.scenarios.into_iter().enumerate().map(ticket).collect();
    if options.shuffle {
        use rand::seq::SliceRandom;
        tickets.shuffle(&mut options.seed.rng("order"));
    } else {
        tickets.sort_by_cached_key(|ticket| std::cmp::Reverse(options.history.took_micros(&ticket.planned.key())));
    }
    tickets
}

/// Each scenario so often, each time as a test case of its own.
fn repeat(plan: &mut Plan, times: usize) {
    let again: Vec<_> = (1..times)
        .flat_map(|round| plan.scenarios.iter().map(move |planned| planned.again(&round.to_string())))
        .collect();
    plan.scenarios.extend(again);
}
