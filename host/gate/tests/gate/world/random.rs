//! Random worlds, most of them sound but for a thing or two.

use interlock_gate::history::{DoneAct, History, Kind, PastIntent, Redemption, SpentToken};
use interlock_gate::ids::{PlanDigest, TokenDigest};
use interlock_gate::plan::{Do, Plan};
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce, Token};
use proptest::prelude::*;

use super::backtests::{DEMANDS, arb_backtests};
use super::{
    NEVER, NEVER_EXPIRE, PolicyParts, TokenParts, Who, World, after, body, freeze, head, here,
    made_at, read_by_diagnose, scale, scale_rule, session, silence, silence_rule, terminate_rule,
    workload,
};

const APPROVALS: [&str; 8] = [
    "need = 1, roles = [\"sre\"]",
    "need = 1, roles = [\"sre\"]",
    "need = 2, roles = [\"sre\"]",
    "all = [{ need = 1, roles = [\"sre\"] }, { need = 1, roles = [\"owner\"] }]",
    "need = 1, roles = [\"sre\"], presence = \"touch\"",
    "need = 1, roles = [\"sre\", \"owner\"], not_requester = false",
    "need = 1, roles = [\"sre\", \"owner\"], max_age = \"5m\"",
    "all = [{ need = 1, roles = [\"sre\"] }, { need = 1, roles = [\"commander\"], max_age = \"2m\" }]",
];

const LIMITS: [&str; 4] = [
    "",
    "limits = { per_run = 40, per_hour = 80 }",
    "limits = { per_run = 2 }",
    "limits = { per_hour = 3 }",
];

/// `usual` nearly always.
pub(super) fn mostly<T: std::fmt::Debug + Clone + 'static>(
    usual: T,
    else_one_of: Vec<T>,
) -> impl Strategy<Value = T> {
    prop_oneof![24 => Just(usual), 1 => prop::sample::select(else_one_of)]
}

fn arb_parts() -> impl Strategy<Value = PolicyParts> {
    let freeze_text = (
        0_u64..2_000,
        1_u64..4_000,
        prop::sample::select(vec!["\"commander\"", "\"sre\"", ""]),
    )
        .prop_map(|(from, length, roles)| (from, from + length, roles));
    (
        prop::sample::select(APPROVALS.to_vec()),
        prop::sample::select(APPROVALS.to_vec()),
        (
            prop::sample::select(LIMITS.to_vec()),
            prop_oneof![3 => Just(""), 1 => prop::sample::select(DEMANDS.to_vec())],
        ),
        (any::<bool>(), mostly(false, vec![true])),
        prop_oneof![4 => Just(Vec::new()), 1 => prop::collection::vec(freeze_text, 1..3)],
        mostly(
            None,
            vec![Some(Who::Alice), Some(Who::Carol), Some(Who::Dave)],
        ),
        mostly(false, vec![true]),
    )
        .prop_map(
            |(end, grow, (limits, demand), (never, kept), freezes, revoked, unmapped)| {
                PolicyParts {
                    head: if unmapped {
                        head().replace("[[caller]]\nname = \"bob\"", "[[caller]]\nname = \"bobby\"")
                    } else {
                        head()
                    },
                    writes: vec![
                        terminate_rule(end, &format!("{limits}{demand}")),
                        scale_rule(grow),
                        silence_rule(end),
                    ],
                    nevers: [(never, NEVER), (kept, NEVER_EXPIRE)]
                        .into_iter()
                        .filter(|(stands, _)| *stands)
                        .map(|(_, text)| text.to_owned())
                        .collect(),
                    freezes: freezes
                        .into_iter()
                        .enumerate()
                        .map(|(n, (from, until, roles))| {
                            freeze(&format!("freeze {n}"), after(from), after(until), roles)
                        })
                        .collect(),
                    revoked_keys: revoked
                        .into_iter()
                        .map(|who| who.key().fingerprint())
                        .collect(),
                    revoked_plans: Vec::new(),
                }
            },
        )
}

