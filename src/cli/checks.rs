//! `paidpath checks`: the always-on rules, from the registry of checks.

use clap::{Args, ValueEnum};

use crate::run::RULES_ELSEWHERE;
use crate::trail::CHECKS;

/// The options of the list.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How to write the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Every rule, with the layer that usually breaks it (or who else judges it) and what it means.
pub fn text(arguments: &Arguments) -> String {
    let checks = CHECKS.iter().map(|check| (check.id(), check.layer().to_string(), check.means()));
    let elsewhere = RULES_ELSEWHERE.iter().map(|rule| (rule.id, rule.judge.to_string(), rule.means));
    let rules = checks.chain(elsewhere);
    match arguments.format {
        Format::Text => {
            let rows = rules.map(|(id, layer, means)| format!("  {id:<9} {layer:<12} {means}")).collect::<Vec<_>>();
            format!(
                "Every scenario is held against these rules; `@allow(ID: why)` on a scenario lifts one.\n\n{}",
                rows.join("\n")
            )
        }
        Format::Markdown => {
            let rows = rules.map(|(id, layer, means)| format!("| {id} | {layer} | {means} |")).collect::<Vec<_>>();
            format!("| id | layer | the rule |\n|---|---|---|\n{}", rows.join("\n"))
        }
        Format::Json => {
            let rows = rules.map(|(id, layer, means)| serde_json::json!({"id": id, "layer": layer, "means": means}));
            format!("{:#}", rows.collect::<serde_json::Value>())
        }
    }
}
