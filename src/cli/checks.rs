//! `paidpath checks`: the rules that every scenario is held against, and what is known of each.

use clap::{Args, ValueEnum};

use crate::model::RuleId;
use crate::trail::{RULES, Rule, rule};

/// The options of the list.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Print everything about one rule: what it requires and why, the consequences of breaking it, and the remedy
    #[arg(long, value_name = "RULE", conflicts_with = "format")]
    explain: Option<RuleId>,
    /// The form of the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Json,
}

/// Returns the list of rules, or the explanation of one.
pub fn text(arguments: &Arguments) -> String {
    if let Some(id) = arguments.explain {
        return explained(rule(id));
    }
    let rows = RULES.iter();
    match arguments.format {
        Format::Text => {
            let rows = rows.map(|rule| format!("  {:<9} {:<12} {}", rule.id, rule.place(), rule.holds));
            format!(
                "Every scenario is held against these rules; `@allow(ID: why)` on a scenario lifts one.\n\
                 `paidpath checks --explain ID` says more of one.\n\n{}",
                rows.collect::<Vec<_>>().join("\n")
            )
        }
        Format::Markdown => {
            let rows = rows.map(|rule| format!("| {} | {} | {} |", rule.id, rule.place(), rule.holds));
            format!("| id | layer | the rule |\n|---|---|---|\n{}", rows.collect::<Vec<_>>().join("\n"))
        }
        Format::Json => {
            let row = |rule: &Rule| {
                serde_json::json!({
                    "id": rule.id, "layer": rule.place(), "means": rule.holds, "basis": rule.basis,
                    "consequence": rule.consequence, "remedy": rule.remedy,
                })
            };
            format!("{:#}", rows.map(row).collect::<serde_json::Value>())
        }
    }
}

fn explained(rule: &Rule) -> String {
    let Rule { id, layer, holds, basis, consequence, remedy, .. } = rule;
    let place = rule.place();
    format!(
        "{id}  {holds}\n\n\
         rests on      {basis}\n\
         when broken   {consequence}\n\
         to mend it    {remedy}\n\
         usual layer   {layer}\n\
         judged by     {}",
        if place == layer.to_string() { "the trail of each attempt" } else { &place }
    )
}
