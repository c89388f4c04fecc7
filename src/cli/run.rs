//! `paidpath run`: selects scenarios, runs them, and writes the reports.

use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use regex::Regex;

use super::Composition;
use super::documents::{Beside, folder, rules};
use crate::base::config::{ConfigError, Span, read_text};
use crate::base::seed::Seed;
use crate::base::suggest::did_you_mean;
use crate::contract::Contracts;
use crate::gherkin::tags::Expression;
use crate::model::Exit;
use crate::model::message::Envelope;
use crate::report::{self, Console, Digest, Keep, Policy, Reporter, Style, journal};
use crate::run::history::History;
use crate::run::{Deadlines, FlakyPolicy, Options, PathSpec, Plan, Rules, Selection, Shard};
use crate::tap::Disturbance;
use crate::target::Target;
use crate::topology::{ProviderKind, Topology};
use crate::trail::Mapping;

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
    /// List the selected scenarios and run none
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "text", help_heading = "Which scenarios")]
    list: Option<ListFormat>,
    /// Resolve every step and contact nothing
    #[arg(long, help_heading = "Which scenarios")]
    dry_run: bool,

    /// Which services there are and who supplies them: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value = "embedded", help_heading = "Against what")]
    pub(super) topology: String,
    /// How to speak to the platform: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value = "atelier", help_heading = "Against what")]
    pub(super) target: String,
    /// Another provider for a service: billing=mock, generation=url:http://127.0.0.1:9000
    #[arg(long, value_name = "SERVICE=PROVIDER", help_heading = "Against what")]
    provider: Vec<String>,
    /// Disturb an edge in every scenario: "storefront -> generation: strip header Purchase-Credential"
    #[arg(long, value_name = "EDGE: FAULT", help_heading = "Against what")]
    fault: Vec<Disturbance>,
    /// Refuse to run where scenarios would be skipped for want of this: browser, docker
    #[arg(long, value_name = "NAME", value_delimiter = ',', help_heading = "Against what")]
    require: Vec<String>,
    /// Hold no exchange against a contract or the catalogue of refusals: only to see what that costs
    #[arg(long, hide = true)]
    no_contracts: bool,

    /// Run again what a saved file touches, until interrupted
    #[arg(long, help_heading = "How", conflicts_with_all = ["list", "dry_run"])]
    pub(super) watch: bool,
    /// How many scenarios at once [default: four for each processor]
    #[arg(short, long, value_name = "N", help_heading = "How")]
    jobs: Option<usize>,
    /// Everything drawn in the run comes from this number
    #[arg(long, value_name = "N", help_heading = "How")]
    seed: Option<u64>,
    /// Begin scenarios in an order drawn from the seed, not the longest first
    #[arg(long, help_heading = "How")]
    shuffle: bool,
    /// Try scenarios that did not pass up to N times more
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "How")]
    retries: u32,
    /// What scenarios that pass only on a retry do to the run [default: fail where CI is set, else warn]
    #[arg(long, value_name = "WHAT", help_heading = "How")]
    flaky: Option<Flaky>,
    /// Begin no more scenarios once one has failed
    #[arg(long, help_heading = "How")]
    fail_fast: bool,
    /// Run each scenario N times
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "How")]
    repeat: usize,
    /// How long one step may take
    #[arg(long, value_name = "SPAN", default_value = "30s", help_heading = "How")]
    step_timeout: Span,
    /// How long one scenario may take
    #[arg(long, value_name = "SPAN", default_value = "2m", help_heading = "How")]
    scenario_timeout: Span,
    /// How long the whole run may take
    #[arg(long, value_name = "SPAN", help_heading = "How")]
    run_timeout: Option<Span>,
    /// How long running scenarios may go on after a signal
    #[arg(long, value_name = "SPAN", default_value = "5s", help_heading = "How")]
    grace: Span,

    /// Where the journal and the reports go
    #[arg(long, value_name = "DIR", default_value = "reports", help_heading = "Reports")]
    reports: PathBuf,
    /// Which reports to write
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "html,junit", help_heading = "Reports")]
    report: Vec<String>,
    /// Whether to keep bodies and headers of scenarios that passed too
    #[arg(long, value_name = "WHAT", default_value = "failed", help_heading = "Reports")]
    record: Record,
    /// Show the steps of scenarios that passed, too
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

/// A run that ended before anything was judged.
#[derive(Debug)]
pub enum Refusal {
    /// The command or a file is wrong.
    Usage(String),
    /// The environment is broken.
    Environment(String),
}

impl Refusal {
    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Environment(_) => Exit::Unknown,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "{message}"),
            Self::Environment(message) => write!(f, "nothing could be judged: {message}"),
        }
    }
}

