//! One run as its component sees it: call ids, answers on their way, proposed writes. Everything
//! that the guest is told is kept, so that a replay can tell it again.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use interlock_capabilities::{
    Aimed, AnswerLimit, Ask, Gap, Read, Readers, Recorded, WriteArgs, aim,
    write::{Planned, Refusal, Seen},
};
use interlock_gate::{ids::CallId, plan::ACTIONS_MAX, time::Time};
use tokio::task::JoinHandle;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::{
    Limits,
    clock::Clock,
    fault::Stop,
    grants::Grants,
    limits::{Growth, LimitName, Reached, json_bytes},
    tape::{Cassette, Difference, Note, NoteLevel, RecordedWrite, Seed},
    wasi::{self, Written},
};

/// Who answers.
pub(crate) enum Answers {
    /// The world, as far as the policy lets it.
    Live { readers: Readers, grants: Grants },
    /// The record, call by call; another question is a difference.
    Tape(Cassette),
    /// The record of another step: each of its calls answers once, whatever the order.
    Against { cassette: Cassette, used: Vec<bool> },
}

/// The data of a run's store.
pub struct Session {
    pub(crate) growth: Growth,
    limits: Limits,
    clock: Clock,
    seed: Seed,
    answers: Answers,
    first_call: CallId,
    /// A call stands here from its asking on, as not waited for until it is.
    calls: Vec<Recorded>,
    writes: Vec<RecordedWrite>,
    aimed: Vec<Aimed>,
    notes: Vec<Note>,
    host_calls: u64,
    pending: u64,
    kept_bytes: u64,
    table: ResourceTable,
    wasi: Option<Box<Wasi>>,
}

/// WASI's side of a run; made when a component first uses it.
struct Wasi {
    table: ResourceTable,
    world: WasiCtx,
    written: Written,
}

/// What a run leaves behind.
pub(crate) struct Remains {
    pub(crate) clock: Vec<Time>,
    pub(crate) calls: Vec<Recorded>,
    pub(crate) writes: Vec<RecordedWrite>,
    pub(crate) aimed: Vec<Aimed>,
    pub(crate) notes: Vec<Note>,
    /// Where the run stopped short of its record.
    pub(crate) short: Option<Difference>,
}

/// What the record says of a call whose answer the step never asked for.
const NOT_WAITED_FOR: &str = "the step did not wait for this answer";

