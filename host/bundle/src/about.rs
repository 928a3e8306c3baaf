//! `bundle.toml`: which incident it is, its window, and the moment a run is made to stand at.

use std::ops::Range;
use std::path::Path;

use interlock_gate::time::Time;
use serde::Deserialize;
use toml::value::Datetime;

use crate::{BundleError, Folder, is_name};

/// Most bytes of `bundle.toml`.
const ABOUT_BYTES_MAX: u64 = 64 << 10;

pub(crate) const ABOUT_FILE: &str = "bundle.toml";

const SCHEMA: &str = "interlock.bundle.v1";

/// Which incident it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The incident's id, as [`is_name`] allows.
    pub id: String,
    /// In words; untrusted.
    pub title: String,
    /// The service that suffers, where known.
    pub service: Option<String>,
    /// How bad, in the words of whoever said so.
    pub severity: Option<String>,
    /// Its window: from.
    pub begin: Time,
    /// Its window: until; after `begin`.
    pub end: Time,
    /// When a run of it looks around; not before `begin`.
    pub now: Time,
    /// Where the data come from and under which licence.
    pub source: Option<String>,
    /// The shared part that it lies on, `shared/NAME` beside the bundle.
    pub shared: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    schema: toml::Spanned<String>,
    id: toml::Spanned<String>,
    #[serde(default)]
    title: String,
    service: Option<String>,
    severity: Option<String>,
    begin: toml::Spanned<Datetime>,
    end: toml::Spanned<Datetime>,
    now: Option<toml::Spanned<Datetime>>,
    source: Option<String>,
    shared: Option<toml::Spanned<String>>,
}

impl About {
    /// An incident of that id and window; the run stands at its end.
    pub fn new(id: &str, begin: Time, end: Time) -> About {
        About {
            id: id.to_owned(),
            title: String::new(),
            service: None,
            severity: None,
            begin,
            end,
            now: end,
            source: None,
            shared: None,
        }
    }

    pub(crate) fn read(folder: &Folder) -> Result<About, BundleError> {
        let path = folder.path().join(ABOUT_FILE);
        match folder.read_text(ABOUT_FILE, ABOUT_BYTES_MAX)? {
            Some(text) => About::parse(&path, &text),
            None => Err(BundleError::Missing { path }),
        }
    }

    /// Reads the file's text; `path` only names it in errors.
    pub(crate) fn parse(path: &Path, text: &str) -> Result<About, BundleError> {
        let at = |span, why: String| BundleError::Line {
            path: path.to_owned(),
            line: line_of(text, span),
            why,
        };
        let it: Written = toml::from_str(text).map_err(|e| at(e.span(), e.message().to_owned()))?;
        if it.schema.get_ref() != SCHEMA {
            let why = format!("the schema is not `{SCHEMA}`");
            return Err(at(Some(it.schema.span()), why));
        }
        let time = |given: &toml::Spanned<Datetime>| {
            Time::parse_rfc3339(&given.get_ref().to_string()).map_err(|_| {
                let why = "a date has its offset, such as 2026-11-25T03:12:08Z".to_owned();
                at(Some(given.span()), why)
            })
        };
        let name = |given: &toml::Spanned<String>| match is_name(given.get_ref()) {
            true => Ok(given.get_ref().clone()),
            false => Err(at(
                Some(given.span()),
                BundleError::Name {
                    text: given.get_ref().clone(),
                }
                .to_string(),
            )),
        };
        let about = About {
            id: name(&it.id)?,
            begin: time(&it.begin)?,
            end: time(&it.end)?,
            now: time(it.now.as_ref().unwrap_or(&it.end))?,
            shared: it.shared.as_ref().map(name).transpose()?,
            title: it.title,
            service: it.service,
            severity: it.severity,
            source: it.source,
        };
        if let Some(why) = about.wrong() {
            return Err(at(Some(it.begin.span()), why.to_owned()));
        }
        Ok(about)
    }

    /// What keeps it from being written, in words.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        if !is_name(&self.id) || self.shared.as_deref().is_some_and(|name| !is_name(name)) {
            Some("its id or its shared part is no name")
        } else if self.begin >= self.end {
            Some("the incident ends before it begins")
        } else if self.now < self.begin {
            Some("`now` is before the incident begins")
        } else {
            None
        }
    }

    pub(crate) fn to_toml(&self) -> String {
        let mut text = format!(
            "schema = \"{SCHEMA}\"\nid = {}\ntitle = {}\n",
            toml_text(&self.id),
            toml_text(&self.title),
        );
        let mut put = |key: &str, value: &Option<String>| {
            if let Some(value) = value {
                text += &format!("{key} = {}\n", toml_text(value));
            }
        };
        put("service", &self.service);
        put("severity", &self.severity);
        put("source", &self.source);
        put("shared", &self.shared);
        for (key, time) in [("begin", self.begin), ("end", self.end), ("now", self.now)] {
            text += &format!("{key} = {time}\n");
        }
        text
    }
}

/// A TOML string of any text.
pub(crate) fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The line that a span begins in, from 1.
pub(crate) fn line_of(text: &str, span: Option<Range<usize>>) -> u64 {
    let until = span.map_or(0, |span| span.start.min(text.len()));
    let before = text.as_bytes().get(..until).unwrap_or_default();
    1 + before.iter().filter(|b| **b == b'\n').count() as u64
}
