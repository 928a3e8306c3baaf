//! What a decision costs beside the two signatures that it rests on.

use std::collections::BTreeMap;
use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use interlock_gate::action::{AnyAction, SessionArguments, Terminate};
use interlock_gate::ids::{
    CallDigest, CallId, CassetteDigest, ComponentDigest, HostId, ReportDigest,
};
use interlock_gate::key::SignerKey;
use interlock_gate::plan::{
    CheckpointRef, CitedCall, CitedItem, Components, Do, PLAN_SCHEMA, Plan, PlanBody,
    PlannedAction, Requester, RuleRef, StepBytes,
};
use interlock_gate::policy::Policy;
use interlock_gate::revision::{Revision, SessionRevision};
use interlock_gate::sshsig::{HashName, armor, signature_wire, to_be_signed};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce, Payload, TOKEN_SCHEMA, Token, acts_of};
use interlock_gate::{Case, History, Kind, decide};

use crate::error::{BenchError, setup};
use crate::turns::{Figure, Measured};

const RULES: usize = 200;

const FIGURE: Figure = Figure {
    name: "gate",
    about: "read and verify 2 tokens, decide a plan of one action by a policy of 200 write rules; \
            against two bare `verify_strict` over the same bytes, with the keys already read",
    ours: "interlock",
    baseline: "2 verify_strict",
    limit: 1.2,
    warm_up: 500,
    rounds: 5_000,
};

/// One approver's key, and what it signed.
struct Signed {
    /// The token's file.
    token: Vec<u8>,
    key: VerifyingKey,
    /// The bytes that the signature is over.
    message: Vec<u8>,
    signature: Signature,
}

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let keys = [("alice", 1_u8), ("carol", 2)].map(|(name, seed)| {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        (name, secret)
    });
    let policy = Policy::parse(&policy(&keys)).map_err(setup("parse the policy"))?;
    let now = made_at()?;
    let plan = plan(&policy, now)?;
    let signed = [sign(&plan, now, &keys[0])?, sign(&plan, now, &keys[1])?];
    let (history, here) = (History::fresh(84), here());
    FIGURE
        .measure(
            async || {
                let mut tokens = Vec::with_capacity(signed.len());
                for one in &signed {
                    let token = policy.verify(black_box(&one.token));
                    tokens.push(token.map_err(setup("verify a token"))?);
                }
                let case = Case {
                    policy: &policy,
                    plan: &plan,
                    kind: Kind::Apply,
                    tokens: &tokens,
                    history: &history,
                    here: &here,
                    now: now.plus_seconds(120),
                };
                match black_box(decide(&case)) {
                    Ok(permit) if permit.basis().tokens.len() == 2 => Ok(()),
                    Ok(permit) => Err(undone(format!("{:?}", permit.basis()))),
                    Err(denied) => Err(undone(denied.to_string())),
                }
            },
            async || {
                for one in &signed {
                    let verified = one
                        .key
                        .verify_strict(black_box(&one.message), &one.signature);
                    black_box(verified).map_err(setup("verify a signature"))?;
                }
                Ok(())
            },
        )
        .await
}

fn undone(why: String) -> BenchError {
    BenchError::Undone {
        side: "the gate",
        why,
    }
}

fn made_at() -> Result<Time, BenchError> {
    "2026-11-25T03:12:11.000000Z"
        .parse()
        .map_err(setup("read a time"))
}

fn here() -> HostId {
    let key = SigningKey::from_bytes(&[9; 32]).verifying_key();
    HostId {
        origin: "interlock.bench".to_owned(),
        key: STANDARD.encode(key.to_bytes()),
    }
}

fn rule_name(rule: usize) -> String {
    format!("end stuck sessions of server {rule}")
}

