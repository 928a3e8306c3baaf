//! A rule that demands a backtest: what is shown must be shown of these very bytes.

use interlock_gate::history::PastBacktest;
use interlock_gate::ids::ComponentDigest;
use interlock_gate::plan::{Plan, StepBytes};
use interlock_gate::policy::Policy;

use crate::world::{
    Who, World, backtest, parts, read_by_diagnose, session, terminate_rule, with_do,
};

const DEMAND: &str = "backtest = { cases = 20, top1_percent = 80, confident_wrong_percent = 2 }";

fn demanding(kept: Vec<PastBacktest>) -> World {
    demanding_so(DEMAND, kept)
}

fn demanding_so(demand: &str, kept: Vec<PastBacktest>) -> World {
    let mut parts = parts();
    parts.writes[0] = terminate_rule("need = 1, roles = [\"sre\"]", demand);
    let mut world = World::of(parts, vec![with_do(session(101, "client", Some(842)))]);
    world.plan = Plan::new(read_by_diagnose(world.plan.body().clone())).unwrap();
    world.history.backtests = kept;
    world.signed(Who::Alice)
}

#[test]
fn without_a_backtest_nothing_is_permitted_and_the_command_is_named() {
    let world = demanding(Vec::new());
    assert_eq!(
        world.reasons(),
        [
            "rule `end stuck sessions` demands a backtest of the bytes that read for this plan, and \
          none is kept; missing: `interlock backtest postgres-connections --corpus DIR --keep`"
        ]
    );
    assert!(!world.decide().unwrap_err().is_only_missing_approval());
}

#[test]
fn a_backtest_that_meets_the_demand_permits_and_each_shortfall_is_a_reason() {
    assert!(demanding(vec![backtest(20, 16, 50, 1)]).decide().is_ok());
    let short = demanding(vec![backtest(19, 15, 49, 1)]);
    assert_eq!(
        short.reasons(),
        [
            "rule `end stuck sessions` demands a backtest on 20 incidents whose cause is known, \
             the newest of these bytes has 19; missing: `interlock backtest postgres-connections \
             --corpus DIR --keep`",
            "rule `end stuck sessions` demands a backtest whose first cause is right in 80 %, in \
             the newest of these bytes it is in 15 of 19; missing: `interlock backtest \
             postgres-connections --corpus DIR --keep`",
            "rule `end stuck sessions` demands a backtest with at most 2 % of the confident \
             diagnoses wrong, in the newest of these bytes 1 of 49 are; missing: `interlock \
             backtest postgres-connections --corpus DIR --keep`",
        ]
    );
}

#[test]
fn a_newer_and_worse_backtest_is_not_hidden_by_an_old_success() {
    let (good, bad) = (backtest(40, 40, 30, 0), backtest(40, 10, 30, 0));
    assert!(demanding(vec![bad.clone(), good.clone()]).decide().is_ok());
    assert!(demanding(vec![good, bad]).decide().is_err());
}

#[test]
fn other_bytes_another_runbook_and_another_corpus_show_nothing() {
    let good = backtest(40, 40, 30, 0);
    let mut old = good.clone();
    old.components[0].digest = ComponentDigest::of(b"the build before");
    assert!(demanding(vec![old]).decide().is_err());
    let mut another = good.clone();
    another.runbook = "postgres-locks".to_owned();
    assert!(demanding(vec![another]).decide().is_err());
    let pinned = DEMAND.replace(
        " }",
        &format!(", corpus = \"sha256:{}\" }}", "0".repeat(64)),
    );
    let world = demanding_so(&pinned, vec![good]);
    assert!(world.reasons()[0].contains("over the corpus sha256:000"));
}

#[test]
fn every_step_that_read_for_the_plan_must_have_been_tried() {
    let mut world = demanding(vec![backtest(40, 40, 30, 0)]);
    assert!(world.decide().is_ok());
    let mut body = world.plan.body().clone();
    let look = StepBytes {
        step: "look".to_owned(),
        digest: ComponentDigest::of(b"new"),
    };
    body.components.steps.insert(1, look.clone());
    world.plan = Plan::new(body.clone()).unwrap();
    let said = world.reasons();
    assert!(said[0].contains("none is kept"), "{said:?}");
    // And a plan in front of which nothing reads is met by nothing.
    body.components.steps.drain(..2);
    world.plan = Plan::new(body).unwrap();
    assert!(world.reasons()[0].contains("none is kept"));
}

#[test]
fn a_rule_without_the_demand_keeps_its_digest() {
    let digest = |limits: &str| {
        let mut parts = parts();
        parts.writes[0] = terminate_rule("need = 1, roles = [\"sre\"]", limits);
        parts.policy().write("end stuck sessions").unwrap().digest
    };
    assert_eq!(
        digest("").to_string(),
        "sha256:5224c1e58e308cb039971d4f0e07786e301f8f5098207dffe2f2b713f1683faa"
    );
    assert_ne!(digest(DEMAND), digest(""));
    assert_ne!(digest(DEMAND), digest(&DEMAND.replace("80", "81")));
}

#[test]
fn a_demand_that_cannot_be_read_is_a_mistake_with_its_place() {
    for (demand, said) in [
        ("backtest = {}", "cases"),
        ("backtest = true", "a table"),
        (
            "backtest = { cases = 0, top1_percent = 80, confident_wrong_percent = 2 }",
            "cases",
        ),
        (
            "backtest = { cases = 1, top1_percent = 101, confident_wrong_percent = 2 }",
            "top1_percent",
        ),
        (
            "backtest = { cases = 1, top1_percent = 80, confident_wrong_percent = 2, corpus = \"x\" }",
            "corpus",
        ),
        (
            "backtest = { cases = 1, top1_percent = 80, confident_wrong_percent = 2, tpo1 = 2 }",
            "tpo1",
        ),
    ] {
        let mut parts = parts();
        parts.writes[0] = terminate_rule("need = 1, roles = [\"sre\"]", demand);
        let error = Policy::parse(&parts.text()).unwrap_err().to_string();
        assert!(error.contains(said), "{demand}: {error}");
    }
}