/// Actions of a plan; a session's class and age, or a number of replicas, and whether it acts.
fn arb_plan(parts: &PolicyParts) -> impl Strategy<Value = Plan> + use<> {
    let policy = parts.policy();
    let action = prop_oneof![
        3 => (1..9_i32, mostly("client", vec!["replication"]), mostly(Some(842), vec![None, Some(59), Some(60)]))
            .prop_map(|(pid, class, age)| session(pid, class, age)),
        1 => (mostly(6_u32, vec![0, 7, 21]), mostly(3_u32, vec![0])).prop_map(|(to, from)| scale(to, from)),
        1 => mostly(30_u32, vec![61]).prop_map(silence),
    ];
    let doing = prop_oneof![5 => Just(Do::Act), 1 => Just(Do::Skip)];
    (
        prop::collection::vec((action, doing), 1..4),
        mostly(None, vec![Some(0), Some(7_200)]),
        mostly(true, vec![false]),
        mostly("bob", vec!["hook", "nobody"]),
        mostly("postgres-connections", vec!["another"]),
    )
        .prop_map(move |(mut actions, moved, same_rule, caller, runbook)| {
            actions[0].1 = Do::Act;
            let actions = actions.into_iter().map(|((a, r), d)| (a, r, d)).collect();
            let mut body = read_by_diagnose(body(&policy, actions));
            if let Some(seconds) = moved {
                body.created_at = after(seconds);
                body.expires_at = after(seconds + 300);
            }
            if !same_rule {
                body.actions[0].rule.digest = interlock_gate::ids::RuleDigest::of(b"old");
            }
            body.requester.caller = Some(caller.to_owned());
            if caller == "hook" {
                body.owners.clear();
            }
            body.components.runbook = runbook.to_owned();
            Plan::new(body).unwrap()
        })
}

fn arb_token(plan: Plan, kind: Kind) -> impl Strategy<Value = Token> {
    let who = prop_oneof![
        4 => Just(Who::Alice),
        3 => Just(Who::AliceSecurityKey),
        2 => Just(Who::Bob),
        4 => Just(Who::Carol),
        4 => Just(Who::Dave),
        1 => Just(Who::Stranger),
        1 => Just(Who::Host),
    ];
    let decision = match kind {
        Kind::Apply => mostly(Decision::Approve, vec![Decision::Undo]).boxed(),
        Kind::Undo => prop_oneof![Just(Decision::Approve), Just(Decision::Undo)].boxed(),
    };
    let decision = prop_oneof![
        12 => decision,
        1 => Just(Decision::Reject),
        1 => Just(Decision::Revoke),
    ];
    (
        who,
        mostly(None, vec![Some("alice"), Some("dave")]),
        mostly(true, vec![false]),
        decision,
        prop_oneof![6 => 0_u64..200, 1 => 0_u64..4_000],
        mostly(0_u64, vec![30, 400]),
        mostly(3_600_u64, vec![20, 200]),
        mostly(true, vec![false]),
        (mostly(1_u8, vec![0, 4, 5]), 0_u8..4),
        mostly(false, vec![true]),
    )
        .prop_map(
            move |(
                who,
                named,
                this_plan,
                decision,
                issued,
                wait,
                life,
                acts,
                (flags, nonce),
                early,
            )| {
                let mut parts = TokenParts::new(who, &plan, after(issued));
                if early {
                    parts.issued_at = made_at().minus_seconds(10);
                }
                parts.named = named.unwrap_or(who.name());
                if !this_plan {
                    parts.plan = PlanDigest::of(b"another");
                }
                parts.decision = decision;
                parts.not_before = parts.issued_at.plus_seconds(wait);
                parts.expires_at = parts.issued_at.plus_seconds(life);
                parts.flags = flags;
                parts.nonce = nonce;
                if !acts {
                    parts.actions.clear();
                }
                parts.token()
            },
        )
}

