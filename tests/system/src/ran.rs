//! A command that ended.

use serde_json::Value;

/// What a command wrote and how it ended.
#[derive(Debug, Clone)]
pub struct Ran {
    /// Its arguments, for messages.
    pub arguments: String,
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// Facts.
    pub stdout: String,
    /// Talk.
    pub stderr: String,
}

impl Ran {
    /// The same, where it ended with that code.
    ///
    /// # Panics
    /// Where it ended otherwise, with everything it wrote: that is a test's answer.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(
            self.code == code,
            "`interlock {}` ended with {}, not {code}\n--- stdout\n{}\n--- stderr\n{}",
            self.arguments,
            self.code,
            self.stdout,
            self.stderr,
        );
        self
    }

    /// Standard output as one JSON document whose first key is `schema`.
    ///
    /// # Panics
    /// Where it is anything else.
    #[track_caller]
    pub fn json(&self) -> Value {
        let first = self
            .stdout
            .trim_start()
            .trim_start_matches('{')
            .trim_start();
        assert!(
            first.starts_with("\"schema\""),
            "no `schema` first in: {}",
            self.stdout
        );
        match serde_json::from_str(&self.stdout) {
            Ok(document) => document,
            Err(error) => panic!("not one JSON document ({error}): {}", self.stdout),
        }
    }

    /// Both streams, for a search.
    pub fn everything(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}