impl From<ConfigError> for Refusal {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Runs. Gives the exit of a run that began.
pub fn run(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let usage = |error: &dyn fmt::Display| Refusal::Usage(error.to_string());
    let environment = |name: &str| std::env::var(name).ok();
    let (file, text) = shipped_or_file(&arguments.target, "target", composition.targets)?;
    let target = Target::parse(&file, &text)?;
    let mapping = Mapping::parse(&file, &text)?;
    let beside = match composition.targets.iter().any(|(known, _)| *known == arguments.target) {
        true => Beside::Binary(composition.documents),
        false => Beside::Folder(folder(&file)),
    };
    let rules = match arguments.no_contracts {
        true => Rules::new(mapping, Contracts::new(), None),
        false => rules(&target, mapping, &beside)?,
    };
    let (file, text) = shipped_or_file(&arguments.topology, "topology", composition.topologies)?;
    let mut topology = Topology::parse(&file, &text)?;
    for swap in &arguments.provider {
        swap_provider(&mut topology, swap)?;
    }
    let edges = topology.edges();
    for fault in &arguments.fault {
        if !edges.contains(fault.edge()) {
            let known = edges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Refusal::Usage(format!("--fault: the topology has no edge {}; it has {known}", fault.edge())));
        }
    }
    let reporters = arguments.report.iter().map(|name| report::named(name)).collect::<Result<Vec<_>, _>>();
    let reporters = reporters.map_err(|error| usage(&error))?;
    require(composition, &arguments.require)?;

    let history = History::read(&arguments.reports).unwrap_or_default();
    let selection = selection(arguments, &history, environment)?;
    let plan =
        Plan::make(&selection, &composition.features, &composition.suite.vocabulary, |key| history.took_micros(key));
    let plan = plan.map_err(|refused| usage(&refused))?;
    if plan.scenarios.is_empty() {
        return nothing_selected(&plan, &selection);
    }
    if let Some(format) = arguments.list {
        list(&plan, format);
        return Ok(Exit::Passed);
    }
    if arguments.dry_run {
        println!("{} scenarios would run; every step is known", plan.scenarios.len());
        return Ok(Exit::Passed);
    }

    let options = options(arguments, history, environment);
    let (sender, receiver) = sync_channel(1024);
    let listener = Listener::begin(arguments, reporters).map_err(|error| usage(&error))?;
    let listening = thread::spawn(move || listener.listen(receiver));
    let outcome = crate::run::run(&composition.suite, plan, target, rules, &topology, options, sender);
    let heard = listening
        .join()
        .map_err(|_| Refusal::Environment("the journal's writer panicked: a bug of paidpath".into()))?;
    let outcome = outcome.map_err(|error| Refusal::Environment(error.to_string()))?;
    if let Err(error) = outcome.history.write(&arguments.reports) {
        eprintln!("how long scenarios took could not be kept for the next run: {error}");
    }
    Ok(if heard || outcome.exit != Exit::Passed { outcome.exit } else { Exit::Unknown })
}

/// Writes the journal and the console while the run goes on, and the reports when it has ended.
struct Listener {
    journal: journal::Writer,
    keep: Keep,
    console: Console<std::io::Stdout>,
    digest: Digest,
    reporters: Vec<&'static dyn Reporter>,
    folder: PathBuf,
}

impl Listener {
    fn begin(arguments: &Arguments, reporters: Vec<&'static dyn Reporter>) -> Result<Self, journal::JournalError> {
        let stdout = std::io::stdout();
        let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let style = Style::of(stdout.is_terminal(), width, arguments.verbose, |name| std::env::var(name).ok());
        let policy = match arguments.record {
            Record::Failed => Policy::Failed,
            Record::All => Policy::All,
        };
        Ok(Self {
            journal: journal::Writer::create(arguments.reports.join("journal.ndjson"))?,
            keep: Keep::new(policy),
            console: Console::new(stdout, style),
            digest: Digest::default(),
            reporters,
            folder: arguments.reports.clone(),
        })
    }

    /// Listens until the run is over. Says whether everything that should be written was.
    fn listen(mut self, receiver: Receiver<Envelope>) -> bool {
        for envelope in receiver {
            self.console.on(&envelope);
            // A thread that was given up may hold the other end for ever: the run's own word ends it.
            let over = matches!(envelope, Envelope::TestRunFinished(_));
            if over {
                self.write_rest();
            }
            for kept in self.keep.pass(envelope) {
                self.write(&kept);
            }
            if over {
                break;
            }
        }
        self.write_rest();
        let mut complete = true;
        if let Err(error) = self.journal.finish() {
            eprintln!("{error}");
            complete = false;
        }
        if self.digest.run().info.id.is_empty() {
            return complete; // The platform never came up: there is nothing to report.
        }
        let written = report::write_all(self.digest.run(), &self.folder, &self.reporters);
        complete &= written.iter().all(|written| written.result.is_ok());
        if let Err(error) = self.console.finish(&written) {
            eprintln!("the console could not be written: {error}");
            complete = false;
        }
        complete
    }

    fn write_rest(&mut self) {
        for kept in self.keep.rest() {
            self.write(&kept);
        }
    }

