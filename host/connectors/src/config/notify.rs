//! `[notify]`: where approvers are told that a plan waits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::read;
use crate::document::Section;

/// A webhook that takes what Slack's incoming webhooks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// A file with its URL. Whoever has the URL can post there, so it is a secret.
    pub webhook_file: PathBuf,
    /// Of one attempt.
    pub timeout: Duration,
}

pub(super) fn notify(section: &mut Section<'_, '_>, base: &Path) -> Option<Notify> {
    if section.has("webhook") || section.has("url") {
        let key = if section.has("webhook") {
            "webhook"
        } else {
            "url"
        };
        section.must_be(
            key,
            "in a file, named by `webhook_file`: whoever has it can post there",
        );
    }
    let webhook_file = section.need("webhook_file", |s, key| s.path(key, base));
    let timeout = read::timeout(section);
    Some(Notify {
        webhook_file: webhook_file?,
        timeout,
    })
}
