//! Titles and steps that became description.
//!
//! Three things tell them from prose. A slip of the hand in a keyword makes no word ([`typos`]). A keyword that prose may
//! also begin with (`When …`, `Background: …`) is suspected only where what follows it, or the whole paragraph, reads like
//! steps. And sentences end with a full stop, steps do not.

use super::Reading;
use crate::gherkin::dialect::Title;
use crate::gherkin::line::Line;
use crate::gherkin::{Mistake, typos};
use crate::model::message::{KeywordType, Location};

pub(super) fn mistyped_keyword(reading: &Reading<'_>) -> Vec<Mistake> {
    let described = reading.described_titles().into_iter();
    described.flat_map(|(title, location, description)| reading.look(title, location, description)).collect()
}

/// The lines of each description in which no keyword is suspected.
pub(super) fn unsuspected<'a>(reading: &Reading<'a>) -> Vec<Vec<(Location, &'a str)>> {
    let described = reading.described_titles().into_iter();
    let sound =
        described.filter(|(title, location, description)| reading.look(*title, *location, description).is_empty());
    sound
        .map(|(_, location, description)| {
            let lines = reading.described(location, description);
            lines.iter().map(|line| (line.start(), line.content.trim_end())).collect()
        })
        .collect()
}

impl<'a> Reading<'a> {
    /// Every title that may have a description, with where it stands and the description.
    fn described_titles(&self) -> Vec<(Title, Location, &'a str)> {
        let mut described = Vec::new();
        described.extend(self.feature.map(|it| (Title::Feature, it.location, it.description.as_str())));
        described.extend(self.rules().map(|it| (Title::Rule, it.location, it.description.as_str())));
        described.extend(self.backgrounds().map(|it| (Title::Background, it.location, it.description.as_str())));
        for scenario in self.scenarios() {
            described.push((Title::Scenario, scenario.location, scenario.description.as_str()));
            let examples = scenario.examples.iter();
            described.extend(examples.map(|it| (Title::Examples, it.location, it.description.as_str())));
        }
        described
    }

    /// What is suspicious in the description below a title.
    fn look(&self, below: Title, title: Location, description: &str) -> Vec<Mistake> {
        let steps_follow = matches!(below, Title::Background | Title::Scenario | Title::Outline);
        let lines = self.described(title, description);
        let mut found = Vec::new();
        found.extend(lines.iter().filter_map(|line| {
            let message = format!(
                "`{}` is taken as description: its first sign only looks like the one that is meant",
                line.shown()
            );
            typos::look_alike(line.content).map(|fix| Mistake::new(line.start(), message).meant(fix))
        }));
        for paragraph in lines.split(|line| line.content.is_empty()) {
            let mut in_steps = true;
            for line in paragraph {
                if let Some(mistake) = self.swallowed_title(below, line) {
                    // What stands below a title that was not read belongs to it: one mistake, not many.
                    found.push(mistake);
                    return found;
                }
                let slip = steps_follow.then(|| self.slipped_step(line, in_steps)).flatten();
                in_steps = slip.is_some();
                found.extend(slip);
            }
            if let Some(mistake) = (!steps_follow).then(|| self.swallowed_heading(paragraph)).flatten() {
                found.push(mistake);
                return found;
            }
            if !steps_follow && self.reads_like_steps(paragraph) {
                let message = "this reads like a step, but belongs to no scenario: it is taken as description";
                let (scenario, background) =
                    (self.title_keyword(Title::Scenario), self.title_keyword(Title::Background));
                let help = format!("Steps stand below `{scenario}:` or `{background}:`, and before examples.");
                found.extend(paragraph.first().map(|line| Mistake::new(line.start(), message).help(help)));
            }
        }
        found
    }