fn arb_history(
    plan: &Plan,
    kind: Kind,
    tokens: &[Token],
) -> impl Strategy<Value = History> + use<> {
    let states = vec![
        PlanState::Waiting,
        PlanState::Rejected,
        PlanState::Revoked,
        PlanState::Expired,
        PlanState::Superseded,
        PlanState::Applying { next: 0 },
        PlanState::Applying { next: 1 },
        PlanState::Applying { next: 5 },
        PlanState::Applied,
        PlanState::Stopped { at: 1 },
        PlanState::Unknown { at: 1 },
        PlanState::Undoing { next: 0 },
        PlanState::Undoing { next: 1 },
        PlanState::Undone,
    ];
    let usual = match kind {
        Kind::Apply => prop_oneof![2 => Just(PlanState::Waiting), 1 => Just(PlanState::Applying { next: 0 })].boxed(),
        Kind::Undo => prop_oneof![2 => Just(PlanState::Applied), 1 => Just(PlanState::Stopped { at: 0 }), 1 => Just(PlanState::Undoing { next: 0 })].boxed(),
    };
    let state = prop_oneof![9 => usual, 1 => prop::sample::select(states)];
    let digests: Vec<TokenDigest> = tokens.iter().map(Token::digest).collect();
    let signers: Vec<(_, TokenDigest)> = tokens
        .iter()
        .map(|t| (t.signer().clone(), t.digest()))
        .collect();
    let id = plan.id();
    let done = prop_oneof![
        3 => Just(plan.acts().map(|(index, _)| index as u16).collect::<Vec<_>>()),
        1 => Just(vec![0]),
        1 => Just(Vec::new()),
    ];
    let rule = prop::sample::select(vec!["end stuck sessions", "grow", "hush", "gone"]);
    (
        state,
        mostly(None, vec![Some(0_u64), Some(150), Some(4_000)]),
        mostly(true, vec![false]),
        mostly(true, vec![false]),
        (done, 0_u64..1_000),
        mostly(
            None,
            vec![Some((0_u8, true)), Some((0, false)), Some((1, false))],
        ),
        (
            prop::collection::vec((rule, 0_u64..8_000), 0..4),
            arb_backtests(),
        ),
    )
        .prop_map(
            move |(
                state,
                last,
                consistent,
                redeemed_all,
                (done, ended),
                spent,
                (intents, backtests),
            )| {
                let redemption = |at: Time| Redemption {
                    at,
                    tokens: if redeemed_all {
                        digests.clone()
                    } else {
                        Vec::new()
                    },
                };
                let (applied, undone) = match state {
                    PlanState::Waiting
                    | PlanState::Rejected
                    | PlanState::Revoked
                    | PlanState::Expired
                    | PlanState::Superseded => (false, false),
                    PlanState::Applying { .. }
                    | PlanState::Applied
                    | PlanState::Stopped { .. }
                    | PlanState::Unknown { .. } => (true, false),
                    PlanState::Undoing { .. } | PlanState::Undone => (true, true),
                };
                History {
                    size: 84,
                    last_entry_at: last.map(after),
                    state,
                    applied: (applied == consistent).then(|| redemption(after(100))),
                    undone: (undone == consistent).then(|| redemption(after(ended + 60))),
                    ended_at: Some(after(ended)),
                    done: done
                        .iter()
                        .map(|&index| DoneAct {
                            index,
                            after: workload(9),
                        })
                        .collect(),
                    spent: spent
                        .and_then(|(which, same)| {
                            let (signer, digest) = signers.get(usize::from(which))?;
                            let token = if same {
                                *digest
                            } else {
                                TokenDigest::of(b"other")
                            };
                            let nonce = Nonce::from_raw([which; 16]);
                            Some(SpentToken {
                                signer: signer.clone(),
                                nonce,
                                token,
                                plan: id,
                            })
                        })
                        .into_iter()
                        .collect(),
                    intents: intents
                        .iter()
                        .map(|(rule, ago)| PastIntent {
                            rule: (*rule).to_owned(),
                            at: after(120).minus_seconds(*ago),
                        })
                        .collect(),
                    backtests,
                }
            },
        )
}

/// Any world at all.
pub(crate) fn arb_world() -> impl Strategy<Value = World> {
    let kind = prop_oneof![3 => Just(Kind::Apply), 1 => Just(Kind::Undo)];
    (arb_parts(), kind)
        .prop_flat_map(|(parts, kind)| (arb_plan(&parts), Just(parts), Just(kind)))
        .prop_flat_map(|(plan, parts, kind)| {
            let tokens = prop::collection::vec(arb_token(plan.clone(), kind), 0..5);
            (tokens, Just(plan), Just(parts), Just(kind))
        })
        .prop_flat_map(|(tokens, plan, parts, kind)| {
            (
                arb_history(&plan, kind, &tokens),
                Just((tokens, plan, parts, kind)),
                prop_oneof![8 => 60_u64..260, 1 => 0_u64..5_000],
                mostly(true, vec![false]),
                mostly(false, vec![true]),
            )
        })
        .prop_map(
            |(history, (tokens, plan, mut parts, kind), now, is_here, revoke)| {
                let mut here = here();
                if !is_here {
                    here.origin = "elsewhere".to_owned();
                }
                if revoke {
                    parts.revoked_plans.push(plan.id());
                }
                let policy = parts.policy();
                World {
                    parts,
                    policy,
                    plan,
                    kind,
                    tokens,
                    history,
                    here,
                    now: after(now),
                }
            },
        )
}

/// A world whose plan is permitted, or nearly so: sound tokens of these people, nothing else.
pub(crate) fn arb_sound_world() -> impl Strategy<Value = World> {
    let people = prop::sample::subsequence(
        vec![
            Who::Alice,
            Who::AliceSecurityKey,
            Who::Bob,
            Who::Carol,
            Who::Dave,
        ],
        0..=5,
    );
    (prop::sample::select(APPROVALS.to_vec()), people, 1_i32..4).prop_map(
        |(approvals, people, sessions)| {
            let mut parts = super::parts();
            parts.writes[0] = terminate_rule(approvals, "");
            let actions = (1..=sessions)
                .map(|pid| super::with_do(session(pid, "client", Some(842))))
                .collect();
            people
                .into_iter()
                .fold(World::of(parts, actions), World::signed)
        },
    )
}
