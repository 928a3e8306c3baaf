//! Taking a silence back: it is expired where nobody has changed it since it was made.
//!
//! Read, then ended, in two requests: Alertmanager has no condition on the second, so a change that
//! falls between the two is ended with it.

use interlock_capabilities::{Gap, Outcome};
use interlock_gate::revision::{Revision, SilenceRevision};

use super::wire::{self, Found};
use super::write::{ANSWER_BYTES_MAX, AlertmanagerWriter, not_done};

impl AlertmanagerWriter {
    /// Ends the silence that an act left behind as `seen`.
    pub(super) async fn end(&self, seen: &Revision) -> Outcome {
        let Revision::Silence(seen) = seen else {
            return not_tried("the act's record names no silence");
        };
        if seen.updated_at.is_none() || !wire::is_id(&seen.id) {
            return not_tried(
                "the silence could not be read after it was made, so nobody can tell whether it \
                 was changed since: end it by hand",
            );
        }
        match self.find(&seen.id).await {
            Ok(None) => return Outcome::Gone,
            Ok(Some(now)) if now.expired => return Outcome::Gone,
            Ok(Some(now)) if now.revision != *seen => {
                return Outcome::Moved {
                    found: Revision::Silence(now.revision),
                };
            }
            Ok(Some(_same)) => {}
            // Nothing but a question was sent.
            Err(gap) => return not_tried(gap.why()),
        }
        let url = self.path(&seen.id);
        let client = &self.alertmanager.client;
        match client.delete(url, ANSWER_BYTES_MAX).await {
            Ok(fetched) if fetched.status == 200 => self.ended(&seen.id).await,
            Ok(fetched) if wire::says_no_such_silence(&fetched) => Outcome::Gone,
            answer => not_done(answer),
        }
    }

    /// Alertmanager says that it is ended: what does it show?
    async fn ended(&self, id: &str) -> Outcome {
        let after = match self.find(id).await {
            Ok(Some(now)) if now.expired => now.revision,
            Ok(Some(_still_there)) => {
                return Outcome::Unknown {
                    why: "alertmanager took the end of the silence and shows it as not ended"
                        .to_owned(),
                };
            }
            Ok(None) | Err(_) => SilenceRevision {
                id: id.to_owned(),
                updated_at: None,
            },
        };
        Outcome::Done {
            after: Revision::Silence(after),
        }
    }

    /// The silence of this id as it is now, if there is one.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Found>, Gap> {
        let client = &self.alertmanager.client;
        let fetched = client.get(self.path(id), ANSWER_BYTES_MAX).await;
        wire::silence(&fetched.map_err(super::name)?, id)
    }

    /// `id` is of a UUID's letters.
    fn path(&self, id: &str) -> reqwest::Url {
        let path = format!("/api/v2/silence/{id}");
        self.alertmanager.base.at(&path, &[])
    }
}

