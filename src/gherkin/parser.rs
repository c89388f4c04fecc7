//! The grammar: lines in, a document out. Every line is looked at once; what a line is depends on its first characters
//! only, what it may be depends on where it stands.

use super::dialect::{self, Dialect, Title};
use super::kind::{Kind, language_of};
use super::line::Line;
use super::{Ids, Mistake, typos};
use crate::base::suggest::nearest;
use crate::model::message::{
    Background, Comment, DataTable, DocString, Examples, Feature, FeatureChild, GherkinDocument, KeywordType, Location,
    Rule, RuleChild, Scenario, Step, TableCell, TableRow, Tag,
};

/// The longest text that is read, in bytes. A file beyond it was made by a machine that went wrong.
pub const MAX_BYTES: usize = 4 << 20;
/// The most steps that one file may hold, as written; outlines may make more of them.
pub const MAX_STEPS: usize = 20_000;
/// After this many mistakes the rest of a file is not read.
pub const MAX_MISTAKES: usize = 10;

/// Reads a feature file. An empty text is a document without a feature.
///
/// # Errors
/// What is wrong with it, in the order of the text, at most [`MAX_MISTAKES`].
pub fn parse(uri: &str, text: &str, ids: &mut Ids) -> Result<GherkinDocument, Vec<Mistake>> {
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, more than the {MAX_BYTES} that are read", text.len());
        let start = Location { line: 1, column: Some(1) };
        return Err(vec![Mistake::new(start, message).help("Split it: one file holds one feature.")]);
    }
    let mut parser = Parser::new(text, ids);
    let feature = parser.document();
    if parser.mistakes.is_empty() {
        Ok(GherkinDocument { uri: Some(uri.to_owned()), feature, comments: parser.comments })
    } else {
        Err(parser.mistakes)
    }
}

struct Parser<'a, 'i> {
    lines: std::str::SplitTerminator<'a, char>,
    line: Line<'a>,
    kind: Kind<'a>,
    dialect: &'static Dialect,
    language: String,
    ids: &'i mut Ids,
    comments: Vec<Comment>,
    /// Tags that were read and whose owner comes later.
    tags: Vec<Tag>,
    steps: usize,
    mistakes: Vec<Mistake>,
    /// Whether reading stopped before the end, so that nothing more is to be complained of.
    stopped: bool,
    /// Whether what is misplaced is skipped without a word: it belongs to a title that was already complained of.
    skipping: bool,
}

impl<'a, 'i> Parser<'a, 'i> {
    fn new(text: &'a str, ids: &'i mut Ids) -> Self {
        let mut parser = Self {
            lines: text.strip_prefix('\u{feff}').unwrap_or(text).split_terminator('\n'),
            line: Line::default(),
            kind: Kind::End,
            dialect: Dialect::of(dialect::DEFAULT).expect("the list of languages has the default"),
            language: dialect::DEFAULT.to_owned(),
            ids,
            comments: Vec::new(),
            tags: Vec::new(),
            steps: 0,
            mistakes: Vec::new(),
            stopped: false,
            skipping: false,
        };
        parser.advance();
        parser
    }

    fn advance(&mut self) {
        let number = self.line.number + 1;
        (self.line, self.kind) = match self.lines.next() {
            Some(text) if !self.stopped => {
                let line = Line::new(number, text);
                (line, Kind::of(line.content, self.dialect))
            }
            Some(_) | None => (Line { number, ..Line::default() }, Kind::End),
        };
    }

    fn report(&mut self, mistake: Mistake) {
        if !self.stopped {
            self.mistakes.push(mistake);
            if self.mistakes.len() == MAX_MISTAKES {
                self.stop();
            }
        }
    }

    fn stop(&mut self) {
        self.stopped = true;
        self.kind = Kind::End;
    }

