//! `paidpath bench`: what the runner costs. The same journey of five requests, through the same taps, once as a plain loop
//! over the HTTP client and once as scenarios, one after the other in this process.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::documents::{self, Beside};
use super::{Composition, Refusal};
use crate::base::client::client_for;
use crate::base::clock::Clock;
use crate::base::redact::Redactor;
use crate::base::seed::Seed;
use crate::base::trace::{TRACEPARENT, traceparent};
use crate::contract::Contracts;
use crate::model::message::{Envelope, Timestamp};
use crate::model::{Exit, TraceId};
use crate::report::run_builder::RunUpdate;
use crate::report::{RunBuilder, journal};
use crate::run::platform::{Builder, Platform};
use crate::run::{Plan, RunRequest, Selection, records};
use crate::tap::{FaultBoard, Recorder};
use crate::target::{Operation, Slot, Target, Values};
use crate::topology::{RunLabel, Topology};
use crate::trail::Mapping;
use crate::world::{Deadlines, Embedded, Options, Rules};

/// The options of a benchmark.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The number of journeys
    #[arg(short, long, value_name = "N", value_delimiter = ',', default_value = "1,1000,10000")]
    count: Vec<usize>,
    /// The number of journeys at the same time
    #[arg(short, long, value_name = "N", value_delimiter = ',', default_value = "1,16")]
    jobs: Vec<usize>,
    /// Hold no exchange against a contract
    #[arg(long)]
    no_contracts: bool,
}

/// Prints a line for each combination of the two numbers.
pub fn bench(composition: &Composition, arguments: &Arguments) -> Result<Exit, Refusal> {
    let shipped = |files: &[(&'static str, &'static str)], name: &str| {
        files.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).expect("it comes with the binary")
    };
    let text = shipped(composition.targets, "atelier");
    let target = Target::parse("target", text)?;
    let topology = Topology::parse("topology", shipped(composition.topologies, "embedded"))?;
    let rules = |no_contracts: bool| {
        let mapping = Mapping::parse("target", text)?;
        if no_contracts {
            return Ok(Rules::new(mapping, Contracts::new(), None));
        }
        documents::rules(&target, mapping, &Beside::Binary(composition.documents))
    };
    say!(
        "{:>9} {:>5} {:>12} {:>12} {:>7} {:>14} {:>12} {:>10}",
        "journeys",
        "jobs",
        "loop/s",
        "scenarios/s",
        "ratio",
        "first request",
        "loop's peak",
        "peak"
    );
    for &jobs in &arguments.jobs {
        for &count in &arguments.count {
            forget_peak();
            let plain = plain_loop(composition, &target, &topology, count, jobs)?;
            let beside = peak_mib();
            forget_peak();
            let (through, first) =
                scenarios(composition, &target, &topology, rules(arguments.no_contracts)?, count, jobs)?;
            let rate = |took: Duration| count as f64 / took.as_secs_f64();
            let ratio = through.as_secs_f64() / plain.as_secs_f64();
            say!(
                "{count:>9} {jobs:>5} {:>12.0} {:>12.0} {ratio:>7.2} {:>11.1} ms {beside:>8} MiB {:>6} MiB",
                rate(plain),
                rate(through),
                first.as_secs_f64() * 1_000.0,
                peak_mib()
            );
        }
    }
    Ok(Exit::Passed)
}

const JOURNEY: [(Operation, &[(Slot, &str)]); 4] = [
    (Operation::TopUp, &[(Slot::Card, "ok")]),
    (Operation::TopUp, &[(Slot::Card, "ok")]),
    (Operation::Wallet, &[]),
    (Operation::Wallet, &[]),
];

/// Returns the journey as a scenario with the same five requests.
fn feature(count: usize) -> String {
    let rows: String = (0..count).map(|row| format!("      | {row} |\n")).collect();
    format!(
        "Feature: bench\n  Scenario Outline: journey <n>\n    Given Ann has 500 credits\n    When Ann tops up 10 credits\n    \
         Then that is accepted\n    And Ann has 510 credits left\n    And Ann has 510 credits left\n    Examples:\n      | n |\n{rows}"
    )
}

/// Measures the wall time of the loop.
fn plain_loop(
    composition: &Composition,
    target: &Target,
    topology: &Topology,
    count: usize,
    jobs: usize,
) -> Result<Duration, Refusal> {
    let broken = |error: &dyn std::fmt::Display| Refusal::Environment(error.to_string());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| broken(&error))?;
    let recorder = Recorder::new(Clock::start(), Arc::new(Redactor::new(&target.redact)));
    let faults = FaultBoard::new(Seed(0));
    let mark = RunLabel { id: "bench".into(), keep: false };
    let providers = &composition.suite.providers;
    let with = Builder { topology, providers, recorder: &recorder, faults: &faults, mark };
    let platform = runtime.block_on(Platform::start(with, std::future::pending()));
    let platform = platform.map_err(|error| broken(&error))?;
    let took = std::thread::scope(|scope| {
        let started = Instant::now();
        let workers: Vec<_> = (0..jobs)
            .map(|worker| {
                let (platform, recorder) = (&platform, &recorder);
                let mine = count / jobs + usize::from(worker < count % jobs);
                scope.spawn(move || {
                    let runtime =
                        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                    runtime.block_on(async {
                        let client = client_for(&platform.entry).build().expect("a client");
                        for _ in 0..mine {
                            journey(&client, target, platform, recorder).await;
                        }
                    });
                })
            })
            .collect();
        workers.into_iter().for_each(|worker| worker.join().expect("a plain loop does not panic"));
        started.elapsed()
    });
    runtime.block_on(platform.stop());
    Ok(took)
}

