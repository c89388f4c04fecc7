//! `paidpath run`: selects scenarios, runs them, and writes the reports.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use clap::{Args, ValueEnum};
use regex::Regex;

use super::listener::{Listener, leaks};
use super::prepare::{Prepared, SHIPPED_TARGET, SHIPPED_TOPOLOGY, default_target, default_topology, prepared};
use super::root::seen_from;
use super::{Composition, Refusal, reports_folder};
use crate::base::ci;
use crate::base::config::Span;
use crate::base::seed::Seed;
use crate::base::suggest::did_you_mean;
use crate::contract::Contracts;
use crate::gherkin::tags::Expression;
use crate::model::{Exit, Shard};
use crate::report;
use crate::run::history::{FILE, History, Timings};
use crate::run::platform::NotUp;
use crate::run::{PathSpec, Plan, RunRequest, Selection, records};
use crate::tap::Disturbance;
use crate::target::Target;
use crate::topology::Topology;
use crate::world::{Deadlines, FlakyPolicy, Options, RecordLevel, Rules};

/// The folder of the reports, in the root of a project.
const REPORTS: &str = "reports";

/// The options of a run.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Feature files or folders, each with lines: features/buying.feature:12:40 [default: features]
    #[arg(value_name = "PATH[:LINE]")]
    pub(super) paths: Vec<String>,
    /// Only scenarios whose tags satisfy this: "@smoke and not @page"
    #[arg(long, value_name = "EXPRESSION", help_heading = "Which scenarios")]
    tags: Option<String>,
    /// Only scenarios whose name matches this regular expression
    #[arg(long, value_name = "REGEX", help_heading = "Which scenarios")]
    name: Option<Regex>,
    /// Only scenarios that did not pass in the last run
    #[arg(long, help_heading = "Which scenarios")]
    last_failed: bool,
    /// Only part K of N; also read from the variables of the common CI systems
    #[arg(long, value_name = "K/N", help_heading = "Which scenarios")]
    shard: Option<Shard>,
    /// Balance the parts by the durations in the last-run.json of some run; all parts need the same file. Without it scenarios
    /// are dealt out in turn
    #[arg(long, value_name = "FILE", help_heading = "Which scenarios")]
    timings: Option<PathBuf>,
    /// List the selected scenarios and run none
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", help_heading = "Which scenarios")]
    list: Option<ListFormat>,
    /// Resolve every step and contact nothing
    #[arg(long, help_heading = "Which scenarios")]
    dry_run: bool,

    /// The topology, with the services and their providers: a file, or the name of one that comes with paidpath [default:
    /// topology.toml, or else the one that comes with paidpath]
    #[arg(long, value_name = "FILE", help_heading = "Against what")]
    topology: Option<String>,
    /// The target, with the platform's wire format: a file, or the name of one that comes with paidpath [default: target.toml,
    /// or else the one that comes with paidpath]
    #[arg(long, value_name = "FILE", help_heading = "Against what")]
    target: Option<String>,
    /// True for the features, the topology and the target that come with paidpath, if none are named.
    #[arg(skip)]
    shipped: bool,
    /// Another provider for a service: billing=mock, generation=url:http://127.0.0.1:9000
    #[arg(long, value_name = "SERVICE=PROVIDER", help_heading = "Against what")]
    provider: Vec<String>,
    /// Disturb an edge in every scenario: "storefront -> generation: strip header Purchase-Credential"
    #[arg(long, value_name = "EDGE: FAULT", help_heading = "Against what")]
    fault: Vec<Disturbance>,
    /// Switch on a seeded defect of the platform in every scenario, if its target has a test mode: ui.border-only
    #[arg(long, value_name = "ID", help_heading = "Against what")]
    defect: Vec<String>,
    /// Refuse to run if scenarios would be skipped because this is missing: browser, docker
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Against what")]
    require: Vec<String>,
    /// Leave containers standing after the run; `doctor --clean` removes them
    #[arg(long, help_heading = "Against what")]
    keep: bool,
    /// Hold no exchange against a contract or the catalogue of refusals, only to see what that costs
    #[arg(long, hide = true)]
    no_contracts: bool,

    /// Run the scenarios of a saved file again, until interrupted
    #[arg(long, help_heading = "How", conflicts_with_all = ["list", "dry_run"])]
    pub(super) watch: bool,
    /// The number of scenarios at the same time [default: four for each processor]
    #[arg(short, long, value_name = "N", help_heading = "How")]
    jobs: Option<usize>,
    /// The seed of everything that is drawn in the run
    #[arg(long, value_name = "N", help_heading = "How")]
    seed: Option<u64>,
    /// Begin scenarios in an order drawn from the seed, not the longest first
    #[arg(long, help_heading = "How")]
    shuffle: bool,
    /// Retry scenarios that did not pass up to N times
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "How")]
    retries: u32,
    /// The effect of scenarios that pass only on a retry [default: fail where CI is set, else warn]
    #[arg(long, value_name = "WHAT", help_heading = "How")]
    flaky: Option<Flaky>,
    /// Begin no more scenarios once one has failed
    #[arg(long, help_heading = "How")]
    fail_fast: bool,
    /// Run each scenario N times
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "How")]
    repeat: usize,
    /// Wait for a person at the sentence that hands a scenario over; without this the scenario goes on at once
    #[arg(long, help_heading = "How")]
    hand_over: bool,
    /// The time for one step
    #[arg(long, value_name = "SPAN", default_value = "30s", help_heading = "How")]
    step_timeout: Span,
    /// The time for one scenario
    #[arg(long, value_name = "SPAN", default_value = "2m", help_heading = "How")]
    scenario_timeout: Span,
    /// The time for the whole run
    #[arg(long, value_name = "SPAN", help_heading = "How")]
    run_timeout: Option<Span>,
    /// The time for running scenarios after a signal
    #[arg(long, value_name = "SPAN", default_value = "5s", help_heading = "How")]
    grace: Span,

    /// The folder of the journal and the reports
    #[arg(long, value_name = "DIR", default_value = REPORTS, help_heading = "Reports")]
    reports: PathBuf,
    /// The reports to write; `all` for every one
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "html,junit", help_heading = "Reports")]
    report: Vec<String>,
    /// The scenarios of which bodies and headers are kept
    #[arg(long, value_name = "WHAT", default_value = "failed", help_heading = "Reports")]
    record: Record,
    /// Also show the steps of scenarios that passed
    #[arg(short, long, help_heading = "Reports")]
    verbose: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ListFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Flaky {
    Fail,
    Warn,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Record {
    Failed,
    All,
}

impl Arguments {
    pub(super) fn topology(&self) -> String {
        self.topology
            .clone()
            .unwrap_or_else(|| if self.shipped { SHIPPED_TOPOLOGY.to_owned() } else { default_topology() })
    }

    pub(super) fn target(&self) -> String {
        self.target.clone().unwrap_or_else(|| if self.shipped { SHIPPED_TARGET.to_owned() } else { default_target() })
    }

    /// Returns the same run of what comes with paidpath.
    pub(super) fn shipped(&self) -> Self {
        Self { shipped: true, ..self.clone() }
    }

    /// Returns the same run, seen from the root of the project. `way` leads from there to where the paths were named.
    pub(super) fn seen_from_root(&self, way: &Path) -> Self {
        let seen = |path: &String| seen_from(way, Path::new(path)).display().to_string();
        // What has neither slash nor dot is the name of one that comes with paidpath.
        let file = |name: &String| if name.contains(['/', '.']) { seen(name) } else { name.clone() };
        let reports =
            if self.reports == Path::new(REPORTS) { self.reports.clone() } else { seen_from(way, &self.reports) };
        Self {
            paths: self.paths.iter().map(seen).collect(),
            topology: self.topology.as_ref().map(file),
            target: self.target.as_ref().map(file),
            timings: self.timings.as_deref().map(|timings| seen_from(way, timings)),
            reports,
            ..self.clone()
        }
    }
}

/// Refuses to run what comes with paidpath where somebody expects their own features to run.
fn refuse_without_features(arguments: &Arguments) -> Result<(), Refusal> {
    if arguments.shipped || !arguments.paths.is_empty() || Path::new("features").is_dir() {
        return Ok(());
    }
    Err(Refusal::Usage(
        "there are no features to run: `paidpath run` runs the folder `features`, here or in a folder above, or the files and \
         folders that you name. `paidpath init` begins a project. `paidpath demo` runs the features that come with paidpath \
         against the platform that comes with it"
            .into(),
    ))
}

/// Runs scenarios and returns the exit of the run.
pub fn run(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let usage = |error: &dyn fmt::Display| Refusal::Usage(error.to_string());
    let environment = |name: &str| std::env::var(name).ok();
    refuse_without_features(arguments)?;
    let (topology_name, target_name) = (arguments.topology(), arguments.target());
    let Prepared { target, fingerprint, mut rules, topology, warnings, origins } =
        prepared(composition, &topology_name, &target_name, &arguments.provider)?;
    if arguments.no_contracts {
        rules = Rules::new(rules.mapping, Contracts::new(), None);
    }
    // A fault on an edge without a tap would never fire, and a run with it would prove nothing.
    let edges = topology.edges();
    for fault in &arguments.fault {
        if !edges.iter().any(|edge| fault.is_on(edge)) {
            let known = edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Refusal::Usage(format!("--fault: the topology has no edge {}; it has {known}", fault.edge())));
        }
    }
    check_defects(&target, &arguments.defect)?;
    let reporters = report::chosen(&arguments.report).map_err(|error| usage(&error))?;
    require(composition, &arguments.require, &topology)?;

    // A first run has no history, and a broken file costs only the order.
    let history = History::read(&arguments.reports).unwrap_or_default();
    let selection = selection(arguments, &history, environment)?;
    let plan = Plan::make(&selection, &composition.features, &composition.suite.vocabulary);
    let mut plan = plan.map_err(|refused| usage(&refused))?;
    plan.identity.target = fingerprint;
    plan.origins = origins;
    plan.identity.build = ci::build(environment);
    if plan.scenarios.is_empty() {
        nothing_selected(&plan, &selection)?;
    }
    plan.warnings.extend(warnings);
    if arguments.list.is_some() || arguments.dry_run {
        plan.warnings.iter().for_each(|warning| complain!("warning: {warning}"));
    }
    if let Some(format) = arguments.list {
        list(&plan, format);
        return Ok(Exit::Passed);
    }
    if arguments.dry_run {
        say!("{} scenarios would run; every step is known", plan.scenarios.len());
        return Ok(Exit::Passed);
    }

    plan.history = selection.timings.map_or(history, |timings| timings.history);
    let doubles = super::verify::known(&arguments.reports, &topology);
    let options = Arc::new(Options { doubles, ..options(arguments, environment) });
    let (journal, records) = records();
    // Until all reports are written.
    let _held = reports_folder::take(&arguments.reports, &reporters, &plan)?;
    // Begun before the run: if the journal cannot be written there is no point in starting a platform.
    let listener = Listener::begin(&arguments.reports, arguments.verbose, reporters).map_err(|error| usage(&error))?;
    let listening = thread::spawn(move || listener.listen(records));
    let suite = &composition.suite;
    let request = RunRequest { suite, plan, target, rules, topology: &topology, options, journal };
    let outcome = crate::run::run(request);
    let heard = listening
        .join()
        .map_err(|_| Refusal::Environment("the journal's writer panicked: a bug of paidpath".into()))?;
    if let Err(NotUp::Interrupted(exit)) = outcome {
        return Err(Refusal::Stopped(exit));
    }
    let outcome = outcome.map_err(|error| Refusal::Environment(error.to_string()))?;
    if let Err(error) = outcome.history.write(&arguments.reports) {
        complain!("how scenarios ended could not be kept for the next run: {error}");
    }
    // Everything is written by now, so a secret that slipped through redaction can be found. It fails the run.
    let files = heard.files.iter().cloned().chain([arguments.reports.join(FILE)]).collect::<Vec<_>>();
    let leaks = leaks(&outcome.secrets.canaries(), &files, &heard.printed);
    leaks.iter().for_each(|leak| complain!("{leak}"));
    Ok(match outcome.exit {
        _ if !leaks.is_empty() => Exit::Failed,
        // A report that is missing cannot show that the run passed.
        Exit::Passed if !heard.complete => Exit::Unknown,
        exit => exit,
    })
}