    /// Complains of the current line and skips it.
    fn misplaced(&mut self, wanted: &str) {
        let help = match self.kind {
            Kind::Title(Title::Feature, ..) => Some("A file holds one feature: move this one to a file of its own."),
            Kind::Title(Title::Background, ..) => {
                Some("A background stands once, before the first scenario of its feature or rule, and has no tags.")
            }
            Kind::Title(Title::Examples, ..) => Some("Examples stand below the steps of their scenario outline."),
            Kind::Title(Title::Rule | Title::Scenario | Title::Outline, ..) => None,
            Kind::Step(..) => Some("Steps stand below a scenario or a background, and before its examples."),
            Kind::Row => Some("A table stands below a step or below examples; a step has one at most."),
            Kind::Fence(_) => Some("A doc string stands below a step; a step has one at most."),
            Kind::Other => Some("Free text stands directly below a title, before the first step."),
            Kind::End | Kind::Blank | Kind::Comment | Kind::Tags => None,
        };
        let meant = matches!(self.kind, Kind::Other).then(|| typos::meant(self.dialect, self.line.content)).flatten();
        let quiet = self.skipping && meant.is_none() && !matches!(self.kind, Kind::Title(..));
        if !quiet {
            let shown = self.line.shown();
            let mut mistake = Mistake::new(self.line.start(), format!("`{shown}` stands where {wanted} is expected"));
            mistake.help = help.map(str::to_owned).filter(|_| meant.is_none());
            self.report(match meant {
                Some(fix) => mistake.meant(fix),
                None => mistake,
            });
        }
        // A doc string is skipped whole: its lines are text, whatever they look like.
        if let Kind::Fence(delimiter) = self.kind {
            self.doc_string(delimiter);
        } else {
            if let Kind::Title(..) = self.kind {
                self.skipping = true;
                self.tags.clear();
            }
            self.advance();
        }
    }

    fn document(&mut self) -> Option<Feature> {
        let mut language_named = false;
        loop {
            match self.kind {
                Kind::End if language_named || !self.tags.is_empty() => {
                    self.report(Mistake::new(self.end(), "the file ends before its `Feature:`"));
                    return None;
                }
                Kind::End => return None,
                Kind::Blank => self.advance(),
                Kind::Comment => match language_of(self.line.content) {
                    Some(language) if !language_named && self.tags.is_empty() => {
                        language_named = true;
                        self.speak(language);
                        self.advance();
                    }
                    Some(_) | None => self.comment(),
                },
                Kind::Tags => self.tag_line(),
                Kind::Title(Title::Feature, keyword, name) => return Some(self.feature(keyword, name)),
                Kind::Title(..) | Kind::Step(..) | Kind::Row | Kind::Fence(_) | Kind::Other => {
                    self.before_the_feature();
                }
            }
        }
    }

    /// Complains once of everything that stands before the feature.
    fn before_the_feature(&mut self) {
        let shown = self.line.shown();
        let feature = self.dialect.titles.iter().find(|(_, title)| *title == Title::Feature);
        let feature = feature.map_or("Feature", |(keyword, _)| keyword.as_str());
        let mistake =
            Mistake::new(self.line.start(), format!("the file begins with `{shown}`, not with `{feature}: …`"));
        let meant = matches!(self.kind, Kind::Other).then(|| typos::meant(self.dialect, self.line.content)).flatten();
        let foreign = || {
            let feature = |dialect: &Dialect| matches!(dialect.title(self.line.content), Some((Title::Feature, ..)));
            let (code, other) = Dialect::all().find(|(_, other)| feature(other))?;
            Some(format!("That is {}, which a file speaks whose first line is `# language: {code}`.", other.name))
        };
        let mistake = match meant {
            Some(fix) => mistake.meant(fix),
            None => Mistake { help: foreign(), ..mistake },
        };
        self.report(mistake);
        while !matches!(self.kind, Kind::End | Kind::Title(Title::Feature, ..)) {
            self.advance();
        }
        if matches!(self.kind, Kind::End) {
            self.stop();
        }
    }

