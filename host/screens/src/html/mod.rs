//! Pages that need nothing else: no script, no font, no address.

pub mod stats;
