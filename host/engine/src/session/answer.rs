//! Questions and their answers: asked at once, waited for later, kept for the record.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use interlock_capabilities::{Answer, AnswerLimit, Ask, Gap, Read, Recorded};
use interlock_gate::{ids::CallId, time::Time};
use serde::Serialize;
use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};
use wasmtime::component::Resource;

use super::{Answers, Session, not_json};
use crate::{
    fault::Stop,
    limits::{LimitName, Reached},
    size::json_bytes,
    spans,
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

/// An answer as the guest and the record share it: a copy would cost more than the call.
type Shared<A> = Result<Arc<A>, Gap>;

enum State<A> {
    /// It came at once.
    Came(Arrived<A>),
    /// It is being waited for.
    Running(Task<Arrived<A>>),
    /// It stands at this place of the record.
    OnTape(usize),
    /// The step has it.
    Heard(Shared<A>),
}

/// An answer that the host holds, whether or not the step ever asks for it.
struct Arrived<A> {
    answer: Result<A, Gap>,
    at: Time,
    /// It was one too many for what the host keeps, and has been dropped.
    over: Option<Reached>,
}

/// Bytes that the host keeps over calls, over all that it was ever given.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    bytes: Arc<AtomicU64>,
    max: u64,
}

impl Kept {
    pub(super) fn new(max: u64) -> Kept {
        Kept {
            bytes: Arc::default(),
            max,
        }
    }

    pub(super) fn keep(&self, bytes: u64) -> Result<(), Reached> {
        // Every addend is bounded by a limit of at most some hundred megabytes: it cannot wrap.
        let reached = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        Reached::check(LimitName::Cassette, self.max, reached)
    }

    /// Counts an answer as it comes. Over the limit of one answer it is none.
    fn arrived<A: Serialize>(
        &self,
        answer: Result<A, Gap>,
        bytes_max: u64,
        at: Time,
    ) -> Arrived<A> {
        let counted = answer.and_then(|value| match json_bytes(&value) {
            Ok(bytes) if bytes > bytes_max => Err(Gap::TooLarge(format!(
                "the answer is {bytes} bytes, the limit `answer` is {bytes_max} bytes"
            ))),
            Ok(bytes) => Ok((value, bytes)),
            Err(error) => Err(Gap::Unreachable(format!(
                "the answer cannot be recorded: {error}"
            ))),
        });
        let bytes = match &counted {
            Ok((_, bytes)) => *bytes,
            Err(gap) => gap.why().len() as u64,
        };
        match self.keep(bytes) {
            Ok(()) => Arrived {
                answer: counted.map(|(value, _)| value),
                at,
                over: None,
            },
            Err(reached) => {
                let answer = Err(Gap::TooLarge("the record of this run is full".to_owned()));
                Arrived {
                    answer,
                    at,
                    over: Some(reached),
                }
            }
        }
    }
}

/// A call of the run: recorded from its asking on, as not waited for until it is.
pub(super) struct Call {
    recorded: Recorded,
    /// The answer, where the guest has it or had it.
    heard: Option<Box<dyn FnOnce() -> Answer + Send>>,
}

impl Call {
    /// The call with its answer.
    pub(super) fn settle(&mut self) -> &Recorded {
        if let Some(heard) = self.heard.take() {
            self.recorded.answer = Ok(heard());
        }
        &self.recorded
    }