    fn speak(&mut self, language: &str) {
        match Dialect::of(language) {
            Some(dialect) => {
                self.dialect = dialect;
                self.language = language.to_owned();
            }
            None => {
                let known = Dialect::all().map(|(code, _)| code);
                let mut mistake = Mistake::new(self.line.start(), format!("the language `{language}` is not known"));
                mistake.help = nearest(language, known).map(|code| format!("Did you mean `{code}`?"));
                self.report(mistake);
                // Without its language, nothing that follows can be judged.
                self.stop();
            }
        }
    }

    fn feature(&mut self, keyword: &str, name: &str) -> Feature {
        let location = self.open();
        let tags = std::mem::take(&mut self.tags);
        let description = self.description(Title::Feature);
        let (background, scenarios) = self.body();
        let mut children: Vec<FeatureChild> = Vec::new();
        children.extend(background.map(|one| FeatureChild { background: Some(one), ..Default::default() }));
        children.extend(scenarios.into_iter().map(|one| FeatureChild { scenario: Some(one), ..Default::default() }));
        while let Kind::Title(Title::Rule, keyword, name) = self.kind {
            let rule = self.rule(keyword, name);
            children.push(FeatureChild { rule: Some(rule), ..Default::default() });
        }
        if let Some(tag) = self.tags.first() {
            let message = format!("the tag `{}` belongs to nothing: the file ends after it", tag.name);
            self.report(Mistake::new(tag.location, message));
        }
        let (keyword, name, language) = (keyword.to_owned(), named(name), self.language.clone());
        Feature { location, tags, language, keyword, name, description, children }
    }

    fn rule(&mut self, keyword: &str, name: &str) -> Rule {
        let location = self.open();
        let tags = std::mem::take(&mut self.tags);
        let id = self.ids.next_id();
        let description = self.description(Title::Rule);
        let (background, scenarios) = self.body();
        let mut children: Vec<RuleChild> = Vec::new();
        children.extend(background.map(|one| RuleChild { background: Some(one), ..Default::default() }));
        children.extend(scenarios.into_iter().map(|one| RuleChild { scenario: Some(one), ..Default::default() }));
        Rule { location, tags, keyword: keyword.to_owned(), name: named(name), description, children, id }
    }

    /// What a feature and a rule have in common: a background and scenarios, up to the next rule or the end.
    fn body(&mut self) -> (Option<Background>, Vec<Scenario>) {
        let mut background = None;
        let mut scenarios = Vec::new();
        loop {
            match self.kind {
                Kind::End | Kind::Title(Title::Rule, ..) => return (background, scenarios),
                Kind::Blank => self.advance(),
                Kind::Comment => self.comment(),
                Kind::Tags => self.tag_line(),
                Kind::Title(Title::Scenario | Title::Outline, keyword, name) => {
                    scenarios.push(self.scenario(keyword, name));
                }
                Kind::Title(Title::Background, keyword, name)
                    if background.is_none() && scenarios.is_empty() && self.tags.is_empty() =>
                {
                    background = Some(self.background(keyword, name));
                }
                Kind::Title(Title::Feature | Title::Background | Title::Examples, ..)
                | Kind::Step(..)
                | Kind::Row
                | Kind::Fence(_)
                | Kind::Other => self.misplaced("a scenario or a rule"),
            }
        }
    }

    fn background(&mut self, keyword: &str, name: &str) -> Background {
        let location = self.open();
        let id = self.ids.next_id();
        let description = self.description(Title::Background);
        let steps = self.steps();
        Background { location, keyword: keyword.to_owned(), name: named(name), description, steps, id }
    }

