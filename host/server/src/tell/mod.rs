//! Who is told when a plan waits or is decided.
