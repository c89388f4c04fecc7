//! Path templates such as `/v1/jobs/{id}`, and their order of precedence.

use crate::base::uri;

/// A path with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathTemplate {
    /// The path in the document's spelling.
    pub text: String,
    segments: Vec<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(String),
    Placeholder(String),
}

impl PathTemplate {
    /// Reads a template. A text without a slash in front or with a lone brace is an error.
    pub fn read(prefix: &str, text: &str) -> Result<Self, String> {
        if !text.starts_with('/') {
            return Err(format!("`{text}` is not a path: it begins with `/`"));
        }
        let whole = format!("{}{text}", prefix.trim_end_matches('/'));
        let segments = whole.split('/').map(parts).collect::<Option<_>>();
        let segments = segments.ok_or_else(|| format!("the braces of `{text}` do not match"))?;
        Ok(Self { text: text.to_owned(), segments })
    }

    /// The values of the placeholders in a path, decoded; `None` if the path is not of this form.
    pub fn values(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let mut segments = path.split('/');
        let mut values = Vec::new();
        for parts in &self.segments {
            fill(parts, segments.next()?, &mut values)?;
        }
        segments.next().is_none().then_some(values)
    }

    /// Returns a key that sorts specific templates first: fixed before placeholder, segment by segment.
    pub fn rank(&self) -> Vec<(bool, usize)> {
        let rank = |parts: &Vec<Part>| {
            let fixed: usize = parts.iter().map(Part::len).sum();
            (parts.iter().any(|part| matches!(part, Part::Placeholder(_))), usize::MAX - fixed)
        };
        self.segments.iter().map(rank).collect()
    }
}

impl Part {
    fn len(&self) -> usize {
        match self {
            Self::Fixed(text) => text.len(),
            Self::Placeholder(_) => 0,
        }
    }
}

fn parts(segment: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        if !before.is_empty() {
            parts.push(Part::Fixed(before.to_owned()));
        }
        parts.push(Part::Placeholder(name.to_owned()));
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    if !rest.is_empty() {
        parts.push(Part::Fixed(rest.to_owned()));
    }
    Some(parts)
}

/// A placeholder takes at least one character, and as few as what follows it allows.
fn fill<'t>(parts: &'t [Part], segment: &str, values: &mut Vec<(&'t str, String)>) -> Option<()> {
    let mut rest = segment;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Fixed(text) => rest = rest.strip_prefix(text.as_str())?,
            Part::Placeholder(name) => {
                let end = match parts.get(index + 1) {
                    Some(Part::Fixed(next)) if index + 2 == parts.len() => rest.len().checked_sub(next.len())?,
                    Some(Part::Fixed(next)) => rest.get(1..)?.find(next.as_str())? + 1,
                    Some(Part::Placeholder(_)) => 1,
                    None => rest.len(),
                };
                let value = rest.get(..end).filter(|value| !value.is_empty())?;
                values.push((name, uri::decode(value).into_owned()));
                rest = &rest[end..];
            }
        }
    }
    rest.is_empty().then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::read("", text).unwrap()
    }

    #[test]
    fn a_path_gives_the_values_of_its_placeholders() {
        let cases = [
            ("/v1/jobs/{id}", "/v1/jobs/a%2Fb", Some(vec![("id", "a/b")])),
            ("/v1/jobs/{id}", "/v1/jobs", None),
            ("/v1/jobs/{id}", "/v1/jobs/", None),
            ("/v1/jobs/{id}", "/v1/jobs/a/cancel", None),
            ("/files/{name}.{kind}", "/files/a.b.png", Some(vec![("name", "a"), ("kind", "b.png")])),
            ("/files/{name}.png", "/files/a.png.png", Some(vec![("name", "a.png")])),
            ("/v1", "/v1", Some(vec![])),
            ("/ä/{x}", "/ä/«secret ab»", Some(vec![("x", "«secret ab»")])),
        ];
        for (text, path, expected) in cases {
            let template = template(text);
            let values = template.values(path);
            let values = values.as_ref().map(|values| values.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>());
            assert_eq!(values, expected, "{text} {path}");
        }
    }

    #[test]
    fn the_more_specific_template_comes_first() {
        let mut templates = ["/{a}/{b}", "/jobs/{id}", "/jobs/me", "/jobs/{id}.png", "/{a}/me"].map(template);
        templates.sort_by_key(PathTemplate::rank);
        let order: Vec<_> = templates.iter().map(|template| template.text.as_str()).collect();
        assert_eq!(order, ["/jobs/me", "/jobs/{id}.png", "/jobs/{id}", "/{a}/me", "/{a}/{b}"]);
    }

    #[test]
    fn braces_that_do_not_match_are_refused() {
        assert!(PathTemplate::read("", "/a/{b").is_err() && PathTemplate::read("", "/a/b}").is_err());
        assert!(PathTemplate::read("", "a").is_err());
    }
}
