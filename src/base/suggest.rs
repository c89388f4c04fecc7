//! "Did you mean …": the known word nearest to an unknown one.

/// The candidate nearest to `word`, if one is near enough to be a likely misspelling of it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= 0.5)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Whether `word` is not `name`, but so near to it that hardly anything else can be meant.
pub fn is_nearly(word: &str, name: &str) -> bool {
    word != name && strsim::normalized_damerau_levenshtein(&word.to_lowercase(), &name.to_lowercase()) >= 0.8
}

/// ` Did you mean ‘…’?` with a leading space, or nothing.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|candidate| format!(" Did you mean `{candidate}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{is_nearly, nearest};

    #[test]
    fn a_mistyped_name_of_a_file_is_nearly_the_right_one_and_another_name_is_not() {
        for (word, name) in [("topology.tml", "topology.toml"), ("Target.toml", "target.toml"), ("featuer", "feature")]
        {
            assert!(is_nearly(word, name), "{word}");
        }
        for (word, name) in [("Cargo.toml", "target.toml"), ("check.toml", "target.toml"), ("feature", "feature")] {
            assert!(!is_nearly(word, name), "{word}");
        }
    }

    #[test]
    fn a_misspelling_finds_its_word_and_a_stranger_finds_none() {
        let words = ["purchase", "permission", "generation"];
        assert_eq!(nearest("purchsae", words), Some("purchase"));
        assert_eq!(nearest("zebra", words), None);
    }
}
