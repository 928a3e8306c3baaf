//! An incident in numbers. No text: nothing here can be recognised by its name.

/// One of the four golden signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Seconds; more is worse.
    Latency,
    /// Requests in a sample's period.
    Traffic,
    /// The share of requests that failed, from 0 to 1; more is worse.
    Errors,
    /// A resource in use; more is worse.
    Saturation,
}

/// How the samples of a track were made from what they stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stat {
    /// The mean of the period; times the requests it is a sum.
    Average,
    /// The sum over the period.
    Sum,
    /// A quantile, in percent.
    Quantile(u8),
}

/// One series of one component, now and usually. Both lie on grids of the same step; a sample that
/// is not there is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What it measures.
    pub signal: Signal,
    /// How.
    pub stat: Stat,
    /// Which of the facts it was made from; only carried along.
    pub source: usize,
    /// The incident's window.
    pub now: Vec<f64>,
    /// A period without an incident; empty where none is known, all NaN where it was not there.
    pub usual: Vec<f64>,
}

/// What speaks for a component beside its tracks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MarkKind {
    /// Its log says what it usually does not, or no longer says what it usually does.
    Log,
    /// It was changed shortly before.
    Change,
    /// An alert about it.
    Alert,
}

/// A mark on a component.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mark {
    /// Its kind.
    pub kind: MarkKind,
    /// Which of the facts it was made from; only carried along.
    pub source: usize,
    /// From 0 (usual) to 1 (never seen in the usual period).
    pub surprise: f64,
}

/// Which of the facts something was made from; only carried along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Its place in the answer about the window.
    Now(usize),
    /// Its place in the answer about the usual period: the window does not know it.
    Usual(usize),
}

/// Given that a component was asked for something, how often something followed: a line in its log, a
/// call. Counted in traces, now and usually.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habit {
    /// Which of the facts it was made from; only carried along.
    pub source: Source,
    /// Traces in which it was asked: now, usually.
    pub asked: [f64; 2],
    /// Those of them in which it followed: now, usually.
    pub seen: [f64; 2],
}

/// What was taken just before the incident, in its window, and in a period without one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Course {
    /// Shortly before the incident's window.
    pub before: Vec<f64>,
    /// The incident's window.
    pub now: Vec<f64>,
    /// A period without an incident.
    pub usual: Vec<f64>,
}

/// The share of a limit that is in use, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Which of the facts it was made from; only carried along.
    pub source: usize,
    /// Whether it is requests that use it, as they do a processor; memory is held.
    pub by_requests: bool,
    /// Shortly before the incident's window.
    pub before: Vec<f64>,
    /// The incident's window.
    pub now: Vec<f64>,
    /// A period without an incident.
    pub usual: Vec<f64>,
}

/// The seconds that calls between two components last beyond what the callee takes for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// Which of the facts it was made from; only carried along.
    pub source: usize,
    /// The caller: its place in [`Scene::components`].
    pub from: usize,
    /// The callee.
    pub to: usize,
    /// The incident's window.
    pub now: Vec<f64>,
    /// A period without an incident.
    pub usual: Vec<f64>,
}

/// One component of the topology.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Component {
    /// Whom it calls: places in [`Scene::components`].
    pub calls: Vec<usize>,
    /// What it measures of itself.
    pub tracks: Vec<Track>,
    /// What else speaks for it.
    pub marks: Vec<Mark>,
    /// What follows when it is asked.
    pub habits: Vec<Habit>,
    /// How far its resources are used up.
    pub limits: Vec<Limit>,
    /// The seconds that the slower of its answers take, by its own clock.
    pub answers: Option<Course>,
}

/// Where the incident shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symptom {
    /// The place of the component that the alert is about.
    pub component: usize,
    /// The signal that the alert is about, where it says so.
    pub signal: Option<Signal>,
}

/// All that the ranking sees.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scene {
    /// The components, in the order of the topology.
    pub components: Vec<Component>,
    /// What lies between them.
    pub links: Vec<Link>,
    /// Where the incident shows, where an alert says so.
    pub symptom: Option<Symptom>,
}
