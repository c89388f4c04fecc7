//! The HTML report: one file that needs nothing but a browser.
//!
//! Verdict, counts and failures are in the page itself and can be read without scripts. A small script draws everything else from
//! the data that the page carries as JSON. The page fetches nothing. Its content security policy allows the one style sheet and the
//! one script by their hashes, and pictures that are in the data. Recorded text gets into the page as text only.
//!
//! | file | idea |
//! |---|---|
//! | [`data`] | the data for the script, and the limits of its size |
//! | `html/page.html` | the frame, and everything that can be read without scripts |
//! | `html/style.css` | the style sheet, for light and dark |
//! | `html/*.js` | one file per part of the page; they are joined into one module |

mod data;

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{Environment, Value, context};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::record::{RunRecord, ScenarioRecord};
use super::reporter::{ReportError, ReportFile, Reporter};
use super::text;
use crate::model::{Exit, Verdict};

/// The reporter of `index.html`.
pub const HTML: Reporter = Reporter { id: "html", file_name: "index.html", files };

const PAGE: &str = include_str!("html/page.html");
const STYLE: &str = include_str!("html/style.css");
/// The scripts in the order in which they build on each other.
const SCRIPTS: &[&str] = &[
    include_str!("html/dom.js"),
    include_str!("html/model.js"),
    include_str!("html/list.js"),
    include_str!("html/path.js"),
    include_str!("html/exchanges.js"),
    include_str!("html/scenario.js"),
    include_str!("html/sections.js"),
    include_str!("html/proof.js"),
    include_str!("html/main.js"),
];

/// The number of failures in the page itself, for readers without scripts.
const LISTED: usize = 500;

fn files(run: &RunRecord) -> Vec<ReportFile<'_>> {
    ReportFile::only(move |out| write(run, out))
}

/// The head of the page.
#[derive(Debug, Serialize)]
struct PageHead {
    state: &'static str,
    mark: &'static str,
    verdict: String,
    facts: Vec<String>,
    counts: Vec<(&'static str, usize)>,
}

/// The scenarios that failed for the same cause, as the page lists them.
#[derive(Debug, Serialize)]
struct FailureCause {
    state: &'static str,
    word: &'static str,
    why: String,
    scenarios: Vec<(String, String)>,
    more: usize,
}

fn write(run: &RunRecord, out: &mut dyn Write) -> Result<(), ReportError> {
    // One module, because the policy names a hash for each script.
    let script = SCRIPTS.concat();
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(&script),
    );
    let page = context! {
        policy => policy,
        style => Value::from_safe_string(STYLE.into()),
        script => Value::from_safe_string(script),
        data => Value::from_safe_string(escaped(&serde_json::to_string(&data::data(run))?)),
        head => Serde(head(run)),
        causes => Serde(causes(run)),
        notes => Serde(run.notes().iter().map(|note| text::line(note)).collect::<Vec<_>>()),
    };
    let mut frame = Environment::new();
    // The name matters: what is put into a template called .html is escaped.
    let rendered = frame.add_template("page.html", PAGE).and_then(|()| frame.get_template("page.html")?.render(page));
    let page = rendered.map_err(|error| ReportError::Invalid(format!("{error:#}")))?;
    Ok(out.write_all(page.as_bytes())?)
}

fn head(run: &RunRecord) -> PageHead {
    let exit = run.exit();
    let totals = run.totals();
    let (state, mark) = match exit {
        Exit::Passed => ("passed", "✓"),
        Exit::Failed => ("failed", "✗"),
        Exit::Unknown | Exit::Usage | Exit::Interrupted | Exit::Terminated => ("unknown", "?"),
    };
    let failed = run.ended(Verdict::Failed).filter(|scenario| scenario.verdict.quarantine.is_none()).count();
    let verdict = match exit {
        Exit::Passed if totals.all() == 0 => "This shard has no scenario".into(),
        Exit::Passed if totals.passed == totals.all() => "All scenarios passed".into(),
        Exit::Passed => "No scenario failed".into(),
        Exit::Failed if totals.quarantined == 0 => format!("{} failed", text::count(failed, "scenario", "scenarios")),
        Exit::Failed => {
            format!("{} failed, {} quarantined", text::count(failed, "scenario", "scenarios"), totals.quarantined)
        }
        Exit::Unknown if totals.all() == 0 => "No scenario ran".into(),
        Exit::Unknown => "Some results are unknown".into(),
        Exit::Usage => "The command or a file has a mistake".into(),
        Exit::Interrupted | Exit::Terminated => "The run was stopped".into(),
    };
    let info = &run.info;
    let started = run.started.unwrap_or(info.started).strftime("%Y-%m-%d %H:%M:%S UTC");
    let facts = [started.to_string(), text::duration(run.took()), info.against(), format!("seed {}", info.seed)];
    PageHead {
        state,
        mark,
        verdict,
        facts: facts.iter().map(|fact| text::line(fact)).collect(),
        counts: Verdict::ALL.iter().map(|verdict| (verdict.word(), totals.of(*verdict))).collect(),
    }
}

fn causes(run: &RunRecord) -> Vec<FailureCause> {
    // All causes together share the limit, so that many small causes cannot make the page large either.
    let mut listed = 0;
    let mut causes = Vec::new();
    for verdict in [Verdict::Failed, Verdict::Unknown] {
        for scenarios in run.causes(verdict) {
            let shown = scenarios.len().min(LISTED.saturating_sub(listed));
            let Some(first) = scenarios.first() else { continue };
            listed += shown;
            let excused = first.verdict.quarantine.is_some();
            causes.push(FailureCause {
                state: if excused { "skipped" } else { verdict.word() },
                word: if excused { "quarantined" } else { verdict.word() },
                why: text::cut(&text::line(&first.why()), 400),
                scenarios: scenarios.iter().take(shown).map(|scenario| listing(scenario)).collect(),
                more: scenarios.len() - shown,
            });
        }
    }
    causes
}

/// Returns the name and the place of a scenario. Links use the place.
fn listing(scenario: &ScenarioRecord) -> (String, String) {
    let name = text::line(&format!("{} › {}", scenario.feature, scenario.title()));
    (text::cut(&name, 200), text::line(&scenario.place()))
}

/// Escapes JSON for a script element: it can neither close the element nor open a comment in it.
fn escaped(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Returns a source expression for a content security policy.
fn hash(source: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(source)))
}
