//! `interlock:write/alerts`: a new silence. It takes intents only.
//! A silence observes no state of its own, so nothing is compared before it is made. It is read once
//! after, so that its undo knows which silence to end, and whether somebody has changed it.

use interlock_capabilities::write::AlertsWriter;
use interlock_capabilities::{Intent, Outcome, Settled, Soon};
use interlock_gate::action::{Expire, Silence, SilenceArguments};
use interlock_gate::revision::{Revision, SilenceRevision};
use interlock_gate::time::Time;
use serde::Serialize;

use super::{Alertmanager, now, wire};
use crate::http::{FetchError, Fetched};

/// Enough for the id of a silence, or the reason against it.
pub(super) const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Makes silences in one approver's name.
#[derive(Clone)]
pub struct AlertmanagerWriter {
    pub(super) alertmanager: Alertmanager,
    created_by: String,
}

impl Alertmanager {
    /// A writer whose silences Alertmanager shows as created by `interlock/<approver>`.
    pub fn acting_for(&self, approver: &str) -> AlertmanagerWriter {
        let created_by = format!("interlock/{approver}");
        AlertmanagerWriter {
            alertmanager: self.clone(),
            created_by,
        }
    }
}

impl AlertsWriter for AlertmanagerWriter {
    fn silence(&self, intent: Intent<Silence>) -> Soon<'_, Settled> {
        Box::pin(async move {
            if intent.action().target.source() != "alertmanager" {
                return intent.not_tried("its target is no alert of Alertmanager's".to_owned());
            }
            let act = match intent.begin() {
                Ok(act) => act,
                Err(late) => return late,
            };
            let outcome = self.make(&act.action().arguments).await;
            act.settle(outcome)
        })
    }

    fn expire(&self, intent: Intent<Expire>) -> Soon<'_, Settled> {
        Box::pin(async move {
            if intent.action().target.source() != "alertmanager" {
                return intent.not_tried("its target is no alert of Alertmanager's".to_owned());
            }
            let act = match intent.begin() {
                Ok(act) => act,
                Err(late) => return late,
            };
            let outcome = self.end(act.seen()).await;
            act.settle(outcome)
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    matchers: Vec<Matcher<'a>>,
    starts_at: String,
    ends_at: String,
    created_by: &'a str,
    comment: &'a str,
}

/// Exactly this label with exactly this value.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Matcher<'a> {
    name: &'a str,
    value: &'a str,
    is_regex: bool,
    is_equal: bool,
}

impl AlertmanagerWriter {
    async fn make(&self, arguments: &SilenceArguments) -> Outcome {
        let starts_at = Time::from_micros(now()).unwrap_or_default();
        let ends_at = starts_at.plus_seconds(u64::from(arguments.minutes) * 60);
        let matchers = arguments.labels.iter().map(|(name, value)| Matcher {
            name,
            value,
            is_regex: false,
            is_equal: true,
        });
        let document = Document {
            matchers: matchers.collect(),
            starts_at: starts_at.to_string(),
            ends_at: ends_at.to_string(),
            created_by: &self.created_by,
            comment: &arguments.reason,
        };
        let Ok(document) = serde_json::to_vec(&document) else {
            return Outcome::NotTried {
                why: "the silence cannot be written as JSON".to_owned(),
            };
        };
        let url = self.alertmanager.base.at("/api/v2/silences", &[]);
        let answer = self
            .alertmanager
            .client
            .post_json(url, document, ANSWER_BYTES_MAX)
            .await;
        match made(answer) {
            // It was made, whether or not it can be read again: without the second its undo will
            // leave it alone.
            Ok(id) => Outcome::Done {
                after: Revision::Silence(match self.find(&id).await {
                    Ok(Some(found)) => found.revision,
                    Ok(None) | Err(_) => SilenceRevision {
                        id,
                        updated_at: None,
                    },
                }),
            },
            Err(outcome) => outcome,
        }
    }
}