fn options(arguments: &Arguments, environment: impl Fn(&str) -> Option<String>) -> Options {
    let processors = thread::available_parallelism().map_or(2, usize::from);
    let in_ci = environment("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    let seed = arguments.seed.map_or_else(Seed::draw, Seed);
    Options {
        // Scenarios wait for the platform most of the time.
        jobs: arguments.jobs.unwrap_or(processors * 4).max(1),
        retries: arguments.retries,
        flaky: match arguments.flaky {
            Some(Flaky::Fail) => FlakyPolicy::Fail,
            Some(Flaky::Warn) => FlakyPolicy::Warn,
            None if in_ci => FlakyPolicy::Fail,
            None => FlakyPolicy::Warn,
        },
        fail_fast: arguments.fail_fast,
        shuffle: arguments.shuffle,
        repeat: arguments.repeat,
        deadlines: Deadlines {
            step: arguments.step_timeout.0,
            scenario: arguments.scenario_timeout.0,
            run: arguments.run_timeout.map(|span| span.0),
            grace: arguments.grace.0,
            ..Deadlines::default()
        },
        seed,
        faults: arguments.fault.clone(),
        defects: arguments.defect.clone(),
        keep: arguments.keep,
        repeat_command: repeat_command(arguments, seed),
        hand_over: arguments.hand_over,
        record: match arguments.record {
            Record::Failed => RecordLevel::Failed,
            Record::All => RecordLevel::All,
        },
        ..Options::default()
    }
}

/// Returns the command that repeats a scenario, up to its `file:line`.
fn repeat_command(arguments: &Arguments, seed: Seed) -> String {
    let verb = if arguments.shipped { "demo" } else { "run" };
    let mut command = format!("paidpath {verb} --seed {seed}");
    let quoted = |text: &str| if text.contains(char::is_whitespace) { format!("'{text}'") } else { text.to_owned() };
    let (topology, target) = (arguments.topology(), arguments.target());
    if topology != SHIPPED_TOPOLOGY {
        command.push_str(&format!(" --topology {}", quoted(&topology)));
    }
    if target != SHIPPED_TARGET {
        command.push_str(&format!(" --target {}", quoted(&target)));
    }
    for provider in &arguments.provider {
        command.push_str(&format!(" --provider {}", quoted(provider)));
    }
    for fault in &arguments.fault {
        command.push_str(&format!(" --fault {}", quoted(&fault.to_string())));
    }
    for defect in &arguments.defect {
        command.push_str(&format!(" --defect {defect}"));
    }
    command
}

fn selection(
    arguments: &Arguments,
    history: &History,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Selection, Refusal> {
    let tags = arguments.tags.as_deref().map(Expression::parse).transpose();
    let tags = tags.map_err(|error| Refusal::Usage(format!("--tags: {error}")))?;
    if arguments.last_failed && history.scenarios.is_empty() {
        let folder = arguments.reports.display();
        return Err(Refusal::Usage(format!("--last-failed: no run has left its results in {folder}")));
    }
    Ok(Selection {
        embedded_only: arguments.shipped,
        paths: arguments.paths.iter().map(|path| PathSpec::from(path.as_str())).collect(),
        tags,
        name: arguments.name.clone(),
        only: arguments.last_failed.then(|| history.not_passed().map(str::to_owned).collect()),
        shard: arguments.shard.or_else(|| Shard::from_environment(environment)),
        timings: arguments.timings.as_deref().map(Timings::read).transpose()?,
    })
}

/// Refuses a run without scenarios. One shard of several may be empty: its journal says so, and the whole is judged by the report
/// of all shards. Any other empty selection has tested nothing.
fn nothing_selected(plan: &Plan, selection: &Selection) -> Result<(), Refusal> {
    if let Some(shard) = selection.shard
        && plan.identity.scenarios > 0
    {
        say!("shard {shard} has no scenario");
        return Ok(());
    }
    let found = plan.found;
    Err(Refusal::Environment(format!(
        "none of the {found} scenarios found was selected by --tags, --name and --last-failed"
    )))
}

fn list(plan: &Plan, format: ListFormat) {
    match format {
        ListFormat::Text => {
            for planned in &plan.scenarios {
                say!("{}  {}", planned.key(), planned.pickle.name);
            }
        }
        ListFormat::Json => {
            let scenarios = plan.scenarios.iter().map(|planned| {
                let tags: Vec<_> = planned.pickle.tags.iter().map(|tag| &tag.name).collect();
                serde_json::json!({"at": planned.key(), "name": planned.pickle.name, "tags": tags})
            });
            say!("{:#}", scenarios.collect::<serde_json::Value>());
        }
    }
}

/// Checks the ids of defects. They travel in the baggage that the target names, several of them joined by `+`.
fn check_defects(target: &Target, defects: &[String]) -> Result<(), Refusal> {
    if !defects.is_empty() && target.baggage.defect.is_none() {
        let name = &target.name;
        return Err(Refusal::Usage(format!(
            "--defect: {name} has none: `baggage.defect` is not set in the target's file"
        )));
    }
    let is_odd = |id: &&String| {
        id.is_empty() || !id.chars().all(|letter| letter.is_ascii_alphanumeric() || "-._".contains(letter))
    };
    match defects.iter().find(is_odd) {
        Some(odd) => Err(Refusal::Usage(format!(
            "--defect: `{odd}` is not the id of a defect: write for example `ui.border-only`"
        ))),
        None => Ok(()),
    }
}

fn require(composition: &Composition, required: &[String], topology: &Topology) -> Result<(), Refusal> {
    let requirements = &composition.suite.requirements;
    for name in required {
        let Some(requirement) = requirements.iter().find(|requirement| requirement.name == name) else {
            let known = requirements.iter().map(|requirement| requirement.name);
            let hint = did_you_mean(name, known);
            return Err(Refusal::Usage(format!("--require: `{name}` is nothing that can be required.{hint}")));
        };
        if let Some(reason) = requirement.unmet(topology) {
            return Err(Refusal::Environment(format!("{name} is required: {reason}")));
        }
    }
    Ok(())
}
