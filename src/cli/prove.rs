//! `paidpath prove`: breaks the platform on purpose, one thing at a time, and shows who noticed.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::listener::leaks;
use super::prepare::{Prepared, default_target, default_topology, prepared};
use super::{Composition, Refusal, reports_folder};
use crate::base::config::Span;
use crate::base::seed::Seed;
use crate::gherkin::tags::Expression;
use crate::model::message::{Attachment, Envelope, media};
use crate::model::{Exit, Proof, RuleId};
use crate::prove::mutant::{Budget, mutate};
use crate::prove::{
    Baseline, BaselineOutcome, BaselineScenario, Defect, How, PlanRunner, ProofError, ProofProgress, TrialScope,
    coverage, named, prove as try_each,
};
use crate::report::{self, Style, journal, proof};
use crate::run::{PathSpec, Plan, Selection};
use crate::world::{Deadlines, Options, RecordLevel};

/// The options of a proof.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Only these defects: gw.header-strip, or gw.* for all of a layer [default: all]
    #[arg(value_name = "DEFECT")]
    defects: Vec<String>,
    /// List the defects and run nothing
    #[arg(long)]
    list: bool,

    /// Feature files or folders to prove something about [default: features]
    #[arg(long, value_name = "PATH[:LINE]", help_heading = "Which scenarios")]
    features: Vec<String>,
    /// Only scenarios whose tags satisfy this: "@smoke and not @page"
    #[arg(long, value_name = "EXPRESSION", help_heading = "Which scenarios")]
    tags: Option<String>,
    /// Run every scenario that could see a defect, and do not stop at the first that notices
    #[arg(long, help_heading = "Which scenarios")]
    all: bool,
    /// Also list the defects that would survive without each rule; runs all scenarios
    #[arg(long, help_heading = "Which scenarios")]
    without_checks: bool,

    /// Change the platform's answers instead, and record which scenario notices: needs no seeded defects
    #[arg(long, conflicts_with = "without_checks", help_heading = "Mutation of answers")]
    mutate: bool,
    /// The number of changes
    #[arg(long, value_name = "N", default_value_t = 250, help_heading = "Mutation of answers")]
    budget: usize,

    /// The topology, with the services and their providers: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value_t = default_topology(), help_heading = "Against what")]
    topology: String,
    /// The target, with the platform's wire format: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value_t = default_target(), help_heading = "Against what")]
    target: String,
    /// Another provider for a service: billing=mock, generation=url:http://127.0.0.1:9000
    #[arg(long, value_name = "SERVICE=PROVIDER", help_heading = "Against what")]
    provider: Vec<String>,

    /// The number of scenarios at the same time [default: eight for each processor]
    #[arg(short, long, value_name = "N", help_heading = "How")]
    jobs: Option<usize>,
    /// The seed of everything that is drawn
    #[arg(long, value_name = "N", help_heading = "How")]
    seed: Option<u64>,
    /// The time for one step
    #[arg(long, value_name = "SPAN", default_value = "30s", help_heading = "How")]
    step_timeout: Span,

    /// The folder for proof.json, proof.md, index.html and the journal of the baseline
    #[arg(long, value_name = "DIR", default_value = REPORTS, help_heading = "Reports")]
    reports: PathBuf,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Reports")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// The default folder of a proof.
pub(super) const REPORTS: &str = "reports/proof";

/// The number of scenarios in which a change is tried.
const MUTANT_IN: usize = 3;

/// The file of a proof, in the folder of its reports.
const FILE: &str = "proof.json";
const MARKDOWN: &str = "proof.md";
const JOURNAL: &str = journal::FILE;

