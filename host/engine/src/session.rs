//! One run as its component sees it: call ids, answers on their way, proposed writes. Everything
//! that the guest is told is kept, so that a replay can tell it again.

mod answer;

use interlock_capabilities::{
    Aimed, Readers, Recorded, WriteArgs, aim,
    write::{Planned, Refusal, Seen},
};
use interlock_gate::{ids::CallId, plan::ACTIONS_MAX, time::Time};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

pub(crate) use answer::Pending;
use answer::{Call, Kept};

use crate::{
    Limits,
    clock::Clock,
    fault::Stop,
    grants::Grants,
    limits::{Growth, LimitName, Reached},
    progress::Progress,
    size::{NotJson, json_bytes},
    tape::{Cassette, Difference, Note, NoteLevel, RecordedWrite, Seed},
    wasi::{self, Written},
};

/// Who answers.
pub(crate) enum Answers {
    /// The world, as far as the policy lets it.
    Live {
        readers: Readers,
        grants: Grants,
        progress: Progress,
    },
    /// The record, call by call; another question is a difference.
    Tape(Cassette),
    /// The record of another step: each of its calls answers once, whatever the order.
    Against { cassette: Cassette, used: Vec<bool> },
}

/// The data of a run's store.
pub(crate) struct Session {
    pub(crate) growth: Growth,
    limits: Limits,
    clock: Clock,
    seed: Seed,
    answers: Answers,
    first_call: CallId,
    calls: Vec<Call>,
    writes: Vec<RecordedWrite>,
    aimed: Vec<Aimed>,
    notes: Vec<Note>,
    host_calls: u64,
    pending: u64,
    kept: Kept,
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
            kept: Kept::new(limits.cassette_bytes_max),
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
        self.kept.keep(bytes).map_err(Stop::Limit)
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
        let arguments =
            serde_json::to_value(&args).map_err(|error| Stop::Host(error.to_string()))?;
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

    fn aim(&mut self, cites: Seen, args: WriteArgs) -> Result<Aimed, Refusal> {
        if self.aimed.len() >= ACTIONS_MAX {
            return Err(Refusal::TooMany(format!(
                "a plan holds at most {ACTIONS_MAX} actions"
            )));
        }
        let at = cites
            .call
            .checked_sub(self.first_call.0)
            .and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| self.calls.get_mut(at)) {
            Some(call) => Ok(aim(call.settle(), cites.item, args)?),
            None => Err(Refusal::NoSuchItem(format!(
                "this run made no call c{}",
                cites.call
            ))),
        }
    }

    /// Ends the session.
    pub(crate) fn end(mut self) -> Remains {
        // First, so that the record takes the answers over rather than copy them.
        drop(std::mem::replace(&mut self.table, ResourceTable::new()));
        let calls: Vec<Recorded> = std::mem::take(&mut self.calls)
            .into_iter()
            .map(Call::into_recorded)
            .collect();
        if let Some(wasi) = self.wasi.take() {
            self.notes.extend(wasi.written.take());
        }
        let (clock, mut short) = match self.clock.end() {
            Ok(clock) => (clock, None),
            Err((clock, difference)) => (clock, Some(difference)),
        };
        if let Answers::Tape(cassette) = &self.answers {
            short = self.short_of(&calls, cassette).or(short);
        }
        let Session {
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
    fn short_of(&self, calls: &[Recorded], cassette: &Cassette) -> Option<Difference> {
        // On its tape a question is answered by the record: it can only have been left unheard.
        let unlike = calls
            .iter()
            .zip(&cassette.calls)
            .find(|(found, expected)| answer::was_heard(found) != answer::was_heard(expected));
        if let Some((found, expected)) = unlike {
            return Some(Difference::answer(expected, found));
        }
        if let Some(expected) = cassette.calls.get(calls.len()) {
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

fn not_json(error: NotJson) -> Stop {
    Stop::Host(format!("a value cannot be recorded: {error}"))
}
