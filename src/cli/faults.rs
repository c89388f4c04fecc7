//! `paidpath faults`: what a tap can do to an exchange, from the registry of faults.

use crate::tap::fault::KINDS;

/// Returns the syntax of `--fault`, with every kind of fault.
pub fn text() -> String {
    let width = KINDS.iter().map(|kind| kind.syntax.chars().count()).max().unwrap_or_default();
    let rows = KINDS.iter().map(|kind| format!("  {:<width$}  {}", kind.syntax, kind.about));
    format!(
        "A fault is written as  EDGE [METHOD] [/PATH] [event TYPE]: FAULT [once | N times | from the Nth]\n\
         and EDGE as  caller -> callee. A * in the path stands for anything, and as the caller for whoever calls.\n\n{}\n\n\
         For example:\n  \
         --fault 'storefront -> generation: strip header Purchase-Credential'\n  \
         --fault 'generation -> entitlement: set response /decision to false'\n  \
         --fault 'billing -> entitlement event atelier.purchase.completed: repeat 3 times'",
        rows.collect::<Vec<_>>().join("\n")
    )
}
