//! A Rust source, read as far as the tests of the architecture need it.

/// A source file: its code without comments and literals, and its string literals.
pub struct Source {
    /// The path from the root of the repository.
    pub path: String,
    /// The code. Comments are left out, and string literals are empty; lines are where they were.
    pub code: String,
    /// The string literals, each with its line.
    literals: Vec<(usize, String)>,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Self {
        let mut source = Self { path: path.to_owned(), code: String::new(), literals: Vec::new() };
        let mut rest = text;
        while !rest.is_empty() {
            rest = source.read_one(rest);
        }
        source
    }

    /// Returns the room of a file under `src/`; files directly in it belong to no room.
    pub fn room(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
    }

    /// Returns the string literals outside test modules.
    pub fn product_literals(&self) -> impl Iterator<Item = (usize, &String)> {
        let tests = self.code.find("#[cfg(test)]\nmod ").map_or(usize::MAX, |at| self.line_at(at));
        self.literals.iter().map(|(line, literal)| (*line, literal)).filter(move |(line, _)| *line < tests)
    }

    /// Returns the modules that the code names directly under `crate`, also in groups and by way of `super`, with their lines.
    pub fn rooms_named(&self) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        for (at, _) in self.code.match_indices("crate") {
            let before = self.code[..at].chars().next_back();
            let after = self.code[at + "crate".len()..].trim_start();
            if let (false, Some(path)) = (before.is_some_and(is_part_of_word), after.strip_prefix("::")) {
                heads(path).into_iter().for_each(|head| named.push((self.line_at(at), head)));
            }
        }
        // In src/world/file.rs the first `super` is the room, and the second the crate.
        let depth = self.path.matches('/').count() - usize::from(self.path.ends_with("/mod.rs"));
        let supers = "super::".repeat(depth);
        for (at, _) in self.code.match_indices(supers.as_str()) {
            let path = &self.code[at + supers.len()..];
            if !self.code[..at].ends_with("super::") && !path.starts_with("super::") {
                heads(path).into_iter().for_each(|head| named.push((self.line_at(at), head)));
            }
        }
        named
    }

    fn line_at(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Reads a comment, a literal or one character, and returns the rest.
    fn read_one<'t>(&mut self, rest: &'t str) -> &'t str {
        if rest.starts_with("//") {
            return &rest[rest.find('\n').unwrap_or(rest.len())..];
        }
        if rest.starts_with("/*") {
            return self.skip(rest, rest.find("*/").map_or(rest.len(), |at| at + 2));
        }
        if let Some(hashes) = raw_hashes(rest, &self.code) {
            let close = format!("\"{}", "#".repeat(hashes));
            let begin = 2 + hashes;
            let length = rest[begin..].find(&close).unwrap_or(rest.len() - begin);
            return self.literal(rest, begin, length, close.len());
        }
        if let Some(inside) = rest.strip_prefix('"') {
            let length = closing_quote(inside);
            return self.literal(rest, 1, length, 1);
        }
        // A character in quotes may be a quote itself. A lifetime has no second quote.
        if let Some(length) = character(rest) {
            return &rest[length..];
        }
        let first = rest.chars().next().map_or(0, char::len_utf8);
        self.code.push_str(&rest[..first]);
        &rest[first..]
    }

    fn literal<'t>(&mut self, rest: &'t str, begin: usize, length: usize, close: usize) -> &'t str {
        let line = self.code.matches('\n').count() + 1;
        self.literals.push((line, rest[begin..begin + length].to_owned()));
        self.code.push_str("\"\"");
        self.skip(rest, (begin + length + close).min(rest.len()))
    }

    /// Skips a text, and keeps its line breaks so that later lines are where they were.
    fn skip<'t>(&mut self, rest: &'t str, length: usize) -> &'t str {
        self.code.extend(rest[..length].matches('\n'));
        &rest[length..]
    }
}

/// Returns the first word of a path, or of each path in a group.
fn heads(path: &str) -> Vec<String> {
    let path = path.trim_start();
    let word = |text: &str| text.trim_start().chars().take_while(|letter| is_part_of_word(*letter)).collect::<String>();
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut heads = Vec::new();
    let (mut depth, mut begin) = (0, 0);
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' if depth == 0 => {
                heads.push(word(&group[begin..at]));
                begin = at + 1;
            }
            '}' => {
                heads.push(word(&group[begin..at]));
                break;
            }
            _ => {}
        }
    }
    heads
}

fn is_part_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Returns how many `#` a raw string begins with, if one begins here.
fn raw_hashes(rest: &str, before: &str) -> Option<usize> {
    let hashes = rest.strip_prefix('r')?.chars().take_while(|letter| *letter == '#').count();
    let is_raw = rest[1 + hashes..].starts_with('"');
    let in_word = before.chars().next_back().is_some_and(|letter| is_part_of_word(letter) && letter != 'b');
    if is_raw && !in_word { Some(hashes) } else { None }
}

fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Returns the length of a character literal, if one begins here.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let length = match inside.strip_prefix('\\') {
        Some(escape) => 1 + escape.char_indices().skip(1).find(|(_, letter)| *letter == '\'').map(|(at, _)| at)?,
        None => inside.chars().next()?.len_utf8(),
    };
    if inside[length..].starts_with('\'') { Some(length + 2) } else { None }
}