/// Makes a proof and prints it. Returns a refusal if nothing can be concluded: the command or the environment is wrong, or the
/// baseline is not green.
pub fn prove(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let usage = |error: &dyn std::fmt::Display| Refusal::Usage(error.to_string());
    let mut defects = named(&composition.defects, &arguments.defects).map_err(|error| usage(&error))?;
    if arguments.mutate && arguments.defects.is_empty() && !arguments.list {
        defects.clear();
    }
    if arguments.list {
        put!("{}", listed(&defects));
        return Ok(Exit::Passed);
    }
    let prepare = || prepared(composition, &arguments.topology, &arguments.target, &arguments.provider);
    let Prepared { target, topology, .. } = prepare()?;
    if target.baggage.defect.is_none() && defects.iter().any(|defect| defect.how == How::Baggage) {
        return Err(Refusal::Usage(format!(
            "{} has no seeded defects: its target's file names no `baggage.defect`",
            target.name
        )));
    }
    let selection = selection(arguments)?;
    let plan = Plan::make(&selection, &composition.features, &composition.suite.vocabulary);
    let plan = plan.map_err(|refused| usage(&refused))?;
    if plan.scenarios.is_empty() {
        return Err(Refusal::Environment(format!("none of the {} scenarios found was selected", plan.found)));
    }

    let started = Instant::now();
    let options = options(arguments.jobs, arguments.step_timeout, arguments.seed);
    let seed = options.seed;
    let freshly = || {
        let Prepared { target, rules, .. } = prepare().expect("it was read a moment ago");
        (target, rules)
    };
    let runner = PlanRunner {
        suite: &composition.suite,
        topology: &topology,
        target: &freshly,
        options: std::sync::Arc::new(options),
        canaries: Default::default(),
    };
    let console = Console::new(arguments.format);
    console.say(&format!("the baseline: {} scenarios", plan.scenarios.len()));
    // A proof is not what `--last-failed` goes by.
    let _held = reports_folder::take(
        &arguments.reports,
        &[report::named("html").map_err(|error| usage(&error))?],
        &Plan::default(),
    )?;
    let mut kept = Kept::begin(&arguments.reports).map_err(|error| usage(&error))?;
    let baseline = Baseline::take(&runner, plan, |envelope| kept.keep(envelope)).map_err(broken)?;
    let baseline = match baseline {
        BaselineOutcome::Green(baseline) => baseline,
        BaselineOutcome::NotGreen(not_green) => return Err(Refusal::Environment(not_green.to_string())),
    };
    console.say(&format!("green in {:.1?}", started.elapsed()));

    let last = last_proof(&arguments.reports);
    let scope = if arguments.all || arguments.without_checks { TrialScope::All } else { TrialScope::UntilCaught };
    let rows = try_each(&runner, &baseline, &defects, scope, last.as_ref(), |progress| console.follow(&progress));
    let mut rows = rows.map_err(broken)?;
    // Those that nobody noticed come first: they are what a reader looks for.
    rows.sort_by_key(|row| row.standing);
    let budget = Budget { mutants: arguments.budget, scenarios: MUTANT_IN };
    let mutate = || mutate(&runner, &baseline, budget, |done, all| console.follow(&ProofProgress::Attempts(done, all)));
    let mutation = arguments.mutate.then(mutate).transpose().map_err(broken)?;
    let mut notes = Vec::new();
    if !baseline.skipped.is_empty() {
        let (place, why) = &baseline.skipped[0];
        notes.push(format!("{} scenarios did not run, {} among them: {why}", baseline.skipped.len(), place.at));
    }
    let proof = Proof {
        target: target.name.clone(),
        topology: topology.name.clone(),
        seed: seed.0,
        took_micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        scenarios: baseline.places(),
        defects: rows,
        mutation,
        notes,
    };
    console.clear();
    let written =
        kept.end(&proof, baseline.run, &arguments.reports).map_err(|error| Refusal::Environment(error.to_string()));
    print(arguments, &proof, &baseline.scenarios);
    written?;
    let canaries = runner.canaries.into_inner().expect("nothing panics while it holds this lock");
    let files = [JOURNAL, FILE, MARKDOWN, "index.html"].map(|file| arguments.reports.join(file));
    // What was printed is in the files, too.
    let leaks = leaks(&canaries, &files, b"");
    leaks.iter().for_each(|leak| complain!("{leak}"));
    Ok(if leaks.is_empty() { proof.exit() } else { Exit::Failed })
}

fn print(arguments: &Arguments, proof: &Proof, seen: &[BaselineScenario]) {
    match arguments.format {
        Format::Text => put!("{}", proof::text(proof, &style())),
        Format::Markdown => put!("{}", proof::markdown(proof)),
        Format::Json => say!("{}", serde_json::to_string_pretty(proof).expect("a proof is plain data")),
    }
    if arguments.without_checks && arguments.format != Format::Json {
        put!("{}", proof::removals(coverage::without_each(proof, seen)));
    }
    if arguments.format == Format::Text {
        say!("{}", arguments.reports.join("index.html").display());
        say!("exit {}", proof.exit().code());
    }
}