    fn scenario(&mut self, keyword: &str, name: &str) -> Scenario {
        let location = self.open();
        let tags = std::mem::take(&mut self.tags);
        let id = self.ids.next_id();
        let description = self.description(Title::Scenario);
        let steps = self.steps();
        let mut examples = Vec::new();
        loop {
            match self.kind {
                Kind::End | Kind::Title(Title::Scenario | Title::Outline | Title::Rule, ..) => break,
                Kind::Blank => self.advance(),
                Kind::Comment => self.comment(),
                Kind::Tags => self.tag_line(),
                Kind::Title(Title::Examples, keyword, name) => examples.push(self.examples(keyword, name)),
                Kind::Title(Title::Feature | Title::Background, ..)
                | Kind::Step(..)
                | Kind::Row
                | Kind::Fence(_)
                | Kind::Other => self.misplaced(if self.tags.is_empty() {
                    "a scenario, a rule or another table of examples"
                } else {
                    "a scenario, a rule or examples, to which the tags before it belong,"
                }),
            }
        }
        Scenario { location, tags, keyword: keyword.to_owned(), name: named(name), description, steps, examples, id }
    }

    fn examples(&mut self, keyword: &str, name: &str) -> Examples {
        let location = self.open();
        let tags = std::mem::take(&mut self.tags);
        let id = self.ids.next_id();
        let description = self.description(Title::Examples);
        let mut rows = if matches!(self.kind, Kind::Row) { self.rows() } else { Vec::new() };
        let table_body = rows.split_off(rows.len().min(1));
        let (keyword, name, table_header) = (keyword.to_owned(), named(name), rows.pop());
        Examples { location, tags, keyword, name, description, table_header, table_body, id }
    }

    /// Leaves a title line; says where it was.
    fn open(&mut self) -> Location {
        let location = self.line.start();
        self.skipping = false;
        self.advance();
        location
    }

