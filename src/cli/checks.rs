//! `paidpath checks`: the always-on rules, from the registry of checks.

use clap::{Args, ValueEnum};

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

/// Every rule with the layer that usually breaks it, and what it means.
pub fn text(arguments: &Arguments) -> String {
    match arguments.format {
        Format::Text => {
            let rows = CHECKS
                .iter()
                .map(|check| format!("  {:<4} {:<12} {}", check.id(), check.layer(), check.means()))
                .collect::<Vec<_>>();
            format!(
                "Every scenario is held against these rules; `@allow(ID: why)` on a scenario lifts one.\n\n{}",
                rows.join("\n")
            )
        }
        Format::Markdown => {
            let rows = CHECKS
                .iter()
                .map(|check| format!("| {} | {} | {} |", check.id(), check.layer(), check.means()))
                .collect::<Vec<_>>();
            format!("| id | layer | the rule |\n|---|---|---|\n{}", rows.join("\n"))
        }
        Format::Json => {
            let rows = CHECKS
                .iter()
                .map(|check| serde_json::json!({"id": check.id(), "layer": check.layer(), "means": check.means()}));
            format!("{:#}", rows.collect::<serde_json::Value>())
        }
    }
}
