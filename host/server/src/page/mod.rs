//! What approvers read in a browser: plans that wait, incidents, runs.
//!
//! Not a way to approve: no form, no script, no request that changes anything. Who is asking was
//! decided before: each request carries its [`Admitted`].
//! Start at [`router`], then [`view`]: what each page says, made from the records by pure functions;
//! [`paint`] turns that into HTML.
//! Invariant: text of others reaches a page only as [`quoted::Foreign`], and a plan's page holds the
//! signed text word for word.

#[cfg(test)]
mod door_tests;
mod gather;
mod moment;
mod paint;
mod plot;
mod quoted;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    admit::Admitted,
    desk::{Code, Desk, Refusal},
};
use paint::{Page, Painter};

/// What a browser may do with a page: draw it, with the one stylesheet. No script, no form, no
/// frame, nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("templates/style.css");
/// After so many seconds the front page is asked for again.
const FRONT_AGAIN_S: u32 = 60;
/// And the page of a run, or of a change, that goes on.
const GOING_AGAIN_S: u32 = 5;

/// The page's routes; every other method than GET and HEAD is refused.
pub fn router(desk: Arc<Desk>) -> Router {
    let painted = match Painter::new() {
        Ok(painter) => Some(Arc::new(painter)),
        Err(error) => {
            // The templates are compiled in, and a test reads every one of them.
            tracing::error!(%error, "the page's templates cannot be read");
            None
        }
    };
    let room = Room {
        desk,
        painter: painted,
    };
    Router::new()
        .route("/", get(front))
        .route("/page/incidents/{id}", get(incident))
        .route("/page/runs/{run}", get(run))
        .route("/page/plans/{plan}", get(plan))
        .route("/page/style.css", get(style))
        .with_state(room)
}

#[derive(Clone)]
struct Room {
    desk: Arc<Desk>,
    painter: Option<Arc<Painter>>,
}

async fn front(State(room): State<Room>, Extension(who): Extension<Admitted>) -> Response {
    let view = gather::front(&room.desk, &who).await;
    let waiting = view.as_ref().map_or(0, |view| view.waiting.len());
    let title = match waiting {
        0 => "nothing waits".to_owned(),
        1 => "1 plan waits".to_owned(),
        several => format!("{several} plans wait"),
    };
    room.answer("front.html", &title, Some(FRONT_AGAIN_S), view)
}

async fn incident(
    State(room): State<Room>,
    Extension(who): Extension<Admitted>,
    Path(id): Path<String>,
) -> Response {
    let view = gather::incident(&room.desk, &who, &id).await;
    room.answer("incident.html", &format!("incident {id}"), None, view)
}

async fn run(
    State(room): State<Room>,
    Extension(who): Extension<Admitted>,
    Path(run): Path<String>,
) -> Response {
    let view = gather::run(&room.desk, &who, &run).await;
    let again = view
        .as_ref()
        .is_ok_and(|view| view.going)
        .then_some(GOING_AGAIN_S);
    room.answer("run.html", &format!("run {run}"), again, view)
}

async fn plan(
    State(room): State<Room>,
    Extension(who): Extension<Admitted>,
    Path(plan): Path<String>,
) -> Response {
    let short: String = plan
        .trim_start_matches("sha256:")
        .chars()
        .take(12)
        .collect();
    let view = gather::plan(&room.desk, &who, &plan).await;
    let going = view.as_ref().is_ok_and(|view| view.going);
    let again = going.then_some(GOING_AGAIN_S);
    room.answer("plan.html", &format!("plan {short}"), again, view)
}

async fn style() -> Response {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    guarded(([(header::CONTENT_TYPE, kind)], STYLE).into_response())
}

/// Why something is not shown.
#[derive(Serialize)]
struct Refused {
    code: &'static str,
    reason: quoted::Words,
    next: Option<quoted::Words>,
}

impl Room {
    fn answer<T: Serialize>(
        &self,
        template: &str,
        title: &str,
        again_s: Option<u32>,
        view: Result<T, Refusal>,
    ) -> Response {
        match view {
            Ok(view) => self.painted(StatusCode::OK, template, title, again_s, view),
            Err(refusal) => {
                let refused = Refused {
                    code: refusal.code.word(),
                    reason: quoted::Words::new(&refusal.reason),
                    next: refusal.next.as_deref().map(quoted::Words::new),
                };
                let status = status_of(refusal.code);
                let mut response = self.painted(status, "refusal.html", "not shown", None, refused);
                if let Some(seconds) = refusal.retry_after_s {
                    response
                        .headers_mut()
                        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                }
                response
            }
        }
    }

    fn painted<T: Serialize>(
        &self,
        status: StatusCode,
        template: &str,
        title: &str,
        again_s: Option<u32>,
        it: T,
    ) -> Response {
        let runner = self.desk.runner();
        let page = Page {
            title: interlock_gate::escape::foreign_short(title, 80),
            host: &runner.host().origin,
            now: runner.now().clock(),
            again_s,
            it,
        };
        let drawn = self
            .painter
            .as_ref()
            .map(|painter| painter.paint(template, &page));
        match drawn {
            Some(Ok(html)) => {
                let kind = HeaderValue::from_static("text/html; charset=utf-8");
                guarded((status, [(header::CONTENT_TYPE, kind)], html).into_response())
            }
            failed => {
                if let Some(Err(error)) = failed {
                    tracing::error!(%error, template, "a page cannot be drawn");
                }
                let text = "this page cannot be drawn; `interlock` on a terminal says the same\n";
                guarded((StatusCode::INTERNAL_SERVER_ERROR, text).into_response())
            }
        }
    }
}

fn status_of(code: Code) -> StatusCode {
    match code {
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::BadInput => StatusCode::BAD_REQUEST,
        Code::Denied | Code::NotAllowed | Code::ReadOnly => StatusCode::FORBIDDEN,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Busy => StatusCode::CONFLICT,
        Code::Store => StatusCode::INTERNAL_SERVER_ERROR,
        Code::Stopping => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// With the headers that keep a page where it was asked for.
fn guarded(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}
