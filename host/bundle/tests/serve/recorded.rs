//! What was recorded is answered to the same question.

use interlock_bundle::Observed;
use interlock_capabilities::call::{self, Answer, Ask};
use interlock_capabilities::read::metrics::{Instant, InstantAsk, Matrix, RangeAsk, Sample};
use interlock_capabilities::read::{Label, Window};
use interlock_capabilities::{Gap, Recorded};
use interlock_gate::ids::CallId;

use crate::{NOW, S, T0, ask, bundle, instant, range, series, time, told};

fn recorded(ask: Ask, answer: Result<Answer, Gap>) -> Recorded {
    Recorded {
        id: CallId(1),
        ask,
        answer,
        asked_at: time(NOW),
        answered_at: time(NOW),
    }
}

#[test]
fn a_recorded_answer_is_given_to_the_same_question_a_moment_later() {
    let query = "time() - timestamp(pg_up)".to_owned();
    let one = Instant {
        samples: vec![Sample {
            labels: vec![Label {
                name: "job".to_owned(),
                value: "pg".to_owned(),
            }],
            at: NOW,
            value: 3.0,
        }],
    };
    let unreachable = Gap::Unreachable("database: full".to_owned());
    let server = |name: &str| interlock_capabilities::read::database::DatabaseAsk {
        server: name.to_owned(),
    };
    let readers = bundle(Observed {
        calls: vec![
            recorded(
                Ask::MetricsInstant(InstantAsk {
                    query: query.clone(),
                    at: NOW,
                }),
                Ok(Answer::MetricsInstant(one.clone())),
            ),
            recorded(
                Ask::DatabaseLocks(server("orders-db")),
                Err(unreachable.clone()),
            ),
        ],
        ..Observed::default()
    })
    .readers();
    assert_eq!(instant(&readers, &query, NOW - 40 * S), Ok(one));
    let later = instant(&readers, &query, NOW + 61 * S);
    assert!(matches!(later, Err(Gap::NotRecorded(_))), "{later:?}");
    let locks = |name| ask::<call::DatabaseLocks>(&readers, server(name));
    assert_eq!(locks("orders-db"), Err(unreachable));
    assert!(matches!(locks("other-db"), Err(Gap::NotRecorded(_))));
    // Nothing of logs was recorded: as where none is configured.
    assert!(readers.logs.is_none() && readers.alerts.is_none());
}

#[test]
fn a_recorded_expression_answers_moments_within_its_window() {
    let query = "sum(rate(hits[5m])) / sum(rate(all[5m]))".to_owned();
    let window = Window {
        begin: T0,
        end: NOW,
    };
    let matrix = Matrix {
        step_ms: 60_000,
        series: vec![series("{}", 60, &[0.1, 0.2, 0.3])],
    };
    let readers = bundle(Observed {
        metrics: Some(Vec::new()),
        calls: vec![recorded(
            Ask::MetricsRange(RangeAsk {
                query: query.clone(),
                window,
                step_ms: 60_000,
            }),
            Ok(Answer::MetricsRange(matrix)),
        )],
        ..Observed::default()
    })
    .readers();
    assert_eq!(told(instant(&readers, &query, T0 + 90 * S)), ["{} 0.2"]);
    let part = range(&readers, &query, T0 + 60 * S, T0 + 170 * S).unwrap();
    assert_eq!(part.series[0].points.len(), 2);
    let outside = instant(&readers, &query, NOW + 3600 * S);
    assert!(matches!(outside, Err(Gap::Refused(_))), "{outside:?}");
}
