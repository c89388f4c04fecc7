//! The rules: each with its name, what it finds, and what becomes of a run.

/// Something that is looked for.
#[derive(Debug)]
pub struct Rule {
    /// Its stable name, for `--allow` and `check.toml`.
    pub id: &'static str,
    /// What it finds, in a sentence.
    pub about: &'static str,
    /// What it means for a run.
    pub weight: Weight,
}

/// What a finding means for a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// A run refuses the file.
    Refused,
    /// A run does not mind; a reader does.
    Minded,
}

const fn refused(id: &'static str, about: &'static str) -> Rule {
    Rule { id, about, weight: Weight::Refused }
}

const fn minded(id: &'static str, about: &'static str) -> Rule {
    Rule { id, about, weight: Weight::Minded }
}

/// Everything that is looked for, beside [`SUSPICIONS`](crate::gherkin::SUSPICIONS).
static OWN: &[Rule] = &[
    refused("syntax", "The file breaks the rules of the language it is written in."),
    refused("not-utf-8", "The file is not UTF-8."),
    refused("too-large", "The file is too large to be read."),
    refused("unreadable", "The file cannot be read."),
    refused("no-such-path", "There is no such file or folder."),
    refused("no-features", "A folder has nothing to check in it."),
    refused("undefined-step", "A step is no sentence of the vocabulary."),
    refused("wrong-keyword", "A step is a sentence of the vocabulary, but under another keyword."),
    refused("odd-character", "A step would be a sentence, but for a character that looks like another one."),
    refused("unreadable-word", "A word of a step cannot be read, such as a number that is too large."),
    refused("swallowed-step", "A description holds a sentence of the vocabulary, which nothing runs."),
    refused("ambiguous-step", "A step could be several sentences."),
    refused("no-stub", "A step names a stub file that is not there."),
    refused("stub", "A stub file cannot be used, or a step names one that cannot."),
    refused("tag", "A tag that means something to the runner cannot be read, or has no reason."),
    refused("missing-table", "A sentence needs a table or a text under it and has none."),
    refused("unused-table", "A table or a text stands under a sentence that does not look at it."),
    refused("unknown-row", "A table has a row that its sentence does not know, or one without two cells."),
    minded("wrong-fault", "The words of a fault cannot be read."),
    minded(
        "unknown-name",
        "A sentence names a code, service, edge, element or state that the platform's files do not have.",
    ),
    minded("weak-outcome", "A scenario expects nothing but what `check.toml` calls weak."),
    minded("decoration", "A Then that a proof in `reports/` put to the test, and that nothing turned red."),
    minded("unknown-tag", "A tag is not declared in `check.toml`."),
    minded("unused-tag", "A tag is declared in `check.toml`, and no scenario has it."),
    minded("expired-quarantine", "The date of a quarantine is past: the scenario fails the run again."),
    refused("target", "A target cannot be used."),
    refused("topology", "A topology cannot be used."),
    refused("catalogue", "A catalogue of refusals (`errors.toml`) cannot be used."),
    minded("check-file", "A `check.toml` cannot be used."),
    minded("near-miss", "A file is not read, and its name is nearly that of a feature, a target or a topology."),
    refused(
        "unknown-file",
        "A file is neither a feature nor a target, topology, stub file, `errors.toml` or `check.toml`.",
    ),
];

/// All rules: those of the linter, then what the language swallows without a word.
pub static RULES: std::sync::LazyLock<Vec<Rule>> = std::sync::LazyLock::new(|| {
    let suspicions = crate::gherkin::SUSPICIONS.iter().map(|suspicion| refused(suspicion.id, suspicion.about));
    let own = OWN.iter().map(|rule| Rule { ..*rule });
    own.chain(suspicions).collect()
});

/// The rule of this name.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn every_rule_has_a_name_of_its_own_and_says_what_it_finds() {
        let mut ids: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), RULES.len());
        assert!(RULES.iter().all(|rule| rule.about.ends_with('.')));
    }
}
