//! What is not granted is not linked, and the refusal names the rule.

use interlock_engine::{Grants, Kind, Missing, NotGranted, Tier, Why};
use wit_component::ComponentEncoder;
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use crate::world::{self, ENGINE, RUNBOOK, contract, grants, hostile};

fn denied(name: &str, grants: &Grants) -> NotGranted {
    ENGINE
        .load(&hostile(name))
        .unwrap()
        .link(grants)
        .unwrap_err()
}

#[test]
fn an_ungranted_capability_is_not_linked_and_names_its_rule() {
    let error = denied("terminates", &Grants::of(world::policy(), "other-runbook"));
    assert_eq!(
        error.to_string(),
        "denied by policy: \
         `database.sessions` is granted by no rule; this one would: \
         [[read]] runbooks = [\"other-runbook\"], capabilities = [\"database\"], targets = [\"*\"]; \
         `database.terminate` is granted by no rule; this one would: \
         [[write]] runbooks = [\"other-runbook\"], capability = \"database.terminate\" (with targets and approvals)"
    );
}

#[test]
fn an_unknown_import_is_a_write() {
    for (name, capability) in [
        ("unknown_import", "acme:danger/fire@1.0.0"),
        ("newer_read", "interlock:read/database@0.9.0"),
    ] {
        let step = ENGINE.load(&hostile(name)).unwrap();
        assert_eq!(
            (step.tier(), step.kind()),
            (Tier::Write, Some(Kind::Diagnose)),
            "{name}"
        );
        assert_eq!(step.capabilities(), [capability]);
        for grants in [grants(), Grants::for_replay(RUNBOOK)] {
            let missing = step.link(&grants).unwrap_err().missing;
            assert_eq!(
                missing,
                [Missing {
                    capability: capability.into(),
                    why: Why::Unknown
                }]
            );
        }
    }
}

#[test]
fn only_a_remediate_step_may_import_writes() {
    let step = ENGINE.load(&hostile("writes_as_diagnose")).unwrap();
    assert_eq!(
        (step.tier(), step.kind()),
        (Tier::Write, Some(Kind::Diagnose))
    );
    let missing = step.link(&grants()).unwrap_err().missing;
    assert_eq!(
        missing,
        [Missing {
            capability: "database.terminate".into(),
            why: Why::NotRemediate
        }]
    );
}

#[test]
fn a_step_that_only_reads_is_a_read_step() {
    let step = ENGINE.load(&hostile("overlaps")).unwrap();
    assert_eq!(step.tier(), Tier::Read);
    assert_eq!(
        step.capabilities(),
        ["database.locks", "database.sessions", "database.settings"]
    );
    assert!(
        step.imports()
            .iter()
            .any(|import| import.name == "interlock:read/types@0.1.0")
    );
}

/// Every function of the contract, imported by one component, has a host function of its type.
#[test]
fn every_import_links() {
    for kind in ["remediate-step", "diagnose-step", "verify-step"] {
        let resolve = contract();
        let step = resolve
            .packages
            .iter()
            .find(|(_, package)| package.name.name == "step")
            .unwrap()
            .0;
        let world = resolve.select_world(&[step], Some(kind)).unwrap();
        let abi = ManglingAndAbi::Legacy(LiftLowerAbi::Sync);
        let mut module = wit_component::dummy_module(&resolve, world, abi);
        wit_component::embed_component_metadata(
            &mut module,
            &resolve,
            world,
            wit_component::StringEncoding::UTF8,
        )
        .unwrap();
        let bytes = ComponentEncoder::default()
            .validate(true)
            .module(&module)
            .unwrap()
            .encode()
            .unwrap();
        let step = ENGINE.load(&bytes).unwrap();
        step.link(&Grants::for_replay(RUNBOOK)).unwrap();
        let imported = step
            .imports()
            .iter()
            .filter(|import| !import.capabilities().is_empty())
            .count();
        assert_eq!(
            imported,
            if kind == "remediate-step" { 13 } else { 9 },
            "{kind}"
        );
    }
}
