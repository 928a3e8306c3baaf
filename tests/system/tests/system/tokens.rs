//! A token that does not count is denied with its reason, and never stands in the way of one that does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use interlock_gate::plan::Plan;
use interlock_gate::token::Payload;
use interlock_system_tests::{Person, World};
use interlock_test_servers::Variant;

use crate::seen::{alive, sorted};
use crate::waiting::{Waiting, bob, change_policy, full, now, pids_of, reasons, started};
use crate::words::{SecurityKey, approval, key_of, signed, signed_in};

/// The same token with one bit of its payload or of its signature turned.
fn altered(token: &[u8], part: &str) -> Vec<u8> {
    let mut document: serde_json::Value = serde_json::from_slice(token).unwrap();
    let text = document[part].as_str().unwrap().to_owned();
    let changed = if part == "payload" {
        let mut bytes = STANDARD.decode(text).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        STANDARD.encode(bytes)
    } else {
        // The last full line of the armor lies in the signature itself.
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let at = lines.len() - 3;
        let other = if lines[at].starts_with('A') { "B" } else { "A" };
        lines[at].replace_range(0..1, other);
        lines.join("\n") + "\n"
    };
    document[part] = changed.into();
    document.to_string().into_bytes()
}

/// Another plan: the same on another host.
fn elsewhere(plan: &Plan) -> Plan {
    let mut body = plan.body().clone();
    body.host.origin = "another-host".into();
    Plan::new(body).unwrap()
}

fn with(mut payload: Payload, change: impl FnOnce(&mut Payload)) -> Payload {
    change(&mut payload);
    payload
}

/// Each bad token, with what the refusal must say of it.
fn bad_tokens(world: &World, plan: &Plan) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let alice = key_of(world, Person::Alice);
    let carol = key_of(world, Person::Carol);
    let bob = key_of(world, Person::Bob);
    let mallory = key_of(world, Person::Mallory);
    let created = plan.body().created_at;
    let by_alice = || approval(plan, "alice", now());
    let good = signed(&by_alice(), &alice);
    let expired = with(approval(plan, "alice", created), |p| {
        p.expires_at = created.plus_micros(1);
    });
    let not_yet = with(by_alice(), |p| p.not_before = now().plus_seconds(600));
    let future = with(approval(plan, "alice", now().plus_seconds(600)), |p| {
        p.not_before = now();
    });
    let older = approval(plan, "alice", created.minus_seconds(120));
    let other_acts = with(by_alice(), |p| {
        p.actions.pop();
    });
    let other_plan = with(by_alice(), |p| p.plan = elsewhere(plan).id());
    vec![
        ("expired", signed(&expired, &alice), "expired at"),
        ("not yet valid", signed(&not_yet, &alice), "counts from"),
        ("from the future", signed(&future, &alice), "yet to come"),
        (
            "older than the plan",
            signed(&older, &alice),
            "older than the plan",
        ),
        ("other acts", signed(&other_acts, &alice), "other acts"),
        (
            "another host's plan",
            signed(&other_plan, &alice),
            "another plan",
        ),
        (
            "an unknown key",
            signed(&by_alice(), &mallory),
            "no approver's key",
        ),
        (
            "another's key",
            signed(&by_alice(), &carol),
            "a key of `carol`",
        ),
        (
            "a revoked key",
            signed(&approval(plan, "carol", now()), &carol),
            "revoked key",
        ),
        (
            "the requester's",
            signed(&approval(plan, "bob", now()), &bob),
            "behind the request",
        ),
        (
            "its payload altered",
            altered(&good, "payload"),
            "the signature",
        ),
        (
            "its signature altered",
            altered(&good, "signature"),
            "the signature",
        ),
        (
            "another namespace",
            signed_in("file", &by_alice(), &alice),
            "namespace",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_does_not_count_is_denied_with_its_reason_and_blocks_none_that_does() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    let plan = waiting.body(&world).await;
    assert_eq!(pids_of(&plan), guilty);
    let carol = world.people.public_key(Person::Carol).unwrap();
    change_policy(
        &world,
        "version = 1\n",
        &format!("version = 1\n[revoked]\nkeys = [\"{carol}\"]\n"),
    );

    let mut files = Vec::new();
    for (number, (name, token, reason)) in bad_tokens(&world, &plan).into_iter().enumerate() {
        let text = String::from_utf8(token).unwrap();
        let file = world
            .write(&format!("bad-{number}.json"), &text, 0o644)
            .unwrap();
        let refused = waiting.apply(&world, &[&file]).await.expect(4);
        let said = reasons(&refused);
        assert!(said.contains(reason), "{name}: no `{reason}` in: {said}");
        assert_eq!(refused.json()["result"], "denied", "{name}");
        files.push(file);
    }
    assert_eq!(
        alive(&world, &guilty).await,
        guilty,
        "a bad token did something"
    );

    // All at once: every reason is said.
    let all: Vec<_> = files.iter().map(|file| file.as_path()).collect();
    let said = reasons(&waiting.apply(&world, &all).await.expect(4));
    for (name, _, reason) in bad_tokens(&world, &plan) {
        assert!(said.contains(reason), "{name}: no `{reason}` in: {said}");
    }

    // One good one among them.
    let good = signed(
        &approval(&plan, "alice", now()),
        &key_of(&world, Person::Alice),
    );
    let good = world
        .write("good.json", &String::from_utf8(good).unwrap(), 0o644)
        .unwrap();
    let mut all = all;
    all.insert(3, &good);
    let applied = waiting.apply(&world, &all).await;
    let applied_json = applied.json();
    assert_eq!(applied_json["result"], "done", "{}", applied.everything());
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());

    // The same again, and the same token again: once is once.
    let again = waiting.apply(&world, &[&good]).await.expect(4);
    assert!(reasons(&again).contains("applied"), "{}", again.stdout);
    let verified = bob(&world, &["journal", "verify", "--json"])
        .await
        .expect(0);
    assert_eq!(verified.json()["redeemed"], 1, "{}", verified.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_rule_demands_touch_a_signature_without_it_does_not_count() {
    let device = SecurityKey::new(7);
    let line = device.line();
    let world = full()
        .variant(Variant::Second)
        .policy("presence = \"any\"", "presence = \"touch\"")
        .policy(
            "name = \"alice\"\nkeys = [",
            &format!("name = \"alice\"\nkeys = [\"{line}\", "),
        );
    let world = started(world).await;
    let waiting = Waiting::of(&world).await.narrowed(&world, "1-2").await;
    let plan = waiting.body(&world).await;
    let (two, guilty) = (pids_of(&plan), sorted(&world.incident.guilty));
    let by_alice = || approval(&plan, "alice", now());
    let software = signed(&by_alice(), &key_of(&world, Person::Alice));
    for (name, token) in [
        ("a software key", software),
        ("a security key, untouched", device.signed(&by_alice(), 0)),
        ("a PIN alone", device.signed(&by_alice(), 4)),
    ] {
        let text = String::from_utf8(token).unwrap();
        let file = world.write("token.json", &text, 0o644).unwrap();
        let said = reasons(&waiting.apply(&world, &[&file]).await.expect(4));
        assert!(said.contains("touch"), "{name}: {said}");
    }
    assert_eq!(alive(&world, &guilty).await, guilty);
    let text = String::from_utf8(device.signed(&by_alice(), 1)).unwrap();
    let file = world.write("token.json", &text, 0o644).unwrap();
    let applied = waiting.apply(&world, &[&file]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    assert_eq!(alive(&world, &two).await, Vec::<i32>::new());
}
