//! Reads JSON piece by piece, so that each piece knows its line.

use std::path::Path;

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::ImportError;

/// A place in a JSON text.
pub(crate) struct Json<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Json<'a> {
    /// At the beginning; `path` only names it in errors.
    pub(crate) fn new(path: &'a Path, bytes: &'a [u8]) -> Json<'a> {
        let mark = b"\xef\xbb\xbf";
        let bytes = bytes.strip_prefix(mark).unwrap_or(bytes);
        Json {
            path,
            bytes,
            at: 0,
            line: 1,
        }
    }

    /// The line of the next piece, from 1.
    pub(crate) fn line(&mut self) -> u64 {
        self.peek();
        self.line
    }

    /// An error at this place.
    pub(crate) fn wrong(&self, why: &str) -> ImportError {
        self.wrong_at(self.line, why)
    }

    /// An error at a line.
    pub(crate) fn wrong_at(&self, line: u64, why: &str) -> ImportError {
        ImportError::Line {
            path: self.path.to_owned(),
            line,
            why: why.to_owned(),
        }
    }

    fn go(&mut self, to: usize) {
        let passed = self.bytes.get(self.at..to).unwrap_or_default();
        self.line += passed.iter().filter(|b| **b == b'\n').count() as u64;
        self.at = to;
    }

    /// The next byte that is no space.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.go(self.at + space);
        self.bytes.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<(), ImportError> {
        if self.peek() == Some(byte) {
            self.go(self.at + 1);
            return Ok(());
        }
        let expected = char::from(byte);
        Err(self.wrong(&format!("`{expected}` is expected here")))
    }

    /// The next value, whole.
    pub(crate) fn value<T: DeserializeOwned>(&mut self) -> Result<T, ImportError> {
        let line = self.line();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<T>();
        match values.next() {
            Some(Ok(value)) => {
                let to = self.at + values.byte_offset();
                self.go(to);
                Ok(value)
            }
            Some(Err(error)) => {
                let text = error.to_string();
                let why = text
                    .rfind(" at line ")
                    .map_or(text.as_str(), |at| &text[..at]);
                let line = line + (error.line() as u64).saturating_sub(1);
                Err(self.wrong_at(line, why))
            }
            None => Err(self.wrong("the text ends here, and more is expected")),
        }
    }

    /// Passes over the next value.
    pub(crate) fn skip(&mut self) -> Result<(), ImportError> {
        self.value::<IgnoredAny>().map(|_| ())
    }

    /// Each item of a list, where the next value is one.
    pub(crate) fn items(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.expect(b'[')?;
        if self.peek() == Some(b']') {
            return self.expect(b']');
        }
        loop {
            each(self)?;
            if self.peek() == Some(b']') {
                return self.expect(b']');
            }
            self.expect(b',')?;
        }
    }

    /// Each member of an object, where the next value is one: `each` takes its value.
    pub(crate) fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, &str) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        self.expect(b'{')?;
        if self.peek() == Some(b'}') {
            return self.expect(b'}');
        }
        loop {
            let key: String = self.value()?;
            self.expect(b':')?;
            each(self, &key)?;
            if self.peek() == Some(b'}') {
                return self.expect(b'}');
            }
            self.expect(b',')?;
        }
    }

    /// Each document of the text: one, several after another, or a list of them.
    pub(crate) fn documents(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        if self.peek().is_none() {
            return Err(self.wrong("the file is empty"));
        }
        while let Some(byte) = self.peek() {
            match byte {
                b'[' => self.items(&mut each)?,
                _other => each(self)?,
            }
        }
        Ok(())
    }
}