    pub(super) fn into_recorded(mut self) -> Recorded {
        self.settle();
        self.recorded
    }
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
        let bytes = json_bytes(&asked).map_err(not_json)?;
        self.kept.keep(bytes).map_err(Stop::Limit)?;
        let at = self.calls.len();
        let id = CallId(self.first_call.0.saturating_add(at as u64));
        let (state, asked_at) = self.start::<R>(ask, &asked, at, id)?;
        let gap = Gap::NotRecorded(NOT_WAITED_FOR.to_owned());
        let recorded = Recorded {
            id,
            ask: asked,
            answer: Err(gap),
            asked_at,
            answered_at: asked_at,
        };
        self.calls.push(Call {
            recorded,
            heard: None,
        });
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
            Answers::Live {
                readers,
                grants,
                progress,
            } => {
                progress.one_asked();
                let now = self.clock.stamp();
                let (kept, bytes_max) = (self.kept.clone(), self.limits.answer_bytes_max);
                let span = spans::call(id, R::CALL);
                if let Err(gap) = grants.permits(asked) {
                    let answer = Err(gap);
                    spans::answered(&span, asked.target(), &answer);
                    progress.one_answered();
                    return Ok((State::Came(kept.arrived(answer, bytes_max, now)), now));
                }
                // Nothing in here waits: the guest's stack never changes threads inside the span.
                let entered = span.enter();
                let mut work = R::start(readers, ask, AnswerLimit { bytes_max });
                // Once here, so that a source that answers from memory costs no task.
                let first = work.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                drop(entered);
                let state = match first {
                    Poll::Ready(answer) => {
                        spans::answered(&span, asked.target(), &answer);
                        progress.one_answered();
                        State::Came(kept.arrived(answer, bytes_max, self.clock.stamp()))
                    }
                    Poll::Pending => {
                        let clock = self.clock.clone();
                        let target = asked.target().to_owned();
                        let progress = progress.clone();
                        let answered = async move {
                            let answer = work.await;
                            spans::answered(&Span::current(), &target, &answer);
                            progress.one_answered();
                            kept.arrived(answer, bytes_max, clock.stamp())
                        };
                        State::Running(Task(tokio::spawn(answered.instrument(span))))
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
                        let arrived = Arrived {
                            answer: Err(gap),
                            at: now,
                            over: None,
                        };
                        Ok((State::Came(arrived), now))
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
    ) -> wasmtime::Result<Shared<R::Answer>> {
        self.host_call()?;
        let pending = self.table.get_mut(&it)?;
        let at = pending.at;
        // What stands there while it is waited for is seen by nobody: the guest is in this call.
        let meanwhile = State::Heard(Err(Gap::NotRecorded(String::new())));
        let arrived = match std::mem::replace(&mut pending.state, meanwhile) {
            State::Heard(answer) => {
                pending.state = State::Heard(answer.clone());
                return Ok(answer);
            }
            State::OnTape(place) => self.on_tape::<R>(place)?,
            State::Came(arrived) => arrived,
            State::Running(task) => task.await.unwrap_or_else(|_panic| Arrived {
                answer: Err(Gap::Unreachable("the connector failed".to_owned())),
                at: self.clock.stamp(),
                over: None,
            }),
        };
        if let Some(reached) = arrived.over {
            return Err(Stop::Limit(reached).into());
        }
        let answer = arrived.answer.map(Arc::new);
        let call = &mut self.calls[at];
        call.recorded.answered_at = arrived.at;
        match &answer {
            Ok(answer) => {
                let answer = Arc::clone(answer);
                call.heard = Some(Box::new(move || R::answer(Arc::unwrap_or_clone(answer))));
            }
            Err(gap) => call.recorded.answer = Err(gap.clone()),
        }
        self.table.get_mut(&it)?.state = State::Heard(answer.clone());
        Ok(answer)
    }

    fn on_tape<R: Read>(&self, place: usize) -> Result<Arrived<R::Answer>, Stop> {
        let call = match &self.answers {
            Answers::Tape(cassette) | Answers::Against { cassette, .. } => {
                cassette.calls.get(place)
            }
            Answers::Live { .. } => None,
        };
        let call =
            call.ok_or_else(|| Stop::Host("the record ended while it was read".to_owned()))?;
        let answer = match &call.answer {
            Ok(answer) => R::recorded(answer)
                .cloned()
                .ok_or_else(|| Gap::NotRecorded("the record holds another answer".to_owned())),
            Err(gap) => Err(gap.clone()),
        };
        Ok(Arrived {
            answer,
            at: call.answered_at,
            over: None,
        })
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

/// The same question but for the moment of asking, which a changed step cannot keep.
fn same_question(theirs: &Ask, ours: &Ask) -> bool {
    match (theirs, ours) {
        (Ask::MetricsInstant(theirs), Ask::MetricsInstant(ours)) => theirs.query == ours.query,
        (theirs, ours) => theirs == ours,
    }
}