    /// The lines of a description: below the title, without the comments among them.
    fn described(&self, title: Location, description: &str) -> Vec<Line<'a>> {
        let mut below = self.lines.iter().skip(title.line as usize).filter(|line| !line.content.starts_with('#'));
        let lines = description.split('\n').filter(|_| !description.is_empty());
        lines.map_while(|text| below.find(|line| line.text == text).copied()).collect()
    }

    /// Whether a line `keyword: name` that prose may hold too opens something. Below a feature, steps that follow it tell;
    /// below a scenario they are that scenario's own, and only a line without a name is no prose.
    fn opens(&self, below: Title, line: &Line<'_>) -> bool {
        let nameless = line.content.trim_end().ends_with(':');
        let own_steps = matches!(below, Title::Background | Title::Scenario | Title::Outline);
        self.step_follows(line) && (nameless || !own_steps)
    }

    /// Whether the next thing in the text reads like a step.
    fn step_follows(&self, line: &Line<'_>) -> bool {
        self.next_line(line.number).is_some_and(|next| {
            self.dialect.step(next.content).is_some() || typos::step(self.dialect, next.content).is_some()
        })
    }

    fn row_follows(&self, line: &Line<'_>) -> bool {
        self.next_line(line.number).is_some_and(|next| next.content.starts_with('|'))
    }

    fn swallowed_title(&self, below: Title, line: &Line<'_>) -> Option<Mistake> {
        let shown = line.shown();
        let taken = |keyword: &str| {
            Mistake::new(line.start(), format!("`{shown}` is taken as description, not as `{keyword}:`"))
        };
        if let Some((title, keyword, _)) = self.dialect.title(line.content) {
            let (meant, help) = match title {
                Title::Feature => (
                    self.feature.is_some_and(|feature| feature.keyword == keyword),
                    "A file holds one feature: move this one to a file of its own.",
                ),
                Title::Background => (
                    !matches!(below, Title::Feature | Title::Rule) && self.opens(below, line),
                    "A background stands once, before the first scenario of its feature or rule.",
                ),
                Title::Examples => {
                    (self.row_follows(line), "Examples stand below the steps of their scenario outline.")
                }
                // These end a description.
                Title::Rule | Title::Scenario | Title::Outline => (false, ""),
            };
            meant.then(|| taken(keyword).help(help))
        } else {
            let (title, keyword) = typos::title(self.dialect, line.content)?;
            let written = line.content.split_once(':')?.0;
            // `example: …` and `rule: …` are prose, unless they are followed by what follows such a title.
            let only_lower = written == written.to_lowercase() && written.trim_end() == keyword.to_lowercase();
            if only_lower && !self.opens(below, line) && !(title == Title::Examples && self.row_follows(line)) {
                return None;
            }
            Some(taken(keyword).meant(typos::title_fix(line.content, keyword)))
        }
    }

    /// A first word that is nearly a step keyword. `in_steps` says whether a step may begin here: at the start of a
    /// paragraph, or below another one; elsewhere a line may begin with `then` because the line before was full.
    fn slipped_step(&self, line: &Line<'_>, in_steps: bool) -> Option<Mistake> {
        let keyword = typos::step(self.dialect, line.content)?.trim_end();
        let word = line.content.split(|each: char| each.is_whitespace() || each == ':').next()?;
        let alone = line.content.trim_end() == word;
        let with_colon = line.content[word.len()..].starts_with(':');
        let suspected = if with_colon {
            in_steps && self.step_follows(line)
        } else if word == keyword {
            // The keyword itself, but not the space that ends it.
            !alone || in_steps
        } else if word.to_lowercase() == keyword.to_lowercase() {
            in_steps
        } else {
            in_steps || word.starts_with(char::is_uppercase)
        };
        if !suspected {
            return None;
        }
        let shown = line.shown();
        let message = format!("`{shown}` is taken as description, not as a step");
        let mistake = Mistake::new(line.start(), message);
        Some(if word == keyword {
            mistake.help(format!("After `{keyword}` comes one plain space, and then the step."))
        } else {
            mistake.meant(typos::step_fix(line.content, keyword))
        })
    }

    /// The line above the steps with which a paragraph ends: it was meant to be their title. Prose has a full stop, or a line
    /// among the steps that is none.
    fn swallowed_heading(&self, paragraph: &[Line<'_>]) -> Option<Mistake> {
        let steps = paragraph.iter().rev().take_while(|line| self.dialect.step(line.content).is_some()).count();
        let (above, steps) = paragraph.split_at(paragraph.len() - steps);
        let heading = above.last().filter(|_| !steps.is_empty())?;
        if steps.iter().any(|line| line.content.contains(STOPS) || line.content.contains('，')) {
            return None;
        }
        let shown = heading.shown();
        let mistake = |keyword: &str| {
            Mistake::new(heading.start(), format!("`{shown}` is taken as description, not as `{keyword}:`"))
        };
        if let Some((keyword, fix)) = typos::dressed_title(self.dialect, heading.content) {
            return Some(mistake(keyword).meant(fix));
        }
        let keyword = self.title_keyword(Title::Scenario);
        let is_a_heading = heading.content.contains([':', '：']) && !heading.content.trim_end().ends_with('.');
        let meanings: Vec<_> = steps.iter().filter_map(|line| Some(self.dialect.step(line.content)?.1)).collect();
        let expects =
            meanings.contains(&KeywordType::Outcome) && meanings.iter().any(|one| *one != KeywordType::Outcome);
        (is_a_heading || expects).then(|| {
            let background = self.title_keyword(Title::Background);
            let help =
                format!("The steps below it belong to nothing. Steps stand below `{keyword}:` or `{background}:`.");
            mistake(keyword).help(help)
        })
    }

    /// Whether every line of a paragraph begins like a step, and it does not read like sentences.
    fn reads_like_steps(&self, paragraph: &[Line<'_>]) -> bool {
        let Some(meanings) =
            paragraph.iter().map(|line| Some(self.dialect.step(line.content)?.1)).collect::<Option<Vec<KeywordType>>>()
        else {
            return false;
        };
        let has = |meaning| meanings.contains(&meaning);
        let (given, when, then) = (has(KeywordType::Context), has(KeywordType::Action), has(KeywordType::Outcome));
        let sentences = match paragraph {
            [line] => line.content.contains(STOPS),
            lines => lines.iter().any(|line| line.content.trim_end().ends_with(STOPS)),
        };
        (given && when && then) || ((given || when || then) && !sentences)
    }
}

/// What steps do without and sentences do not.
const STOPS: [char; 10] = ['.', ',', ';', ':', '!', '?', '。', '、', '،', '।'];
