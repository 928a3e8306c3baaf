//! `interlock:write/alerts`: a new silence. It takes intents only.
//! A silence observes no state of its own, so nothing is compared before it is made.

use interlock_capabilities::write::AlertsWriter;
use interlock_capabilities::{Intent, Outcome, Settled, Soon};
use interlock_gate::action::{Silence, SilenceArguments};
use interlock_gate::revision::Revision;
use interlock_gate::time::Time;
use serde::Serialize;

use super::{Alertmanager, now, wire};
use crate::http::{FetchError, Fetched};

/// Enough for the id of a silence, or the reason against it.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// Makes silences in one approver's name.
#[derive(Clone)]
pub struct AlertmanagerWriter {
    alertmanager: Alertmanager,
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
        outcome(
            self.alertmanager
                .client
                .post_json(url, document, ANSWER_BYTES_MAX)
                .await,
        )
    }
}

fn outcome(answer: Result<Fetched, FetchError>) -> Outcome {
    match answer {
        Ok(fetched) if fetched.status == 200 => {
            // Some answer of status 200 is no proof: Alertmanager's names the silence.
            match serde_json::from_slice::<wire::Made>(&fetched.body) {
                Ok(made) if !made.silence_id.is_empty() => Outcome::Done {
                    after: Revision::Unconditional,
                },
                Ok(_) | Err(_) => Outcome::Unknown {
                    why: "alertmanager named no silence that it made".to_owned(),
                },
            }
        }
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
        assert_eq!(
            done,
            Outcome::Done {
                after: Revision::Unconditional
            }
        );
        let all = http::get_json(server.port(), "/api/v2/silences")
            .await
            .unwrap();
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
