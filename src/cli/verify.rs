//! `paidpath verify-doubles`: plays the contract scenarios on several topologies, and says where one answers otherwise than
//! the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::listener::leaks;
use super::prepare::{Prepared, default_target, prepared};
use super::prove::{broken, options};
use super::{Composition, Refusal};
use crate::base::canary::Canaries;
use crate::base::config::Span;
use crate::base::seed::Seed;
use crate::contract::Contracts;
use crate::gherkin::tags::Expression;
use crate::model::Exit;
use crate::model::agreement::{Agreement, Unjudged};
use crate::prove::PlanRunner;
use crate::prove::agreement::{TopologyRun, agree};
use crate::report::text::count;
use crate::run::{PathSpec, Plan, Selection};
use crate::tap::Disturbance;
use crate::topology::{ProviderKind, Topology};
use crate::world::Options;

/// The topologies to compare.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The topologies: files, or those that come with paidpath. The others are compared with the first [default: embedded,
    /// mocked, and containers where there is an engine]
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
    /// The target, with the platform's wire format: a file, or the name of one that comes with paidpath
    #[arg(long, value_name = "FILE", default_value_t = default_target())]
    target: String,
    /// Feature files or folders [default: features]
    #[arg(long = "features", value_name = "PATH[:LINE]")]
    paths: Vec<String>,
    /// The tags of the scenarios to play
    #[arg(long, value_name = "EXPRESSION", default_value = "@contract")]
    tags: String,
    /// Disturb an edge of every topology but the first, to see that a difference is noticed
    #[arg(long, value_name = "EDGE: FAULT")]
    fault: Vec<Disturbance>,
    /// Refuse to leave a topology out because this is missing: docker
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    require: Vec<String>,
    /// The number of scenarios at the same time
    #[arg(short, long, value_name = "N")]
    jobs: Option<usize>,
    /// The seed of everything that is drawn, the same on every topology
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// The time for one step
    #[arg(long, value_name = "SPAN", default_value = "30s")]
    step_timeout: Span,
    /// The folder for `doubles.json`, which reports of later runs quote
    #[arg(long, value_name = "DIR", default_value = "reports")]
    reports: PathBuf,
}

const FILE: &str = "doubles.json";

/// The folder that is searched in addition to that of the run's own reports.
const USUAL: &str = "reports";

/// The time without any exchange after which a scenario is over. An event that no rule waits for may arrive late, and that is
/// no difference between topologies.
const QUIET: Duration = Duration::from_millis(300);

/// The number of differences that are printed.
const SHOWN: usize = 30;

/// Compares topologies and prints the differences. Returns a refusal if nothing could be compared.
pub fn verify(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let usage = |error: &dyn std::fmt::Display| Refusal::Usage(error.to_string());
    let topologies = topologies(composition, arguments)?;
    let tags = Expression::parse(&arguments.tags).map_err(|error| Refusal::Usage(format!("--tags: {error}")))?;
    let selection = Selection {
        paths: arguments.paths.iter().map(|path| PathSpec::from(path.as_str())).collect(),
        tags: Some(tags),
        ..Selection::default()
    };
    let seed = arguments.seed.unwrap_or_else(|| Seed::draw().0);
    let (mut plays, mut contracts, mut canaries) = (Vec::new(), Contracts::new(), Canaries::default());
    for name in &topologies {
        let plan = Plan::make(&selection, &composition.features, &composition.suite.vocabulary);
        let plan = plan.map_err(|refused| usage(&refused))?;
        if plan.scenarios.is_empty() {
            let found = plan.found;
            return Err(Refusal::Environment(format!(
                "none of the {found} scenarios found satisfies --tags {:?}",
                arguments.tags
            )));
        }
        let Prepared { topology, .. } = prepared(composition, name, &arguments.target, &[])?;
        // The first topology is the reference, so it stays undisturbed.
        let faults = if plays.is_empty() { Vec::new() } else { faults(arguments, &topology)? };
        // A run takes its target and rules along, so each run reads them anew.
        let freshly = || {
            let again = prepared(composition, name, &arguments.target, &[]).expect("it was read a moment ago");
            (again.target, again.rules)
        };
        contracts = freshly().1.contracts;
        let (scenarios, began) = (count(plan.scenarios.len(), "scenario", "scenarios"), Instant::now());
        let runner = PlanRunner {
            suite: &composition.suite,
            topology: &topology,
            target: &freshly,
            options: Arc::new(Options {
                faults,
                quiet: QUIET,
                ..options(arguments.jobs, arguments.step_timeout, Some(seed))
            }),
            canaries: Default::default(),
        };
        let run = runner.run(plan).map_err(broken)?;
        complain!("{}: {scenarios} in {:.1?}", topology.name, began.elapsed());
        canaries.join(runner.canaries.into_inner().expect("nothing panics while it holds this lock"));
        plays.push(TopologyRun { topology: topology.name.clone(), edges: topology.edges(), run });
    }
    let agreement = Agreement {
        at: jiff::Timestamp::now(),
        version: env!("CARGO_PKG_VERSION").into(),
        ..agree(&plays, &contracts)
    };
    let text = text(&agreement);
    put!("{text}");
    let file = arguments.reports.join(FILE);
    let json = serde_json::to_vec_pretty(&agreement).expect("an agreement is plain data");
    std::fs::create_dir_all(&arguments.reports)
        .and_then(|()| std::fs::write(&file, json))
        .map_err(|error| Refusal::Environment(format!("{}: {error}", file.display())))?;
    let leaks = leaks(&canaries, &[file], text.as_bytes());
    leaks.iter().for_each(|leak| complain!("{leak}"));
    let exit = if leaks.is_empty() { agreement.exit() } else { Exit::Failed };
    say!("exit {}", exit.code());
    Ok(exit)
}

