//! What must not compile. Not a library: it exists for its tests.
//! Start at `tests/forgeries.rs`: each file of `forgeries/` is refused by the compiler, with the
//! message beside it, and its twin of the same name in `twins/`, one line apart, compiles.
#![forbid(unsafe_code)]