    /// The free text below a title: everything up to a line that may follow such a title.
    fn description(&mut self, below: Title) -> String {
        let in_steps = matches!(below, Title::Background | Title::Scenario | Title::Outline);
        let in_examples = below == Title::Examples;
        let mut lines = Vec::new();
        loop {
            match self.kind {
                Kind::End | Kind::Tags | Kind::Title(Title::Scenario | Title::Outline | Title::Rule, ..) => break,
                Kind::Title(Title::Background, ..) if matches!(below, Title::Feature | Title::Rule) => break,
                Kind::Title(Title::Examples, ..) if in_examples || below == Title::Scenario => break,
                Kind::Step(..) if in_steps => break,
                Kind::Row if in_examples => break,
                Kind::Comment => self.comment(),
                Kind::Blank if lines.is_empty() => self.advance(),
                Kind::Blank
                | Kind::Title(Title::Feature | Title::Background | Title::Examples, ..)
                | Kind::Step(..)
                | Kind::Row
                | Kind::Fence(_)
                | Kind::Other => {
                    lines.push(self.line.text);
                    self.advance();
                }
            }
        }
        lines.truncate(lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1));
        lines.join("\n")
    }

    /// Steps, up to what ends their scenario or background.
    fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        loop {
            match self.kind {
                Kind::End
                | Kind::Tags
                | Kind::Title(Title::Scenario | Title::Outline | Title::Rule | Title::Examples, ..) => return steps,
                Kind::Blank => self.advance(),
                Kind::Comment => self.comment(),
                Kind::Step(keyword, meaning, text) => steps.extend(self.step(keyword, meaning, text)),
                Kind::Title(Title::Feature | Title::Background, ..) | Kind::Row | Kind::Fence(_) | Kind::Other => {
                    self.misplaced("a step or a scenario");
                }
            }
        }
    }

    fn step(&mut self, keyword: &str, meaning: KeywordType, text: &str) -> Option<Step> {
        let location = self.line.start();
        if self.steps == MAX_STEPS {
            let message = format!("the file has more than the {MAX_STEPS} steps that are read");
            self.report(Mistake::new(location, message).help("Split it: one file holds one feature."));
            self.stop();
            return None;
        }
        self.steps += 1;
        self.skipping = false;
        self.advance();
        let (keyword, text, id) = (keyword.to_owned(), text.trim().to_owned(), self.ids.next_id());
        let mut step = Step { location, keyword, keyword_type: Some(meaning), text, id, ..Step::default() };
        loop {
            match self.kind {
                Kind::Blank => self.advance(),
                Kind::Comment => self.comment(),
                Kind::Row if step.data_table.is_none() => {
                    let location = self.line.start();
                    step.data_table = Some(DataTable { location, rows: self.rows() });
                }
                Kind::Fence(delimiter) if step.doc_string.is_none() => {
                    step.doc_string = Some(self.doc_string(delimiter));
                }
                Kind::End
                | Kind::Tags
                | Kind::Title(..)
                | Kind::Step(..)
                | Kind::Row
                | Kind::Fence(_)
                | Kind::Other => return Some(step),
            }
        }
    }

    /// The rows of a table, all with as many cells as the first. Blank lines and comments may stand between them.
    fn rows(&mut self) -> Vec<TableRow> {
        let mut rows: Vec<TableRow> = Vec::new();
        loop {
            match self.kind {
                Kind::Row => {
                    let cells = self.line.cells().into_iter();
                    let cells: Vec<_> = cells.map(|(location, value)| TableCell { location, value }).collect();
                    let (location, width) =
                        (self.line.start(), rows.first().map_or(cells.len(), |row| row.cells.len()));
                    if cells.len() != width {
                        let count =
                            if cells.len() == 1 { "1 cell".to_owned() } else { format!("{} cells", cells.len()) };
                        let message = format!("this row has {count}, the first row of its table has {width}");
                        self.report(
                            Mistake::new(location, message).help(
                                "Every cell ends with `|`, the last one too. A `|` inside a cell is written `\\|`.",
                            ),
                        );
                    }
                    rows.push(TableRow { location, cells, id: self.ids.next_id() });
                    self.advance();
                }
                Kind::Blank => self.advance(),
                Kind::Comment => self.comment(),
                Kind::End | Kind::Tags | Kind::Title(..) | Kind::Step(..) | Kind::Fence(_) | Kind::Other => {
                    return rows;
                }
            }
        }
    }

    fn doc_string(&mut self, delimiter: &str) -> DocString {
        let (location, indent) = (self.line.start(), self.line.indent);
        let media_type = self.line.content[delimiter.len()..].trim();
        let media_type = (!media_type.is_empty()).then(|| media_type.to_owned());
        let mut lines = Vec::new();
        self.advance();
        while !self.line.content.starts_with(delimiter) {
            if matches!(self.kind, Kind::End) {
                let mistake = Mistake::new(location, "the doc string that begins here is never closed");
                self.report(mistake.help(format!("Close it with a line of its own: {delimiter}")));
                break;
            }
            lines.push(self.line.without_indent(indent));
            self.advance();
        }
        self.advance();
        let escaped: String = delimiter.chars().flat_map(|each| ['\\', each]).collect();
        let content = lines.join("\n").replace(&escaped, delimiter);
        DocString { location, media_type, content, delimiter: delimiter.to_owned() }
    }

    fn tag_line(&mut self) {
        match self.line.tags() {
            Ok(tags) => {
                for (location, name) in tags {
                    let id = self.ids.next_id();
                    self.tags.push(Tag { location, name, id });
                }
            }
            Err(mistake) => self.report(mistake),
        }
        self.advance();
    }

    fn comment(&mut self) {
        // The standard's comments begin at the start of their line, white space included.
        let location = Location { line: self.line.number, column: Some(1) };
        self.comments.push(Comment { location, text: self.line.text.to_owned() });
        self.advance();
    }

    /// The place after the last line.
    fn end(&self) -> Location {
        Location { line: self.line.number, column: Some(1) }
    }
}

fn named(name: &str) -> String {
    name.trim().to_owned()
}