    fn write(&mut self, envelope: &Envelope) {
        self.journal.append(envelope);
        self.digest.add(envelope);
    }
}

fn options(arguments: &Arguments, history: History, environment: impl Fn(&str) -> Option<String>) -> Options {
    let processors = thread::available_parallelism().map_or(2, usize::from);
    let in_ci = environment("CI").is_some_and(|ci| !ci.is_empty() && ci != "false");
    let seed = arguments.seed.map_or_else(Seed::draw, Seed);
    Options {
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
            grace: Duration::from_millis(500),
        },
        run_timeout: arguments.run_timeout.map(|span| span.0),
        grace: arguments.grace.0,
        seed,
        faults: arguments.fault.clone(),
        command: std::env::args().collect(),
        repeat_command: repeat_command(arguments, seed),
        history,
    }
}

/// What to type before `file:line` to run one scenario again as it was.
fn repeat_command(arguments: &Arguments, seed: Seed) -> String {
    let mut command = format!("paidpath run --seed {seed}");
    let quoted = |text: &str| if text.contains(char::is_whitespace) { format!("'{text}'") } else { text.to_owned() };
    if arguments.topology != "embedded" {
        command.push_str(&format!(" --topology {}", quoted(&arguments.topology)));
    }
    if arguments.target != "atelier" {
        command.push_str(&format!(" --target {}", quoted(&arguments.target)));
    }
    for provider in &arguments.provider {
        command.push_str(&format!(" --provider {}", quoted(provider)));
    }
    for fault in &arguments.fault {
        command.push_str(&format!(" --fault {}", quoted(&fault.to_string())));
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
        embedded_only: false,
        paths: arguments.paths.iter().map(|path| PathSpec::from(path.as_str())).collect(),
        tags,
        name: arguments.name.clone(),
        only: arguments.last_failed.then(|| history.not_passed().map(str::to_owned).collect()),
        shard: arguments.shard.or_else(|| Shard::from_environment(environment)),
    })
}

/// A part of several may be empty; anything else that selects nothing has tested nothing.
fn nothing_selected(plan: &Plan, selection: &Selection) -> Result<Exit, Refusal> {
    if let Some(shard) = selection.shard
        && plan.found >= shard.index
    {
        println!("shard {}/{} has no scenario", shard.index, shard.count);
        return Ok(Exit::Passed);
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
                println!("{}  {}", planned.key(), planned.pickle.name);
            }
        }
        ListFormat::Json => {
            let scenarios = plan.scenarios.iter().map(|planned| {
                let tags: Vec<_> = planned.pickle.tags.iter().map(|tag| &tag.name).collect();
                serde_json::json!({"at": planned.key(), "name": planned.pickle.name, "tags": tags})
            });
            println!("{:#}", scenarios.collect::<serde_json::Value>());
        }
    }
}

fn require(composition: &Composition, required: &[String]) -> Result<(), Refusal> {
    let requirements = &composition.suite.requirements;
    for name in required {
        let Some(requirement) = requirements.iter().find(|requirement| requirement.name == name) else {
            let known = requirements.iter().map(|requirement| requirement.name);
            let hint = did_you_mean(name, known);
            return Err(Refusal::Usage(format!("--require: `{name}` is nothing that can be required.{hint}")));
        };
        if let Some(reason) = &requirement.missing {
            return Err(Refusal::Environment(format!("{name} is required: {reason}")));
        }
    }
    Ok(())
}

fn swap_provider(topology: &mut Topology, swap: &str) -> Result<(), Refusal> {
    let wrong = || {
        Refusal::Usage(format!("--provider: `{swap}` is not a swap: write `billing=mock` or `billing=url:http://…`"))
    };
    let (service, provider) = swap.split_once('=').ok_or_else(wrong)?;
    let (kind, url) = match provider.split_once(':') {
        Some((kind, url)) => (kind, Some(url.to_owned())),
        None => (provider, None),
    };
    let kind: ProviderKind = kind.parse().map_err(|error| Refusal::Usage(format!("--provider: {error}")))?;
    Ok(topology.swap(service, kind, url)?)
}

/// The text of a file on disk, or of one that comes with the binary; and the name under which errors speak of it.
fn shipped_or_file(name: &str, what: &str, shipped: &[(&str, &str)]) -> Result<(String, String), Refusal> {
    if let Some((_, text)) = shipped.iter().find(|(known, _)| *known == name) {
        return Ok((format!("{what} {name}"), (*text).to_owned()));
    }
    if !name.contains(['/', '.']) {
        let known = shipped.iter().map(|(known, _)| *known);
        let list = known.clone().collect::<Vec<_>>().join(", ");
        let hint = did_you_mean(name, known);
        return Err(Refusal::Usage(format!(
            "no {what} called `{name}` comes with paidpath ({list}).{hint} A file's name has a dot."
        )));
    }
    Ok((name.to_owned(), read_text(Path::new(name))?))
}
