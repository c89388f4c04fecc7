//! XML elements that can be written out: names, attributes, and either text or children.
//!
//! This is not a general XML library: elements without namespaces are all that the JUnit formats need. Names come from our
//! own code; attribute values and texts may hold anything.

use std::fmt::{self, Write};

use super::text;

/// An element with its content.
#[derive(Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), text: String::new(), children: Vec::new() }
    }

    /// Adds an attribute whose value is put on one line.
    pub(super) fn attribute(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        // Parsers turn line breaks in attributes into spaces, so nothing is lost that a reader could see.
        self.attributes.push((name, text::xml(&text::line(value.as_ref()))));
        self
    }

    /// Sets the text. An element with text has no children.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.text = text::xml(text);
        self
    }

    pub(super) fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    pub(super) fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Returns a document with this element as its root.
    pub(super) fn document(&self) -> String {
        let mut document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.write(&mut document, 0).expect("writing to a string does not fail");
        document
    }

    fn write(&self, out: &mut String, depth: usize) -> fmt::Result {
        let (indent, name) = ("  ".repeat(depth), self.name);
        write!(out, "{indent}<{name}")?;
        for (attribute, value) in &self.attributes {
            write!(out, " {attribute}=\"{}\"", escaped(value))?;
        }
        if self.children.is_empty() && self.text.is_empty() {
            return writeln!(out, "/>");
        }
        if self.children.is_empty() {
            // White space inside would become part of the text.
            return writeln!(out, ">{}</{name}>", escaped(&self.text));
        }
        writeln!(out, ">")?;
        for child in &self.children {
            child.write(out, depth + 1)?;
        }
        writeln!(out, "{indent}</{name}>")
    }
}

/// Escapes what XML gives a meaning, in attributes and in texts.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            // `]]>` must not stand in a text.
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // A parser turns a bare carriage return into a line feed.
            '\r' => safe.push_str("&#13;"),
            _ => safe.push(char),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_and_texts_hold_anything_and_change_no_structure() {
        let text = "a]]><b c=\"d\">&amp;\0\u{fffe}\r\nnext";
        let element =
            Element::new("x").attribute("y", text).child(Element::new("z").text(text)).child(Element::new("e"));
        assert_eq!(
            element.document(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <x y=\"a]]&gt;&lt;b c=&quot;d&quot;&gt;&amp;amp;\u{2400}\u{fffd} next\">\n  \
             <z>a]]&gt;&lt;b c=&quot;d&quot;&gt;&amp;amp;\u{fffd}\u{fffd}&#13;\nnext</z>\n  <e/>\n</x>\n"
        );
    }
}