pub(super) fn broken(error: ProofError) -> Refusal {
    match error {
        ProofError::Environment(message) => Refusal::Environment(message),
        ProofError::Interrupted(exit) => Refusal::Stopped(exit),
    }
}

fn selection(arguments: &Arguments) -> Result<Selection, Refusal> {
    let tags = arguments.tags.as_deref().map(Expression::parse).transpose();
    Ok(Selection {
        paths: arguments.features.iter().map(|path| PathSpec::from(path.as_str())).collect(),
        tags: tags.map_err(|error| Refusal::Usage(format!("--tags: {error}")))?,
        ..Selection::default()
    })
}

/// Returns options for a run of which everything is recorded.
pub(super) fn options(jobs: Option<usize>, step_timeout: Span, seed: Option<u64>) -> Options {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    Options {
        // Most of a trial is waiting for something that does not come.
        jobs: jobs.unwrap_or(processors * 8).max(1),
        deadlines: Deadlines { step: step_timeout.0, ..Deadlines::default() },
        seed: seed.map_or_else(Seed::draw, Seed),
        // The trail with a defect is compared with the trail without it.
        record: RecordLevel::All,
        ..Options::default()
    }
}

/// Reads the earlier proof, which says where a defect was noticed. Without it the proof only takes longer.
pub(super) fn last_proof(folder: &Path) -> Option<Proof> {
    serde_json::from_slice(&std::fs::read(folder.join(FILE)).ok()?).ok()
}

fn listed(defects: &[Defect]) -> String {
    let wide = defects.iter().map(|defect| defect.id.len()).max().unwrap_or_default();
    let row = |defect: &Defect| {
        let star = if defect.subtle { "★" } else { " " };
        format!(
            "  {:<wide$} {star} {}; {} at {}\n",
            defect.id,
            defect.observed,
            RuleId::list(&defect.rules),
            defect.edge()
        )
    };
    format!("★: a test of the happy path stays green\n\n{}", defects.iter().map(row).collect::<String>())
}

fn style() -> Style {
    let width = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Style::of(std::io::stdout().is_terminal(), width, false, |name| std::env::var(name).ok())
}

/// The progress on standard error. The standard output has only the result.
struct Console {
    quiet: bool,
    tty: bool,
}

impl Console {
    fn new(format: Format) -> Self {
        Self { quiet: format == Format::Json, tty: std::io::stderr().is_terminal() }
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.clear();
            complain!("{line}");
        }
    }

    fn follow(&self, progress: &ProofProgress<'_>) {
        match progress {
            ProofProgress::Decided(row) => self.say(&proof::line(row)),
            ProofProgress::Attempts(done, all) if self.tty => {
                super::out::print_error(format_args!("\r\u{1b}[K{done} of {all} trials"));
                // Nobody is hurt if it does not show.
                let _ = std::io::stderr().flush();
            }
            ProofProgress::Attempts(..) => {}
        }
    }

    fn clear(&self) {
        if self.tty && !self.quiet {
            super::out::print_error(format_args!("\r\u{1b}[K"));
        }
    }
}

/// The files of a proof.
struct Kept {
    journal: journal::Writer,
}

impl Kept {
    fn begin(folder: &Path) -> Result<Self, journal::JournalError> {
        Ok(Self { journal: journal::Writer::create(folder.join(JOURNAL))? })
    }

    fn keep(&mut self, envelope: &Envelope) {
        self.journal.append(envelope);
    }

    /// Writes the proof. The journal holds the baseline and the proof, so that the report can be made again.
    fn end(mut self, proof: &Proof, mut run: report::RunRecord, folder: &Path) -> anyhow::Result<()> {
        self.journal.append(&Envelope::Attachment(Attachment::record(media::PROOF, proof, None, None)));
        self.journal.finish()?;
        std::fs::write(folder.join(FILE), serde_json::to_vec_pretty(proof)?)?;
        std::fs::write(folder.join(MARKDOWN), proof::markdown(proof))?;
        run.proof = Some(proof.clone());
        let html = report::named("html")?;
        for written in report::write_all(&run, folder, &[html]) {
            written.result?;
        }
        Ok(())
    }
}
