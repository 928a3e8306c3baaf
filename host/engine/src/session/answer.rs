//! Questions and their answers: asked at once, waited for later, kept for the record.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use interlock_capabilities::{AnswerLimit, Ask, Gap, Read, Recorded};
use interlock_gate::{ids::CallId, time::Time};
use tokio::task::JoinHandle;
use wasmtime::component::Resource;

use super::{Answers, Session, not_json};
use crate::{
    fault::Stop,
    limits::{LimitName, Reached, json_bytes},
    tape::Difference,
};

/// What the record says of a call whose answer the step never asked for.
const NOT_WAITED_FOR: &str = "the step did not wait for this answer";

/// One answer on its way, of one kind of read. `pub` for the generated code that names it.
#[expect(unreachable_pub, reason = "generated code re-exports it")]
pub struct Pending<R: Read> {
    /// Its place among the run's calls.
    at: usize,
    state: State<R::Answer>,
}

enum State<A> {
    /// It came at once.
    Came(Result<A, Gap>, Time),
    /// It is being waited for.
    Running(Task<(Result<A, Gap>, Time)>),
    /// It stands at this place of the record.
    OnTape(usize),
    /// The step has it, and so has the run's record.
    Kept,
}

/// Dropping a tokio handle lets its task go on; this one ends it.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, tokio::task::JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl Session {
    /// Asks; the answer is waited for by [`Session::get`].
    pub(crate) fn ask<R: Read>(&mut self, ask: R::Ask) -> wasmtime::Result<Resource<Pending<R>>> {
        self.host_call()?;
        if !self.writes.is_empty() {
            return Err(Stop::ReadAfterWrite(R::CALL.name()).into());
        }
        let pending = self.pending + 1;
        Reached::check(LimitName::Pending, self.limits.pending_max, pending)
            .map_err(Stop::Limit)?;
        let asked = R::ask(ask.clone());
        self.keep(json_bytes(&asked).map_err(not_json)?)?;
        let at = self.calls.len();
        let id = CallId(self.first_call.0.saturating_add(at as u64));
        let (state, asked_at) = self.start::<R>(ask, &asked, at, id)?;
        let gap = Gap::NotRecorded(NOT_WAITED_FOR.to_owned());
        let call = Recorded {
            id,
            ask: asked,
            answer: Err(gap),
            asked_at,
            answered_at: asked_at,
        };
        self.calls.push(call);
        let resource = self.table.push(Pending::<R> { at, state })?;
        self.pending = pending;
        Ok(resource)
    }

    fn start<R: Read>(
        &mut self,
        ask: R::Ask,
        asked: &Ask,
        at: usize,
        id: CallId,
    ) -> Result<(State<R::Answer>, Time), Stop> {
        match &mut self.answers {
            Answers::Live { readers, grants } => {
                let now = self.clock.stamp();
                if let Err(gap) = grants.permits(asked) {
                    return Ok((State::Came(Err(gap), now), now));
                }
                let limit = AnswerLimit {
                    bytes_max: self.limits.answer_bytes_max,
                };
                let mut work = R::start(readers, ask, limit);
                // Once here, so that a source that answers from memory costs no task.
                let state = match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(answer) => State::Came(answer, self.clock.stamp()),
                    Poll::Pending => {
                        let clock = self.clock.clone();
                        State::Running(Task(tokio::spawn(
                            async move { (work.await, clock.stamp()) },
                        )))
                    }
                };
                Ok((state, now))
            }
            Answers::Tape(cassette) => match cassette.calls.get(at) {
                Some(call) if call.ask == *asked && call.id == id => {
                    Ok((State::OnTape(at), call.asked_at))
                }
                expected => Err(Stop::Differs(Difference::asked(expected, asked, id))),
            },
            Answers::Against { cassette, used } => {
                let free = cassette.calls.iter().zip(used.iter_mut()).enumerate();
                let found = free
                    .into_iter()
                    .find(|(_, (call, used))| !**used && same_question(&call.ask, asked));
                match found {
                    Some((at, (call, used))) => {
                        *used = true;
                        Ok((State::OnTape(at), call.asked_at))
                    }
                    None => {
                        let gap =
                            Gap::NotRecorded(format!("the record holds no such `{}`", R::CALL));
                        let now = self.clock.stamp();
                        Ok((State::Came(Err(gap), now), now))
                    }
                }
            }
        }
    }

    /// The id to cite.
    pub(crate) fn id<R: Read>(&mut self, it: &Resource<Pending<R>>) -> wasmtime::Result<u64> {
        self.host_call()?;
        let at = self.table.get(it)?.at;
        Ok(self.first_call.0.saturating_add(at as u64))
    }

    /// Waits for the answer; the same again for whoever asks again.
    pub(crate) async fn get<R: Read>(
        &mut self,
        it: Resource<Pending<R>>,
    ) -> wasmtime::Result<Result<R::Answer, Gap>> {
        self.host_call()?;
        let pending = self.table.get_mut(&it)?;
        let at = pending.at;
        let (answer, answered_at) = match std::mem::replace(&mut pending.state, State::Kept) {
            State::Kept => return Ok(kept::<R>(&self.calls[at])),
            State::OnTape(place) => {
                let call = match &self.answers {
                    Answers::Tape(cassette) | Answers::Against { cassette, .. } => {
                        cassette.calls.get(place)
                    }
                    Answers::Live { .. } => None,
                };
                let call = call
                    .ok_or_else(|| Stop::Host("the record ended while it was read".to_owned()))?;
                (kept::<R>(call), call.answered_at)
            }
            State::Came(answer, at) => (answer, at),
            State::Running(task) => task.await.unwrap_or_else(|_panic| {
                (
                    Err(Gap::Unreachable("the connector failed".to_owned())),
                    self.clock.stamp(),
                )
            }),
        };
        let answer = self.within_limit(answer)?;
        let call = &mut self.calls[at];
        call.answered_at = answered_at;
        call.answer = answer.clone().map(R::answer);
        Ok(answer)
    }

    /// An answer over the limit of one answer is none; all of them count for the record.
    fn within_limit<A: serde::Serialize>(
        &mut self,
        answer: Result<A, Gap>,
    ) -> Result<Result<A, Gap>, Stop> {
        let (answer, bytes) = match answer {
            Ok(value) => {
                let max = self.limits.answer_bytes_max;
                match json_bytes(&value).map_err(not_json)? {
                    bytes if bytes > max => {
                        let why = format!(
                            "the answer is {bytes} bytes, the limit `answer` is {max} bytes"
                        );
                        (Err(Gap::TooLarge(why)), 0)
                    }
                    bytes => (Ok(value), bytes),
                }
            }
            Err(gap) => {
                let bytes = gap.why().len() as u64;
                (Err(gap), bytes)
            }
        };
        self.keep(bytes)?;
        Ok(answer)
    }

    /// The guest has no more use for it: what still runs for it ends.
    pub(crate) fn forget<R: Read>(&mut self, it: Resource<Pending<R>>) -> wasmtime::Result<()> {
        self.table.delete(it)?;
        self.pending -= 1;
        Ok(())
    }
}

/// Whether the step waited for this call's answer.
pub(super) fn was_heard(call: &Recorded) -> bool {
    !matches!(&call.answer, Err(Gap::NotRecorded(why)) if why == NOT_WAITED_FOR)
}

/// The answer that a record holds, as its own type.
fn kept<R: Read>(call: &Recorded) -> Result<R::Answer, Gap> {
    match &call.answer {
        Ok(answer) => R::recorded(answer)
            .cloned()
            .ok_or_else(|| Gap::NotRecorded("the record holds another answer".to_owned())),
        Err(gap) => Err(gap.clone()),
    }
}

/// The same question but for the moment of asking, which a changed step cannot keep.
fn same_question(theirs: &Ask, ours: &Ask) -> bool {
    match (theirs, ours) {
        (Ask::MetricsInstant(theirs), Ask::MetricsInstant(ours)) => theirs.query == ours.query,
        (theirs, ours) => theirs == ours,
    }
}