fn not_tried(why: &str) -> Outcome {
    Outcome::NotTried {
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interlock_gate::time::Time;
    use interlock_test_servers::{Liar, Lie, http};
    use serde_json::{Value, json};

    use super::super::Alertmanager;
    use super::*;
    use crate::endpoint::Endpoint;

    fn writer(url: &str) -> AlertmanagerWriter {
        let timeout = Duration::from_millis(500);
        Alertmanager::new(Endpoint::base(url).unwrap(), timeout, None)
            .unwrap()
            .acting_for("alice")
    }

    struct World {
        server: interlock_test_servers::Alertmanager,
        writer: AlertmanagerWriter,
    }

    impl World {
        async fn start() -> World {
            let server = interlock_test_servers::Alertmanager::start().await.unwrap();
            let writer = writer(&server.url());
            World { server, writer }
        }

        /// A silence, as a revision and as Alertmanager shows it.
        async fn silence(&self, minutes: u64) -> (Revision, Value) {
            let from = super::super::now();
            let time = |micros| Time::from_micros(micros).unwrap().to_string();
            let document = json!({
                "matchers": [{"name": "a", "value": "b", "isRegex": false, "isEqual": true}],
                "startsAt": time(from), "endsAt": time(from + minutes * 60_000_000),
                "createdBy": "somebody", "comment": "for a test",
            });
            let made = self.post(&document).await;
            let id = made["silenceID"].as_str().unwrap();
            let found = self.writer.find(id).await.unwrap().unwrap();
            assert!(!found.expired);
            (Revision::Silence(found.revision), self.shown(id).await)
        }

        async fn post(&self, document: &Value) -> Value {
            let path = "/api/v2/silences";
            let answer = http::post(self.server.port(), path, &document.to_string()).await;
            serde_json::from_str(&answer.unwrap().body).unwrap()
        }

        async fn shown(&self, id: &str) -> Value {
            let path = format!("/api/v2/silence/{id}");
            http::get_json(self.server.port(), &path).await.unwrap()
        }
    }

    #[tokio::test]
    async fn a_silence_is_expired_once_and_then_it_is_gone() {
        let world = World::start().await;
        let (seen, shown) = world.silence(10).await;
        let done = world.writer.end(&seen).await;
        assert!(matches!(&done, Outcome::Done { after } if *after != seen));
        let now = world.shown(shown["id"].as_str().unwrap()).await;
        assert_eq!(now["status"]["state"], "expired");
        assert_eq!(world.writer.end(&seen).await, Outcome::Gone);
        let never = Revision::Silence(SilenceRevision {
            id: "11111111-1111-1111-1111-111111111111".to_owned(),
            updated_at: Some(Time::default()),
        });
        assert_eq!(world.writer.end(&never).await, Outcome::Gone);
    }

    #[tokio::test]
    async fn a_silence_that_somebody_changed_is_left_alone() {
        let world = World::start().await;
        let (seen, mut shown) = world.silence(10).await;
        // Alertmanager tells times in milliseconds: a change within the same one is not seen.
        tokio::time::sleep(Duration::from_millis(5)).await;
        shown["comment"] = json!("we still need this");
        let same = world.post(&shown).await;
        assert_eq!(same["silenceID"], shown["id"]);
        let moved = world.writer.end(&seen).await;
        assert!(
            matches!(&moved, Outcome::Moved { found } if *found != seen),
            "{moved:?}"
        );
        let now = world.shown(shown["id"].as_str().unwrap()).await;
        assert_eq!(now["status"]["state"], "active");
        // What it matches cannot be changed in place: another silence replaces it.
        let (seen, mut shown) = world.silence(10).await;
        shown["matchers"][0]["value"] = json!("c");
        let other = world.post(&shown).await;
        assert_ne!(other["silenceID"], shown["id"]);
        assert_eq!(world.writer.end(&seen).await, Outcome::Gone);
        let now = world.shown(other["silenceID"].as_str().unwrap()).await;
        assert_eq!(now["status"]["state"], "active");
    }

    #[tokio::test]
    async fn what_cannot_be_compared_is_not_tried() {
        let liar = Liar::start(Lie::Hang).await.unwrap();
        let writer = writer(&liar.url());
        let id = "60b392ac-e663-44ec-b2be-65cc0b0777d3".to_owned();
        let seen = Revision::Silence(SilenceRevision {
            id: id.clone(),
            updated_at: Some(Time::default()),
        });
        let other = r#"{"id":"x","status":{"state":"active"},"updatedAt":"2026-11-25T10:35:55Z"}"#;
        for lie in [
            Lie::Hang,
            Lie::CutShort,
            Lie::Garbage,
            Lie::NotJson,
            Lie::Json("{}".to_owned()),
            Lie::Json(other.to_owned()),
            Lie::Huge { bytes: 1 << 30 },
            Lie::Status(500),
            Lie::Status(403),
        ] {
            liar.tell(lie.clone());
            let outcome = writer.end(&seen).await;
            assert!(
                matches!(outcome, Outcome::NotTried { .. }),
                "{lie:?}: {outcome:?}"
            );
        }
        for unknown in [
            Revision::Unconditional,
            Revision::Silence(SilenceRevision {
                id,
                updated_at: None,
            }),
            Revision::Silence(SilenceRevision {
                id: "../silences".to_owned(),
                updated_at: Some(Time::default()),
            }),
        ] {
            let outcome = writer.end(&unknown).await;
            assert!(matches!(outcome, Outcome::NotTried { .. }), "{outcome:?}");
        }
    }
}