/// The id of the silence that was made, or what came of it instead.
fn made(answer: Result<Fetched, FetchError>) -> Result<String, Outcome> {
    // Some answer of status 200 is no proof: Alertmanager's names the silence.
    let nameless = || Outcome::Unknown {
        why: "alertmanager named no silence that it made".to_owned(),
    };
    match answer {
        Ok(fetched) if fetched.status == 200 => wire::made(&fetched).ok_or_else(nameless),
        answer => Err(not_done(answer)),
    }
}

/// What came of a change whose answer is not the one that says that it was made.
pub(super) fn not_done(answer: Result<Fetched, FetchError>) -> Outcome {
    match answer {
        Ok(fetched) => {
            let why = wire::by_status(&fetched).why().to_owned();
            match fetched.status {
                300..=499 => Outcome::Refused { why },
                _other => Outcome::Unknown { why },
            }
        }
        // Nothing was sent.
        Err(error @ FetchError::NoConnection { .. }) => Outcome::NotTried {
            why: format!("alertmanager: {error}"),
        },
        Err(
            error @ (FetchError::TimedOut { .. }
            | FetchError::Broken { .. }
            | FetchError::TooLarge { .. }),
        ) => Outcome::Unknown {
            why: format!("alertmanager: {error}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interlock_test_servers::{Liar, Lie, free_port, http};

    use super::*;
    use crate::endpoint::Endpoint;

    fn writer(url: &str) -> AlertmanagerWriter {
        let timeout = Duration::from_millis(500);
        Alertmanager::new(Endpoint::base(url).unwrap(), timeout, None)
            .unwrap()
            .acting_for("alice")
    }

    fn arguments() -> SilenceArguments {
        let labels = [("alertname", "High"), ("server", "a.*\"b")];
        SilenceArguments {
            labels: labels
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            minutes: 30,
            reason: "being looked at".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_silence_matches_what_was_observed_and_names_the_approver() {
        let server = interlock_test_servers::Alertmanager::start().await.unwrap();
        let done = writer(&server.url()).make(&arguments()).await;
        let all = http::get_json(server.port(), "/api/v2/silences")
            .await
            .unwrap();
        let Outcome::Done {
            after: Revision::Silence(after),
        } = done
        else {
            panic!("{done:?}")
        };
        assert_eq!(all[0]["id"], after.id);
        let updated_at = all[0]["updatedAt"].as_str().unwrap();
        assert_eq!(after.updated_at, Time::parse_rfc3339(updated_at).ok());
        assert_eq!(all[0]["createdBy"], "interlock/alice");
        assert_eq!(all[0]["matchers"][1]["value"], "a.*\"b");
        assert_eq!(all[0]["matchers"][1]["isRegex"], false);
        let none = SilenceArguments {
            labels: [].into(),
            ..arguments()
        };
        let refused = writer(&server.url()).make(&none).await;
        assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
    }

    #[tokio::test]
    async fn a_silence_that_may_have_been_made_is_never_called_untried() {
        let liar = Liar::start(Lie::Hang).await.unwrap();
        for lie in [
            Lie::Hang,
            Lie::HangAfterHead,
            Lie::CutShort,
            Lie::Garbage,
            Lie::NotJson,
            Lie::Json("{}".to_owned()),
            Lie::Json(r#"{"silenceID":"../alerts"}"#.to_owned()),
            Lie::Huge { bytes: 1 << 30 },
            Lie::Status(500),
        ] {
            liar.tell(lie.clone());
            let outcome = writer(&liar.url()).make(&arguments()).await;
            assert!(
                matches!(outcome, Outcome::Unknown { .. }),
                "{lie:?}: {outcome:?}"
            );
        }
        for lie in [
            Lie::Status(400),
            Lie::Status(403),
            Lie::Redirect("http://127.0.0.1:1".into()),
        ] {
            liar.tell(lie.clone());
            let outcome = writer(&liar.url()).make(&arguments()).await;
            assert!(
                matches!(outcome, Outcome::Refused { .. }),
                "{lie:?}: {outcome:?}"
            );
        }
        let nobody = format!("http://127.0.0.1:{}", free_port().unwrap());
        let outcome = writer(&nobody).make(&arguments()).await;
        assert!(matches!(outcome, Outcome::NotTried { .. }), "{outcome:?}");
    }
}