async fn journey(client: &reqwest::Client, target: &Target, platform: &Platform, recorder: &Recorder) {
    let trace = TraceId(rand::random());
    recorder.open(trace);
    let ask = |operation: Operation, mut values: Values| async move {
        let admin = platform.secrets.get("admin").cloned().unwrap_or_default();
        values.set_secret("admin", &admin);
        let call = target.call(operation, &values).expect("the target has it");
        let mut request = client.request(call.method, format!("{}{}", platform.entry, call.path));
        request = request.header(TRACEPARENT, traceparent(trace, 1));
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        if let Some(body) = call.body {
            request = request.json(&body);
        }
        let response = request.send().await.expect("the platform answers");
        let status = response.status();
        assert!(status.is_success(), "{operation}: {status}");
        response.json::<serde_json::Value>().await.expect("the platform answers in JSON")
    };
    let member = ask(Operation::SignUp, Values::new().with(Slot::Name, "Ann").with(Slot::Role, "member")).await;
    for (operation, fixed) in JOURNEY {
        let mut values = Values::new().with(Slot::Token, member["token"].clone()).with(Slot::Amount, 500);
        values.set(Slot::Key, format!("{:032x}", rand::random::<u128>()));
        for (name, value) in fixed {
            values.set(*name, *value);
        }
        ask(operation, values).await;
    }
    recorder.close(trace);
}

/// Measures the wall time from the start of the first scenario to the end of the last one, with a journal, and the time from
/// the call to the first request.
fn scenarios(
    composition: &Composition,
    target: &Target,
    topology: &Topology,
    rules: Rules,
    count: usize,
    jobs: usize,
) -> Result<(Duration, Duration), Refusal> {
    let called = epoch();
    // Embedded features live as long as the process, so this one has to as well.
    let text: &'static str = Box::leak(feature(count).into_boxed_str());
    let embedded = [Embedded { uri: "bench.feature".to_owned(), text }];
    let selection = Selection { embedded_only: true, ..Selection::default() };
    let plan = Plan::make(&selection, &embedded, &composition.suite.vocabulary);
    let plan = plan.map_err(|refused| Refusal::Usage(refused.to_string()))?;
    // The machine is busy on purpose, so no deadline may pass.
    let minute = Duration::from_secs(60);
    let deadlines = Deadlines { step: minute, scenario: minute, overdue: minute, grace: minute, run: None };
    let options = Arc::new(Options { jobs, deadlines, seed: Seed(1), ..Options::default() });
    let folder = std::env::temp_dir().join(format!("paidpath-bench-{}", std::process::id()));
    let (sender, records) = records();
    let mut writer =
        journal::Writer::create(folder.join(journal::FILE)).map_err(|error| Refusal::Usage(error.to_string()))?;
    let listening = std::thread::spawn(move || {
        let mut builder = RunBuilder::default();
        let (mut first, mut last) = (None, None);
        for envelope in records {
            writer.append(&envelope);
            match &envelope {
                Envelope::TestCaseStarted(started) if first.is_none() => first = Some(moment(started.timestamp)),
                Envelope::TestCaseFinished(finished) => last = Some(moment(finished.timestamp)),
                _ => {}
            }
            if let RunUpdate::Ended(scenario) = builder.add(&envelope) {
                builder.forget_evidence(scenario);
            }
        }
        (first, last, writer.finish())
    });
    let suite = &composition.suite;
    let outcome =
        crate::run::run(RunRequest { suite, plan, target: target.clone(), rules, topology, options, journal: sender });
    let (first, last, written) = listening.join().expect("the journal's writer does not panic");
    let outcome = outcome.map_err(|error| Refusal::Environment(error.to_string()))?;
    written.map_err(|error| Refusal::Environment(error.to_string()))?;
    if outcome.exit != Exit::Passed {
        return Err(Refusal::Environment("the benchmark's scenarios did not pass".into()));
    }
    // It is a temporary folder; what cannot be removed is the system's to clean.
    let _ = std::fs::remove_dir_all(&folder);
    match (first, last) {
        (Some(first), Some(last)) => Ok((last.saturating_sub(first), first.saturating_sub(called))),
        _ => Err(Refusal::Environment("no scenario ran".into())),
    }
}

/// Returns the present moment as messages give it: since 1970.
fn epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later than 1970")
}

fn moment(recorded: Timestamp) -> Duration {
    Duration::new(u64::try_from(recorded.seconds).unwrap_or_default(), recorded.nanos)
}

/// Resets the peak of memory, if the system can do that. The platform runs in this process, too, so its share has to be known:
/// it is the peak of the plain loop.
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Returns the peak of memory since the reset, in MiB; 0 if the system does not say.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}