/// One answer on its way, of one kind of read.
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
    pub(crate) fn new(
        limits: &Limits,
        clock: Clock,
        seed: Seed,
        answers: Answers,
        first_call: CallId,
    ) -> Session {
        Session {
            growth: Growth::new(limits),
            limits: limits.clone(),
            clock,
            seed,
            answers,
            first_call,
            calls: Vec::new(),
            writes: Vec::new(),
            aimed: Vec::new(),
            notes: Vec::new(),
            host_calls: 0,
            pending: 0,
            kept_bytes: 0,
            table: ResourceTable::new(),
            wasi: None,
        }
    }

    /// Counted where the guest calls, before anything is done for it.
    fn host_call(&mut self) -> Result<(), Stop> {
        self.clock.stop()?;
        self.host_calls += 1;
        Reached::check(
            LimitName::HostCalls,
            self.limits.host_calls_max,
            self.host_calls,
        )
        .map_err(Stop::Limit)
    }

    /// Counts what the host keeps over calls.
    fn keep(&mut self, bytes: u64) -> Result<(), Stop> {
        self.kept_bytes = self.kept_bytes.saturating_add(bytes);
        Reached::check(
            LimitName::Cassette,
            self.limits.cassette_bytes_max,
            self.kept_bytes,
        )
        .map_err(Stop::Limit)
    }

    /// Why the run must end, where a call that cannot fail could not say it.
    pub(crate) fn stop(&self) -> Result<(), Stop> {
        self.clock.stop()
    }

    /// The step's clock, in microseconds.
    pub(crate) fn now(&mut self) -> Result<u64, Stop> {
        self.host_call()?;
        Ok(self.clock.read().micros())
    }

    /// When a call is evaluated: a reading that the record keeps, since it is part of the question.
    pub(crate) fn evaluated_at(&self) -> u64 {
        self.clock.read().micros()
    }

    /// The step's own words.
    pub(crate) fn note(&mut self, level: NoteLevel, text: String) -> Result<(), Stop> {
        self.host_call()?;
        let bytes = text.len() as u64;
        Reached::check(LimitName::Output, self.limits.output_bytes_max, bytes)
            .map_err(Stop::Limit)?;
        self.keep(bytes)?;
        self.notes.push(Note { level, text });
        Ok(())
    }

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

    /// Records a write call. Nothing is changed, now or later, by this.
    pub(crate) fn write(
        &mut self,
        cites: Seen,
        args: WriteArgs,
    ) -> Result<Result<Planned, Refusal>, Stop> {
        self.host_call()?;
        let count = self.writes.len() as u64 + 1;
        Reached::check(LimitName::Writes, self.limits.writes_max, count).map_err(Stop::Limit)?;
        let capability = args.capability().name().to_owned();
        let arguments = serde_json::to_value(&args).map_err(not_json)?;
        self.keep(json_bytes(&arguments).map_err(not_json)?)?;
        let aimed = self.aim(cites, args);
        let answer = match &aimed {
            // At most `ACTIONS_MAX`, so it fits.
            Ok(_) => Ok(Planned {
                action: u32::try_from(self.aimed.len()).unwrap_or(u32::MAX),
            }),
            Err(refusal) => Err(refusal.clone()),
        };
        let write = RecordedWrite {
            capability,
            cites,
            arguments,
            planned: answer.as_ref().ok().copied(),
            refused: answer.as_ref().err().cloned(),
        };
        if let Answers::Tape(cassette) = &self.answers {
            let at = self.writes.len();
            let expected = cassette.writes.get(at);
            if expected != Some(&write) {
                return Err(Stop::Differs(Difference::write(at, expected, Some(&write))));
            }
        }
        self.writes.push(write);
        self.aimed.extend(aimed.ok());
        Ok(answer)
    }

    fn aim(&self, cites: Seen, args: WriteArgs) -> Result<Aimed, Refusal> {
        if self.aimed.len() >= ACTIONS_MAX {
            return Err(Refusal::TooMany(format!(
                "a plan holds at most {ACTIONS_MAX} actions"
            )));
        }
        let at = cites
            .call
            .checked_sub(self.first_call.0)
            .and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| self.calls.get(at)) {
            Some(call) => Ok(aim(call, cites.item, args)?),
            None => Err(Refusal::NoSuchItem(format!(
                "this run made no call c{}",
                cites.call
            ))),
        }
    }

    /// Ends the session.
    pub(crate) fn end(mut self) -> Remains {
        if let Some(wasi) = self.wasi.take() {
            self.notes.extend(wasi.written.take());
        }
        let (clock, mut short) = match self.clock.end() {
            Ok(clock) => (clock, None),
            Err((clock, difference)) => (clock, Some(difference)),
        };
        if let Answers::Tape(cassette) = &self.answers {
            short = self.short_of(cassette).or(short);
        }
        let Session {
            calls,
            writes,
            aimed,
            notes,
            ..
        } = self;
        Remains {
            clock,
            calls,
            writes,
            aimed,
            notes,
            short,
        }
    }

    /// The first thing that the record holds and this run has not done.
    fn short_of(&self, cassette: &Cassette) -> Option<Difference> {
        let unlike = self
            .calls
            .iter()
            .zip(&cassette.calls)
            .find(|(found, expected)| found != expected);
        if let Some((found, expected)) = unlike {
            return Some(Difference::answer(expected, found));
        }
        if let Some(expected) = cassette.calls.get(self.calls.len()) {
            return Some(Difference::not_asked(expected));
        }
        let at = self.writes.len();
        if let Some(expected) = cassette.writes.get(at) {
            return Some(Difference::write(at, Some(expected), None));
        }
        (self.notes != cassette.notes).then(|| Difference::notes(&cassette.notes, &self.notes))
    }
}

impl WasiView for Session {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (clock, seed, limits) = (&self.clock, &self.seed, &self.limits);
        let wasi = self.wasi.get_or_insert_with(|| {
            let written = Written::default();
            let world = wasi::empty(clock, seed, &written, limits.output_bytes_max);
            let mut table = ResourceTable::new();
            table.set_max_capacity(usize::try_from(limits.pending_max).unwrap_or(usize::MAX));
            Box::new(Wasi {
                table,
                world,
                written,
            })
        });
        WasiCtxView {
            ctx: &mut wasi.world,
            table: &mut wasi.table,
        }
    }
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

fn not_json(error: serde_json::Error) -> Stop {
    Stop::Host(format!("a value cannot be recorded: {error}"))
}
