//! What there is to say about tags.

use std::collections::BTreeSet;

use super::charge::Charge;
use super::finding::Finding;
use crate::base::suggest::nearest;
use crate::gherkin::tags::split;
use crate::model::message::{Feature, Tag};
use crate::run::TAGS;

/// All tags of a feature as they are written.
pub(super) fn written(feature: &Feature) -> Vec<&Tag> {
    let mut tags: Vec<&Tag> = feature.tags.iter().collect();
    let rules = feature.children.iter().filter_map(|child| child.rule.as_ref());
    let ruled = rules.clone().flat_map(|rule| &rule.children).filter_map(|child| child.scenario.as_ref());
    tags.extend(rules.flat_map(|rule| &rule.tags));
    let scenarios = feature.children.iter().filter_map(|child| child.scenario.as_ref()).chain(ruled);
    for scenario in scenarios {
        tags.extend(&scenario.tags);
        tags.extend(scenario.examples.iter().flat_map(|examples| &examples.tags));
    }
    tags
}

/// Tags that nobody declared.
pub(super) fn unknown(tags: &[&Tag], charge: &Charge, more: &[&str], file: &str, text: &str) -> Vec<Finding> {
    let known: BTreeSet<&str> = charge
        .tags
        .keys()
        .map(String::as_str)
        .chain(TAGS.iter().map(|(tag, _)| split(tag).0))
        .chain(more.iter().copied())
        .collect();
    let unknown = tags.iter().filter(|tag| split(&tag.name).1.is_none() && !known.contains(tag.name.as_str()));
    unknown
        .map(|tag| {
            let name = &tag.name;
            let message = format!("the tag `{name}` is not declared in check.toml");
            let finding = Finding::new("unknown-tag", file, text, tag.location, message);
            // Tags are short: what is only half alike is another tag.
            let alike = |meant: &&str| strsim::normalized_damerau_levenshtein(name, meant) >= 0.7;
            match nearest(name, known.iter().copied()).filter(alike) {
                Some(meant) => finding.help(format!("Did you mean `{meant}`?")).fix(name.clone(), meant),
                None => finding.help(format!("Declare it there: \"{name}\" = \"what it says\".")),
            }
        })
        .collect()
}

/// Quarantines that are over.
pub(super) fn expired(tags: &[&Tag], today: jiff::civil::Date, file: &str, text: &str) -> Vec<Finding> {
    let expired = tags.iter().filter_map(|tag| {
        let ("@quarantine", Some(argument)) = split(&tag.name) else { return None };
        let until = argument.strip_prefix("until:")?.split(',').next()?.trim().parse::<jiff::civil::Date>().ok()?;
        (until < today).then(|| {
            let message = format!("this quarantine ended on {until}: the scenario counts again");
            let finding = Finding::new("expired-quarantine", file, text, tag.location, message);
            finding.help("Repair the scenario and take the tag away, or give it another date and say why.")
        })
    });
    expired.collect()
}