/// 200 rules, each for a server of its own, as an operator of many would write them.
fn policy(keys: &[(&'static str, SigningKey)]) -> String {
    let mut text = "version = 1\n".to_owned();
    for (name, secret) in keys {
        let line = SignerKey::Ed25519 {
            point: secret.verifying_key().to_bytes(),
        }
        .to_line();
        text.push_str(&format!(
            "[[approver]]\nname = \"{name}\"\nkeys = [\"{line}\"]\nroles = [\"sre\"]\n"
        ));
    }
    text.push_str("[[caller]]\nname = \"bob\"\nuid = 1000\nowner = \"bob\"\n");
    for rule in 0..RULES {
        text.push_str(&format!(
            "[[write]]\nname = \"{}\"\nrunbooks = [\"postgres-*\"]\n\
             capability = \"database.terminate\"\ntargets = [\"server-{rule}/client\"]\n\
             arguments = {{ role = {{ one_of = [\"checkout\"] }}, transaction_age_s = {{ min = 60 }} }}\n\
             approvals = {{ need = 2, roles = [\"sre\"] }}\n\
             limits = {{ per_run = 40, per_hour = 80 }}\n",
            rule_name(rule)
        ));
    }
    text.push_str(
        "[[never]]\ncapability = \"database.terminate\"\ntargets = [\"*/replication\"]\n",
    );
    text
}

/// One session to end, under the last of the rules.
fn plan(policy: &Policy, now: Time) -> Result<Plan, BenchError> {
    let rule = RULES - 1;
    let name = rule_name(rule);
    let digest = policy.write(&name).map(|rule| rule.digest);
    let action = AnyAction::Terminate(Terminate {
        target: format!("server-{rule}/client")
            .parse()
            .map_err(setup("read a target"))?,
        arguments: SessionArguments {
            pid: 4711,
            role: Some("checkout".to_owned()),
            database: Some("orders".to_owned()),
            only_if_state: Some("idle in transaction".to_owned()),
            transaction_age_s: Some(842),
        },
    });
    Plan::new(PlanBody {
        schema: PLAN_SCHEMA.to_owned(),
        host: here(),
        run: "r-k7qd".parse().map_err(setup("read a run's id"))?,
        incident: "INC-2291".to_owned(),
        created_at: now,
        expires_at: now.plus_seconds(3_600),
        requester: Requester {
            caller: Some("bob".to_owned()),
            via: "uid:1000".to_owned(),
            unattended: false,
        },
        owners: vec!["bob".parse().map_err(setup("read a name"))?],
        components: Components {
            runbook: "postgres-connections".to_owned(),
            version: "0.3.0".to_owned(),
            step: "remediate".to_owned(),
            steps: vec![StepBytes {
                step: "remediate".to_owned(),
                digest: ComponentDigest::of(b"bytes"),
            }],
        },
        inputs: BTreeMap::from([("server".to_owned(), format!("server-{rule}").into())]),
        findings: serde_json::Value::Null,
        report: ReportDigest::of(b"report"),
        cassette: CassetteDigest::of(b"cassette"),
        calls: vec![CitedCall {
            id: CallId(14),
            digest: CallDigest::of(b"call"),
        }],
        checkpoint: CheckpointRef {
            size: 83,
            root: "0".repeat(64),
        },
        actions: vec![PlannedAction {
            undo: action.undo(),
            action,
            seen: Revision::Session(SessionRevision {
                pid: 4711,
                backend_start: now.minus_seconds(1_260),
                xact_start: Some(now.minus_seconds(842)),
                postmaster_start: now.minus_seconds(1_000_000),
                system_identifier: "7301934765182993000".to_owned(),
            }),
            cites: CitedItem {
                call: CallId(14),
                item: 0,
            },
            rule: RuleRef {
                digest: digest.ok_or_else(|| undone(format!("no rule `{name}`")))?,
                name,
            },
            r#do: Do::Act,
        }],
        parent: None,
    })
    .map_err(setup("make a plan"))
}

fn sign(
    plan: &Plan,
    now: Time,
    (name, secret): &(&'static str, SigningKey),
) -> Result<Signed, BenchError> {
    let issued_at = now.plus_seconds(60);
    let key = secret.verifying_key();
    let payload = Payload {
        schema: TOKEN_SCHEMA.to_owned(),
        plan: plan.id(),
        decision: Decision::Approve,
        approver: name.parse().map_err(setup("read a name"))?,
        reason: "open for minutes, none of them is a job".to_owned(),
        issued_at,
        not_before: issued_at,
        expires_at: issued_at.plus_seconds(3_600),
        nonce: Nonce::from_raw([key.to_bytes()[0]; 16]),
        believed_cause: None,
        actions: acts_of(plan),
    };
    let bytes = payload.to_bytes().map_err(setup("write a payload"))?;
    let message = to_be_signed(&bytes, HashName::Sha512);
    let signature = secret.sign(&message);
    let signer = SignerKey::Ed25519 {
        point: key.to_bytes(),
    };
    let armored = armor(
        &signer,
        HashName::Sha512,
        &signature_wire(&signature.to_bytes()),
    );
    let token = Token::assemble(&bytes, &armored).map_err(setup("put a token together"))?;
    Ok(Signed {
        token,
        key,
        message,
        signature,
    })
}