/// Returns the topologies to compare: those that were named, or all that come with paidpath and can be supplied here.
fn topologies(composition: &Composition, arguments: &Arguments) -> Result<Vec<String>, Refusal> {
    let shipped = || composition.topologies.iter().map(|(name, _)| (*name).to_owned()).collect();
    let asked = !arguments.topologies.is_empty();
    let mut names: Vec<String> = if asked { arguments.topologies.clone() } else { shipped() };
    for requirement in
        composition.suite.requirements.iter().filter(|one| arguments.require.iter().any(|name| name == one.name))
    {
        if let Some(missing) = &requirement.missing {
            return Err(Refusal::Environment(format!("{} is required: {missing}", requirement.name)));
        }
    }
    if !asked {
        let mut kept = Vec::new();
        for name in names {
            let Prepared { topology, .. } = prepared(composition, &name, &arguments.target, &[])?;
            match composition.suite.out_of_reach(&topology) {
                None => kept.push(name),
                Some(why) => complain!("{name} is left out: {why}"),
            }
        }
        names = kept;
    }
    match names.len() {
        0 | 1 => Err(Refusal::Usage("there is nothing to compare: name two topologies, or more".into())),
        _ => Ok(names),
    }
}

fn faults(arguments: &Arguments, topology: &Topology) -> Result<Vec<Disturbance>, Refusal> {
    let edges = topology.edges();
    match arguments.fault.iter().find(|fault| !edges.iter().any(|edge| fault.is_on(edge))) {
        Some(fault) => {
            let message = format!("--fault: the topology {} has no edge {}", topology.name, fault.edge());
            Err(Refusal::Usage(message))
        }
        None => Ok(arguments.fault.clone()),
    }
}

fn text(agreement: &Agreement) -> String {
    let mut text = String::new();
    let mut last = "";
    for difference in agreement.differences.iter().take(SHOWN) {
        if difference.at != last {
            text.push_str(&format!("\n{}  {}\n", difference.scenario, difference.at));
            last = &difference.at;
        }
        let wide = difference.say.iter().map(|(topology, _)| topology.chars().count()).max().unwrap_or_default();
        text.push_str(&format!("  {}\n", difference.about));
        for (topology, says) in &difference.say {
            text.push_str(&format!("    {topology:<wide$}  {says}\n"));
        }
    }
    if agreement.differences.len() > SHOWN {
        text.push_str(&format!("  … and {} more: see {FILE}\n", agreement.differences.len() - SHOWN));
    }
    text.push_str(&unjudged("not green on", &agreement.red));
    text.push_str(&unjudged("not compared on", &agreement.skipped));
    let topologies = agreement.topologies.join(", ");
    let cases = count(agreement.cases, "case", "cases");
    let scenarios = count(agreement.scenarios, "scenario", "scenarios");
    let differences = match agreement.differences.len() {
        0 => "no difference".to_owned(),
        some => count(some, "difference", "differences"),
    };
    text.push_str(&format!("\n{topologies}: {cases} in {scenarios}, {differences}\n"));
    text
}

/// Lists the scenarios that could not be compared, grouped by reason.
fn unjudged(title: &str, all: &[Unjudged]) -> String {
    let mut by_reason: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
    for Unjudged { topology, at, why } in all {
        let (topologies, places) = by_reason.entry(why).or_default();
        topologies.insert(topology);
        places.insert(at);
    }
    let of = |(why, (topologies, places)): (&str, (BTreeSet<&str>, BTreeSet<&str>))| {
        let topologies = topologies.into_iter().collect::<Vec<_>>().join(", ");
        let places = places.into_iter().map(|place| format!("    {place}\n")).collect::<String>();
        format!("\n{title} {topologies}: {why}\n{places}")
    };
    by_reason.into_iter().map(of).collect()
}

/// Returns a sentence for reports about how truly the doubles of this topology answer.
pub(super) fn known(reports: &Path, topology: &Topology) -> Option<String> {
    if !topology.has(ProviderKind::Mock) {
        return None;
    }
    let read = |folder: &Path| serde_json::from_slice::<Agreement>(&std::fs::read(folder.join(FILE)).ok()?).ok();
    let agreement = read(reports).or_else(|| read(Path::new(USUAL)));
    let unknown = || {
        topology.doubled().next()?;
        Some("doubles not verified: see `paidpath verify-doubles`".to_owned())
    };
    agreement.map(|agreement| agreement.to_string()).or_else(unknown)
}
