//! A statement's shape: its text with every literal replaced by `?` and its comments left out.
//!
//! Where the text could be read in two ways (cut off, or by settings of its session that are not
//! known here), everything that follows is replaced: a shape may lose words, never show a value.

/// Longest shape, in characters.
const SHAPE_CHARS_MAX: usize = 1000;

/// The shape of `text`.
pub(super) fn shape(text: &str) -> String {
    let mut reader = Reader {
        rest: text,
        out: String::new(),
    };
    while reader.step() {}
    let mut shape: String = reader
        .out
        .trim()
        .chars()
        .take(SHAPE_CHARS_MAX + 1)
        .collect();
    if let Some((cut, _)) = shape.char_indices().nth(SHAPE_CHARS_MAX) {
        shape.truncate(cut);
        shape.push_str("...");
    }
    shape
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
}

/// What a quoted string turned out to be.
enum Quoted {
    /// It ends before this byte.
    Ends(usize),
    /// Where it ends cannot be said.
    Doubtful,
}

impl Reader<'_> {
    /// Reads one token. False: nothing more can be read.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        match first {
            c if c.is_whitespace() => self.space(1),
            '-' if self.rest.starts_with("--") => {
                let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
                self.space(end)
            }
            '/' if self.rest.starts_with("/*") => match comment_end(self.rest) {
                Some(end) => self.space(end),
                None => false,
            },
            '\'' => self.literal(0, false),
            '"' => self.name(),
            '$' => self.dollar(),
            c if c.is_ascii_digit() => self.number(),
            '.' if self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => self.number(),
            c if starts_word(c) => self.word(),
            c => self.keep(c.len_utf8()),
        }
    }

    fn keep(&mut self, bytes: usize) -> bool {
        self.out.push_str(&self.rest[..bytes]);
        self.rest = &self.rest[bytes..];
        true
    }

    fn space(&mut self, bytes: usize) -> bool {
        if !self.out.is_empty() && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        // `bytes` may stand inside a wide space; the whole character goes.
        let end = (bytes..=self.rest.len()).find(|at| self.rest.is_char_boundary(*at));
        self.rest = &self.rest[end.unwrap_or(self.rest.len())..];
        true
    }

    fn replace(&mut self, bytes: usize) -> bool {
        self.out.push('?');
        self.rest = &self.rest[bytes..];
        true
    }

    fn replace_all(&mut self) -> bool {
        self.out.push('?');
        self.rest = "";
        false
    }

    /// A string after `prefix` bytes such as `E`.
    fn literal(&mut self, prefix: usize, escapes: bool) -> bool {
        match quoted(&self.rest[prefix..], '\'', escapes) {
            Quoted::Ends(end) => self.replace(prefix + end),
            Quoted::Doubtful => self.replace_all(),
        }
    }

    /// A quoted name is kept; a text that is cut off in it may be anything.
    fn name(&mut self) -> bool {
        match quoted(self.rest, '"', true) {
            Quoted::Ends(end) if !self.rest[..end].contains('\\') => self.keep(end),
            _ => self.replace_all(),
        }
    }

    fn dollar(&mut self) -> bool {
        let after = &self.rest[1..];
        if after.starts_with(|c: char| c.is_ascii_digit()) {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            return self.keep(1 + digits);
        }
        let word = after
            .find(|c: char| !continues_word(c) || c == '$')
            .unwrap_or(after.len());
        if !after[word..].starts_with('$') {
            // Cut off in its tag, or an operator.
            return if word == after.len() {
                self.replace_all()
            } else {
                self.keep(1)
            };
        }
        let tag = &self.rest[..word + 2];
        match self.rest[tag.len()..].find(tag) {
            Some(end) => self.replace(tag.len() + end + tag.len()),
            None => self.replace_all(),
        }
    }

    /// Digits and whatever hangs on them: `1.5e-3`, `0xff`, `1_000`, `12abc`.
    fn number(&mut self) -> bool {
        let mut before = ' ';
        let mut end = 0;
        for c in self.rest.chars() {
            let sign = matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
            if !(continues_word(c) || c == '.' || sign) {
                break;
            }
            before = c;
            end += c.len_utf8();
        }
        self.replace(end)
    }

    fn word(&mut self) -> bool {
        let end = self
            .rest
            .find(|c: char| !continues_word(c))
            .unwrap_or(self.rest.len());
        let (word, after) = self.rest.split_at(end);
        let quote = after.starts_with('\'');
        match word {
            "e" | "E" if quote => self.literal(end, true),
            "b" | "B" | "x" | "X" | "n" | "N" if quote => self.literal(end, false),
            "u" | "U" if after.starts_with("&'") => self.literal(end + 1, false),
            _ => self.keep(end),
        }
    }
}

fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_word(c: char) -> bool {
    starts_word(c) || c.is_ascii_digit() || c == '$'
}

/// Where the string that opens `text` ends. A doubled quote stands for one.
fn quoted(text: &str, quote: char, escapes: bool) -> Quoted {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            _ = chars.next();
        } else if c == '\\'
            && chars
                .peek()
                .is_some_and(|(_, next)| matches!(next, '\'' | '\\'))
        {
            // With `standard_conforming_strings` off this would go on, with it on it would not.
            return Quoted::Doubtful;
        } else if c == quote {
            if chars.peek().is_none_or(|(_, next)| *next != quote) {
                return Quoted::Ends(at + quote.len_utf8());
            }
            _ = chars.next();
        }
    }
    Quoted::Doubtful
}

/// Where the comment that opens `text` ends; comments nest.
fn comment_end(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let here = &text.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_literal_stands_in_a_shape() {
        for (text, expected) in [
            (
                "SELECT 'secret', 42, -1.5e-3, 0xFF, .5",
                "SELECT ?, ?, -?, ?, ?",
            ),
            ("SELECT 'it''s secret' || 'x'", "SELECT ? || ?"),
            (r"SELECT E'a\'secret', e'\\' FROM t1", "SELECT ?, ? FROM t1"),
            (
                r"SELECT U&'\0061secret', B'01', X'ff', N'secret'",
                "SELECT ?, ?, ?, ?",
            ),
            (
                "SELECT $$secret$$, $tag$a $$ secret$tag$ FROM t$1",
                "SELECT ?, ? FROM t$1",
            ),
            (
                "UPDATE \"Secret\"\"name\" SET a1 = $1 WHERE b=$22",
                "UPDATE \"Secret\"\"name\" SET a1 = $1 WHERE b=$22",
            ),
            (
                "SELECT 1 -- secret\n FROM t /* secret /* nested */ secret */ WHERE x",
                "SELECT ? FROM t WHERE x",
            ),
            ("SELECT 'a'\n'secret'", "SELECT ? ?"),
            ("  COMMIT ;\n", "COMMIT ;"),
            ("SELECT 12secret, a.b.c", "SELECT ?, a.b.c"),
            ("", ""),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_or_doubtful_hides_all_that_follows() {
        for text in [
            "SELECT 'secret",
            "SELECT E'\\'secret",
            "SELECT $$secret",
            "SELECT $a$secret$b$",
            "SELECT $secret",
            "SELECT \"secret",
            r"SELECT 'x\' || secret, 'y'",
            r"SELECT '\\', 'secret'",
            r#"SELECT U&"\0061" 'secret'"#,
            "SELECT /* secret",
            "SELECT /* /* */ secret",
        ] {
            let shape = shape(text);
            assert!(!shape.contains("secret"), "{text}: {shape}");
        }
    }

    #[test]
    fn any_text_has_a_bounded_shape() {
        for text in [
            "\u{3000}'é",
            "é$é$é",
            "$é",
            "'\\",
            "E'\\",
            "1é",
            "\u{0}\u{7f}",
            "/*/",
            "-",
            "$",
        ] {
            let _ = shape(text);
        }
        assert_eq!(
            shape(&"a ".repeat(5000)).chars().count(),
            SHAPE_CHARS_MAX + 3
        );
    }
}
