//! What is no conclusion is a fault of a kind of its own.

use interlock_engine::{Ended, Fault, Limits, LoadError};

use crate::world::{self, hostile, run};

#[tokio::test]
async fn a_trap_is_a_trap() {
    for name in ["trap", "deep"] {
        let end = run(name, &Limits::default()).await.end;
        assert!(matches!(end, Err(Fault::Trap { .. })), "{name}: {end:?}");
    }
}

#[tokio::test]
async fn malformed_values_are_bad_output() {
    for name in [
        "logs_bytes",
        "logs_outside",
        "logs_no_level",
        "returns_outside",
    ] {
        let end = run(name, &Limits::default()).await.end;
        assert!(
            matches!(end, Err(Fault::BadOutput { .. })),
            "{name}: {end:?}"
        );
    }
}

#[tokio::test]
async fn a_step_may_end_in_its_own_error() {
    let end = run("fails", &Limits::default()).await.end;
    assert_eq!(end, Ok(Ended::Failed("orders-db".into())));
}

#[test]
fn bytes_that_are_no_component_are_refused_before_anything_is_compiled() {
    for (bytes, why) in [
        (&b""[..], "begin"),
        (b"(component)", "begin"),
        (b"\0asm\x01\0\0\0", "core module"),
        (b"\0asm\x0e\0\x01\0", "another version"),
    ] {
        let error = world::ENGINE.load(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let mut cut = hostile("reads_once");
    cut.truncate(cut.len() / 2);
    assert!(matches!(
        world::ENGINE.load(&cut),
        Err(LoadError::Invalid { .. })
    ));
}
