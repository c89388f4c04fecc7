//! What a scenario's tags ask of the runner.

use std::time::Duration;

use super::schedule::Alone;
use crate::base::config::Span;
use crate::base::suggest::did_you_mean;
use crate::gherkin::tags;
use crate::model::RuleId;
use crate::model::message::Pickle;

/// The tags that the runner knows. All other tags only select.
pub const TAGS: &[(&str, &str)] = &[
    ("@serial", "runs beside no other scenario"),
    ("@lock(NAME)", "runs beside no other scenario that holds the same lock"),
    ("@retry(N)", "is tried up to N times more when it does not pass; needing one makes it flaky"),
    ("@timeout(SPAN)", "may take so long, as in `@timeout(30s)`"),
    ("@quarantine(until: DATE, WHY)", "runs and is reported, but fails the run only once the date is past"),
    ("@allow(RULE: WHY)", "lifts one always-on check for this scenario; the report lists it"),
    ("@skip(WHY)", "is not run; the report says why"),
];

/// The settings of one scenario, from its tags.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pub alone: Alone,
    /// The number of retries.
    pub retries: Option<u32>,
    pub timeout: Option<Duration>,
    /// The end of a quarantine, with its reason.
    pub quarantine: Option<(jiff::civil::Date, String)>,
    /// The rules that are lifted.
    pub allowed: Allowances,
    /// The reason to skip the scenario.
    pub skip: Option<String>,
}

/// The rules that a scenario's tags lift, each with its reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowances(Vec<(RuleId, String)>);

impl Allowances {
    /// Returns whether a scenario may break a rule.
    pub fn lift(&self, rule: RuleId) -> bool {
        self.0.iter().any(|(lifted, _)| *lifted == rule)
    }
}

/// A tag that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongTag {
    /// The node of the tag in the syntax tree.
    pub node: String,
    pub message: String,
    pub help: Option<String>,
}

impl Settings {
    /// Reads the tags of a scenario. A tag of paidpath without a readable argument is an error, and so is any other tag with an
    /// argument: it is probably mistyped.
    pub fn read(pickle: &Pickle) -> Result<Self, WrongTag> {
        let mut settings = Self::default();
        for tag in &pickle.tags {
            let (head, argument) = tags::split(&tag.name);
            let argument = argument.map(str::trim).filter(|argument| !argument.is_empty());
            let wrong_tag = |message: String, help| WrongTag { node: tag.ast_node_id.clone(), message, help };
            let wrong = |example: &str| {
                wrong_tag(format!("`{}` cannot be read", tag.name), Some(format!("Write for example `{example}`.")))
            };
            match (head, argument) {
                ("@serial", None) => settings.alone = Alone::Serial,
                ("@lock", Some(name)) => settings.alone.lock(name.to_owned()),
                ("@lock", None) => return Err(wrong("@lock(wallet)")),
                ("@retry", argument) => {
                    let retries = argument.and_then(|number| number.parse().ok()).ok_or_else(|| wrong("@retry(2)"))?;
                    settings.retries = Some(retries);
                }
                ("@timeout", argument) => {
                    let span =
                        argument.and_then(|span| span.parse::<Span>().ok()).ok_or_else(|| wrong("@timeout(30s)"))?;
                    settings.timeout = Some(span.0);
                }
                ("@quarantine", argument) => {
                    let example = "@quarantine(until: 2027-01-31, ticket 12)";
                    let read = argument.and_then(|argument| argument.strip_prefix("until:")).and_then(|rest| {
                        let (date, why) = rest.split_once(',')?;
                        Some((date.trim().parse().ok()?, why.trim().to_owned())).filter(|(_, why)| !why.is_empty())
                    });
                    settings.quarantine = Some(read.ok_or_else(|| wrong(example))?);
                }
                ("@allow", argument) => {
                    let read = argument.and_then(|argument| argument.split_once(':'));
                    let read = read.map(|(rule, why)| (rule.trim(), why.trim()));
                    let read = read.filter(|(rule, why)| !rule.is_empty() && !why.is_empty());
                    let (rule, why) = read.ok_or_else(|| wrong("@allow(G3: the event is delayed on purpose)"))?;
                    let Ok(id) = rule.parse() else {
                        let known = RuleId::ALL.iter().map(|rule| rule.word());
                        let help = format!("`paidpath checks` lists them.{}", did_you_mean(rule, known));
                        return Err(wrong_tag(format!("`{rule}` is not a rule that can be lifted"), Some(help)));
                    };
                    settings.allowed.0.push((id, why.to_owned()));
                }
                ("@skip", argument) => {
                    settings.skip =
                        Some(argument.map(str::to_owned).ok_or_else(|| wrong("@skip(waits for ticket 12)"))?);
                }
                // Tags of others have no arguments. One with an argument is most likely a mistyped tag of paidpath, and a mistyped
                // `@allow` must not pass silently.
                (other, Some(_)) => {
                    let ours = TAGS.iter().map(|(tag, _)| tags::split(tag).0);
                    let hint = did_you_mean(other, ours).trim().to_owned();
                    let hint = Some(hint).filter(|hint| !hint.is_empty());
                    return Err(wrong_tag(format!("`{other}` takes no argument"), hint));
                }
                (_, None) => {}
            }
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::PickleTag;

    fn read(tags: &[&str]) -> Result<Settings, WrongTag> {
        let tags = tags.iter().map(|name| PickleTag { name: (*name).to_owned(), ast_node_id: String::new() }).collect();
        Settings::read(&Pickle { tags, ..Pickle::default() })
    }

    #[test]
    fn each_tag_of_ours_is_read() {
        let settings = read(&[
            "@smoke",
            "@lock(a)",
            "@lock(b)",
            "@retry(2)",
            "@timeout(5s)",
            "@allow(G3: on purpose)",
            "@quarantine(until: 2027-01-31, ticket 12)",
            "@skip(no browser)",
        ])
        .unwrap();
        assert_eq!(settings.alone, Alone::Locks(vec!["a".into(), "b".into()]));
        assert_eq!((settings.retries, settings.timeout), (Some(2), Some(Duration::from_secs(5))));
        assert_eq!(settings.allowed.0, [(RuleId::G3, "on purpose".to_owned())]);
        assert_eq!(settings.quarantine.unwrap().1, "ticket 12");
        assert_eq!(settings.skip.as_deref(), Some("no browser"));
    }

    #[test]
    fn a_tag_without_its_reason_is_refused_with_an_example() {
        for tag in [
            "@allow(G3)",
            "@allow",
            "@retry",
            "@retry(x)",
            "@timeout(soon)",
            "@quarantine(until: never, x)",
            "@skip",
            "@lock",
        ] {
            let WrongTag { message, help, .. } = read(&[tag]).unwrap_err();
            assert!(message.contains(tag) && help.unwrap().starts_with("Write for example"), "{tag}");
        }
        let WrongTag { message, help, .. } = read(&["@allow(G33: a typo)"]).unwrap_err();
        assert!(message.contains("`G33` is not a rule") && help.unwrap().contains("paidpath checks"));
        let WrongTag { message, help, .. } = read(&["@alow(G3: x)"]).unwrap_err();
        assert!(message.contains("takes no argument") && help.unwrap().contains("@allow"));
    }
}
