//! The sentence that a step was probably meant to be.
//!
//! People who bring features of their own have thousands of steps that no sentence says. So the words of all sentences are
//! prepared once, and most pairs of words are told apart without counting edits.

use std::sync::LazyLock;

use regex::Regex;

/// The greatest distance at which a sentence is offered as a hint. Beyond it, more words differ than agree, and a hint would
/// mislead.
const FAR: f64 = 0.5;

/// The least similarity of two words of which one may be the other, mistyped.
const ALIKE: f64 = 0.6;

/// The sentences of one language, prepared for comparison.
pub struct Hints {
    /// The words of all sentences, each once.
    words: Vec<Word>,
    /// The parts of each sentence: the place of a word, or `None` for a parameter.
    sentences: Vec<Vec<Option<usize>>>,
}

/// A word in lower case.
#[derive(PartialEq)]
struct Word {
    text: String,
    length: usize,
    /// A bit for each letter in it. Different letters may share a bit.
    letters: u64,
}

impl Hints {
    pub fn of<'s>(sentences: impl Iterator<Item = &'s str>) -> Self {
        let mut hints = Self { words: Vec::new(), sentences: Vec::new() };
        for sentence in sentences {
            let parts = words(sentence).into_iter().map(|part| {
                (!part.starts_with('{')).then(|| {
                    let word = Word::new(part);
                    hints.words.iter().position(|known| *known == word).unwrap_or_else(|| {
                        hints.words.push(word);
                        hints.words.len() - 1
                    })
                })
            });
            let parts = parts.collect();
            hints.sentences.push(parts);
        }
        hints
    }

    /// Returns the place of the most similar of the sentences for which `right` holds, if one is similar enough. It shares a
    /// word with the text: without this condition, a sentence of parameters alone would be similar to any text.
    pub fn nearest(&self, text: &str, right: impl Fn(usize) -> bool) -> Option<usize> {
        let unlike: Vec<Vec<f64>> = words(text).into_iter().map(|word| self.unlike(&Word::new(word))).collect();
        let shared: Vec<bool> =
            (0..self.words.len()).map(|place| unlike.iter().any(|word| word[place] < 1.0)).collect();
        let candidates = self.sentences.iter().enumerate().filter(|(place, _)| right(*place));
        let candidates = candidates.filter(|(_, parts)| parts.iter().flatten().any(|word| shared[*word]));
        let nearest = candidates.map(|(place, parts)| (difference(&unlike, parts), place));
        let nearest = nearest.min_by(|(a, _), (b, _)| a.total_cmp(b));
        nearest.filter(|(difference, _)| *difference <= FAR).map(|(_, place)| place)
    }

    /// Returns the distance of a word to each word of the sentences: 0 for the same, 1 for another word.
    fn unlike(&self, word: &Word) -> Vec<f64> {
        let similarities = self.words.iter().map(|known| if word == known { 1.0 } else { word.similarity(known) });
        similarities.map(|similarity| if similarity < ALIKE { 1.0 } else { 1.0 - similarity }).collect()
    }
}

impl Word {
    fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let letters = text.chars().fold(0, |letters, each| letters | 1 << (u32::from(each) % u64::BITS));
        Self { length: text.chars().count(), letters, text }
    }

    /// Returns the similarity of two words; 0 if they cannot be alike.
    fn similarity(&self, other: &Self) -> f64 {
        let longest = self.length.max(other.length);
        // Every letter that only one of them has takes an edit, and so does every letter that one has more.
        let only_one = (self.letters & !other.letters).count_ones().max((other.letters & !self.letters).count_ones());
        let edits = (only_one as usize).max(self.length.abs_diff(other.length));
        if edits as f64 > (1.0 - ALIKE) * longest as f64 {
            return 0.0;
        }
        strsim::normalized_damerau_levenshtein(&self.text, &other.text)
    }
}

/// Splits a text or a sentence into words. In a script without spaces each letter is a word. A parameter is one word.
fn words(text: &str) -> Vec<&str> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"\{[^}]*\}|\p{Lo}|[^\s{\p{Lo}]+").expect("an expression that is a constant"));
    WORD.find_iter(text).map(|word| word.as_str()).collect()
}

/// Returns the distance between a text and a sentence in words; 0 if they are the same. A parameter matches any word, and
/// further words at a small price.
fn difference(unlike: &[Vec<f64>], parts: &[Option<usize>]) -> f64 {
    // The edit distance of Wagner and Fischer over words instead of letters. One row of the table is enough.
    let mut row: Vec<f64> = (0..=parts.len()).map(|count| count as f64).collect();
    for word in unlike {
        let mut before = row[0];
        row[0] += 1.0;
        for (index, part) in parts.iter().enumerate() {
            let changed = before + part.map_or(0.0, |part| word[part]);
            let more_of_parameter = if part.is_none() { 0.2 } else { 1.0 };
            before = row[index + 1];
            row[index + 1] = changed.min(before + more_of_parameter).min(row[index] + 1.0);
        }
    }
    // What a parameter takes says little about whether the sentence was meant.
    let weight: f64 = parts.iter().map(|part| if part.is_none() { 0.5 } else { 1.0 }).sum();
    row[parts.len()] / weight.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::{Hints, words};

    #[test]
    fn parameters_are_one_word_and_letters_of_scripts_without_spaces_are_words() {
        assert_eq!(
            words("{member} asks what {int} image(s) cost"),
            ["{member}", "asks", "what", "{int}", "image(s)", "cost"]
        );
        assert_eq!(words("{member}购买{model}的权限"), ["{member}", "购", "买", "{model}", "的", "权", "限"]);
        assert_eq!(words("Ann 购买"), ["Ann", "购", "买"]);
    }

    #[test]
    fn a_slip_is_near_and_another_matter_is_not() {
        let near = |text: &str, sentence: &str| Hints::of([sentence].into_iter()).nearest(text, |_| true).is_some();
        assert!(near("Ann byus generation access to Dusk", "{member} buys {right} access to {model}"));
        assert!(near("ann has 5 coins", "{member} has {money}"));
        assert!(near("小安购买了《黄昏》的生成权限", "{member}购买{model}的{right}权限"));
        assert!(!near("the moon eclipses the sun entirely tonight", "{member} opens {model}"));
    }
}
