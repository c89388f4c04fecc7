//! For a terminal: the place, what is wrong, the line with a caret under it, and what would be right.

use unicode_width::UnicodeWidthChar;

use crate::lint::Finding;

/// A finding in a few lines, the last one blank.
pub fn text(finding: &Finding) -> String {
    let (line, column) = (finding.location.line, finding.column());
    let mut text = format!("{}:{line}:{column}: {} [{}]\n", finding.file, finding.message, finding.rule);
    if !finding.line.trim().is_empty() {
        let before: Vec<char> = finding.line.chars().take(column as usize - 1).collect();
        let marked: String = finding.line.chars().skip(before.len()).take(finding.length()).collect();
        let pad: String = before.iter().map(|each| " ".repeat(width(*each))).collect();
        let carets = "^".repeat(marked.chars().map(width).sum::<usize>().max(1));
        let shown: String = finding.line.chars().map(|each| if each == '\t' { ' ' } else { each }).collect();
        let gutter = line.to_string();
        text.push_str(&format!("  {gutter} │ {shown}\n  {:1$} │ {pad}{carets}\n", "", gutter.len()));
    }
    if let Some(help) = &finding.help {
        text.push_str(&format!("  {help}\n"));
    }
    if let Some(fix) = &finding.fix {
        let note = "`--fix` does that.";
        text.push_str(&match fix.meant.is_empty() {
            true => format!("  Take `{}` away: {note}\n", fix.written),
            false => format!("  Write `{}` instead of `{}`: {note}\n", fix.meant.trim(), fix.written.trim()),
        });
    }
    if let Some(snippet) = &finding.snippet {
        text.push_str("  If it says something new, a developer can begin with this:\n");
        snippet.lines().for_each(|line| text.push_str(&format!("    {line}\n")));
    }
    text.push('\n');
    text
}

/// How many columns of a terminal a character takes; a tab is shown as a space.
fn width(character: char) -> usize {
    if character == '\t' { 1 } else { character.width().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Location;

    #[test]
    fn the_caret_stands_under_the_place_in_wide_letters_too() {
        let location = Location { line: 2, column: Some(4) };
        let finding = Finding::new("syntax", "a.feature", "x\n小安 Wehn a\n", location, "wrong").fix("Wehn", "When");
        let text = text(&finding);
        assert!(text.starts_with("a.feature:2:4: wrong [syntax]\n  2 │ 小安 Wehn a\n    │      ^^^^\n"), "{text}");
        assert!(text.contains("Write `When` instead of `Wehn`"), "{text}");
    }
}
