//! Annotations of GitHub Actions: a workflow command for each finding.

use crate::lint::{Finding, Weight, rule};

/// The finding as a workflow command.
pub fn github(finding: &Finding) -> String {
    let command = match rule(finding.rule).map(|rule| rule.weight) {
        Some(Weight::Minded) => "warning",
        Some(Weight::Refused) | None => "error",
    };
    let help = finding.help.as_deref().map(|help| format!("\n{help}")).unwrap_or_default();
    let (file, rule) = (property(&finding.file), finding.rule);
    let (line, column) = (finding.location.line, finding.column());
    let end = column as usize + finding.length();
    let message = data(&format!("{}{help}", finding.message));
    format!("::{command} file={file},line={line},col={column},endColumn={end},title={rule}::{message}\n")
}

/// A message: what ends it is encoded.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property: its separators are encoded, too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::Location;

    #[test]
    fn what_would_end_a_command_is_encoded() {
        let location = Location { line: 1, column: Some(2) };
        let finding = Finding::new("syntax", "a,b.feature", "xyz", location, "100 %\nwrong").help("Right.");
        let expected = "::error file=a%2Cb.feature,line=1,col=2,endColumn=4,title=syntax::100 %25%0Awrong%0ARight.\n";
        assert_eq!(github(&finding), expected);
    }
}
