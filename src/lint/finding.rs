//! One thing found, and how its fix is applied.

use crate::base::config::ConfigError;
use crate::gherkin::Fix;
use crate::model::message::Location;
use crate::run::Problem;

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule: one of [`RULES`](super::RULES).
    pub rule: &'static str,
    /// The file as it was named.
    pub file: String,
    /// Where in it; the first character for what concerns the whole file.
    pub location: Location,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
    /// What to write instead, where only one thing can have been meant.
    pub fix: Option<Fix>,
    /// A sentence that the vocabulary does not have, ready for a developer to add.
    pub snippet: Option<String>,
    /// The line as it stands in the file.
    pub line: String,
}

impl Finding {
    /// A finding at a place of a text.
    pub fn new(rule: &'static str, file: &str, text: &str, location: Location, message: impl Into<String>) -> Self {
        let line = text.split('\n').nth((location.line as usize).saturating_sub(1)).unwrap_or_default();
        Self::in_line(rule, file, line, location, message)
    }

    /// A finding at a place of this line.
    fn in_line(rule: &'static str, file: &str, line: &str, location: Location, message: impl Into<String>) -> Self {
        let column = location.column.or_else(|| {
            let indent = line.chars().take_while(|each| each.is_whitespace()).count();
            u32::try_from(indent + 1).ok()
        });
        Self {
            rule,
            file: file.to_owned(),
            location: Location { line: location.line.max(1), column },
            message: message.into(),
            help: None,
            fix: None,
            snippet: None,
            line: line.trim_end_matches('\r').to_owned(),
        }
    }

    /// Adds what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn fix(mut self, written: impl Into<String>, meant: impl Into<String>) -> Self {
        self.fix = Some(Fix { written: written.into(), meant: meant.into() });
        self
    }

    /// What a run would refuse the file with these lines for.
    pub fn of_problem(problem: Problem, lines: &[&str]) -> Self {
        let location = problem.location.unwrap_or(Location { line: 1, column: Some(1) });
        let line = lines.get((location.line as usize).saturating_sub(1)).copied().unwrap_or_default();
        let finding = Self::in_line(problem.id, &problem.file, line, location, problem.message);
        Self { help: problem.help, fix: problem.fix, ..finding }
    }

    /// What a TOML file is refused for.
    pub fn of_config(rule: &'static str, error: ConfigError) -> Self {
        let counted = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let (line, column) = error.place.unwrap_or((1, 1));
        let location = Location { line: counted(line), column: Some(counted(column)) };
        let finding = Self::new(rule, &error.file, "", location, error.message);
        Self { line: error.line.unwrap_or_default(), ..finding }
    }

    /// The column, counted from 1.
    pub fn column(&self) -> u32 {
        self.location.column.unwrap_or(1)
    }

    /// How many characters it concerns, from its column on.
    pub fn length(&self) -> usize {
        let rest = self.line.trim_end().chars().count().saturating_sub(self.column() as usize - 1).max(1);
        match &self.fix {
            Some(fix) => fix.written.chars().count().clamp(1, rest),
            None => rest,
        }
    }
}

/// The text with all fixes applied, and how many there were. Of two that overlap the second waits for the next time.
pub fn fix_all(text: &str, findings: &[Finding]) -> (String, usize) {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut fixes: Vec<(Location, &Fix)> =
        findings.iter().filter_map(|finding| Some((finding.location, finding.fix.as_ref()?))).collect();
    // From the back, so that the places before stay where they are.
    fixes.sort_by_key(|(location, _)| std::cmp::Reverse(*location));
    fixes.dedup();
    let mut applied = 0;
    for (location, fix) in fixes {
        let Some(line) = lines.get_mut((location.line as usize).saturating_sub(1)) else { continue };
        let skipped = line.chars().take(location.column.unwrap_or(1) as usize - 1).map(char::len_utf8).sum::<usize>();
        if line[skipped..].starts_with(&fix.written) {
            line.replace_range(skipped..skipped + fix.written.len(), &fix.meant);
            applied += 1;
        }
    }
    (lines.join("\n"), applied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_are_applied_where_they_stand_and_nowhere_else() {
        let text = "# Wehn\n  Wehn 小安 Wehn\r\n";
        let at = |line, column| Location { line, column: Some(column) };
        let fixes = [at(2, 3), at(2, 11), at(1, 1)]
            .map(|place| Finding::new("syntax", "a.feature", text, place, "x").fix("Wehn", "When"));
        assert_eq!(fix_all(text, &fixes), ("# Wehn\n  When 小安 When\r\n".to_owned(), 2));
    }
}
