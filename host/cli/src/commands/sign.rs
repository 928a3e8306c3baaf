//! `approve`, `reject`, `revoke`, `plan payload`: a person's signature over one plan.

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::Path,
};

use interlock_gate::{
    escape,
    history::Kind,
    ids::PersonName,
    plan::Plan,
    policy::{Policy, duration_text},
    screen as gate_screen,
    state::PlanState,
    time::Time,
    token::{Decision, Nonce, Payload, TOKEN_LIFE_S_MAX, TOKEN_SCHEMA, Token, acts_of},
};
use interlock_runner::tokens::TokenTaken;
use serde::Serialize;

use super::plan::{approver_screen, write};
use crate::{
    args::{DecisionArg, SignArgs},
    exit::Exit,
    failure::Failure,
    output::{Output, Screen},
    setup::{self, Shown},
    sign::{SignError, Signer},
};

/// How long a token counts by its own word, where no rule says less, in seconds.
const TOKEN_LIFE_S: u64 = 3600;

#[derive(Serialize)]
struct SignedJson<'a> {
    schema: &'static str,
    exit: u8,
    plan: String,
    decision: &'static str,
    approver: &'a str,
    fingerprint: String,
    issued_at: Time,
    expires_at: Time,
    token: String,
    token_file: Option<&'a Path>,
    satisfied: Option<bool>,
    missing: Vec<String>,
}

pub(crate) async fn sign(
    args: &SignArgs,
    decision: Decision,
    believed_cause: Option<&str>,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let shown = setup::plan(&args.plan, config).await?;
    if shown.runner.is_none() && args.out.is_none() {
        return Err(Failure::usage("an exported plan is signed into a file")
            .help("give `--out TOKEN.json`, and take that file to the plan's host"));
    }
    let signer = Signer::open(args.key.as_deref()).map_err(sign_failure)?;
    let approver = named(&shown.policy, &signer)?;
    if decision != Decision::Approve && decision != Decision::Undo && args.reason.trim().is_empty()
    {
        return Err(
            Failure::usage(format!("a signed {} has a reason", decision.word()))
                .help("give `--reason TEXT`: those who read the record later need it"),
        );
    }
    still_open(&shown, decision).await?;
    let said = decision_words(&approver, decision, &args.reason, believed_cause);
    let (text, _, _) = approver_screen(&shown, Some(&said)).await?;
    screen.talk_or_out(&text);
    confirm(&shown.plan, decision, args.confirm.as_deref(), screen)?;
    let payload = payload_of(&shown, &approver, decision, &args.reason, believed_cause)?;
    let bytes = payload
        .to_bytes()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let signature = signer
        .sign(&bytes, args.confirm.is_some())
        .map_err(sign_failure)?;
    let token =
        Token::assemble(&bytes, &signature).map_err(|error| Failure::of(Exit::Failed, &error))?;
    // What we could not verify ourselves is not handed on.
    Token::verify(&token).map_err(|error| Failure::of(Exit::Failed, &error))?;
    done(args, &shown, &signer, &payload, token).await
}

async fn done(
    args: &SignArgs,
    shown: &Shown,
    signer: &Signer,
    payload: &Payload,
    token: Vec<u8>,
) -> Result<Output, Failure> {
    let plan = &shown.plan;
    let id = plan.id().short();
    let word = match payload.decision {
        Decision::Approve => "approved",
        Decision::Reject => "rejected",
        Decision::Revoke => "revoked",
        Decision::Undo => "undo approved",
    };
    let mut text = format!(
        "{word} by {} at {}",
        payload.approver,
        payload.issued_at.clock()
    );
    let mut satisfied = None;
    let mut missing = Vec::new();
    if let Some(file) = &args.out {
        write(file, &token)?;
    } else if let Some(runner) = &shown.runner {
        match runner.take_token(plan, &token).await? {
            TokenTaken::Kept(_) => {}
            TokenTaken::Refused(reasons) => {
                let list: Vec<String> = reasons.iter().map(ToString::to_string).collect();
                return Err(Failure::denied(format!(
                    "the token does not count: {}",
                    list.join("; ")
                )));
            }
            TokenTaken::Bad(bad) => return Err(Failure::of(Exit::Failed, &bad)),
        }
    }
    if let Some(runner) = &shown.runner
        && args.out.is_none()
        && matches!(payload.decision, Decision::Approve | Decision::Undo)
    {
        let kind = if payload.decision == Decision::Undo {
            Kind::Undo
        } else {
            Kind::Apply
        };
        let findings = runner.explain(plan, kind).await?;
        for finding in &findings {
            if let interlock_gate::explain::Finding::Against(reason) = finding {
                missing.push(reason.to_string());
            }
        }
        satisfied = Some(missing.is_empty());
    }
    let max_age = rule_max_age(plan, &shown.policy);
    if matches!(payload.decision, Decision::Approve | Decision::Undo) {
        let until = payload
            .expires_at
            .min(payload.issued_at.plus_seconds(max_age));
        text.push_str(&format!(
            ", counts until {} ({})",
            until.clock(),
            duration_text(until.micros().saturating_sub(payload.issued_at.micros()) / 1000)
        ));
        match satisfied {
            Some(true) => text.push_str("; the rule is satisfied"),
            Some(false) => text.push_str("; not yet enough"),
            None => {}
        }
    }
    if payload.decision == Decision::Revoke && acted(shown).await? {
        text.push_str(
            "; the plan was carried out before: this only keeps it from being carried back with \
             its old approvals",
        );
    }
    text.push('\n');
    for reason in &missing {
        text.push_str(&format!("  {reason}\n"));
    }
    let document = SignedJson {
        schema: "interlock.signed.v1",
        exit: Exit::Done as u8,
        plan: plan.id().to_string(),
        decision: payload.decision.word(),
        approver: payload.approver.as_str(),
        fingerprint: signer.public().fingerprint(),
        issued_at: payload.issued_at,
        expires_at: payload.expires_at,
        // A token is canonical JSON: UTF-8.
        token: String::from_utf8_lossy(&token).into_owned(),
        token_file: args.out.as_deref(),
        satisfied,
        missing,
    };
    let output = Output::new(Exit::Done, text, &document);
    Ok(match (payload.decision, &args.out) {
        (Decision::Approve, Some(file)) => output.next(format!(
            "on the plan's host: `interlock apply {id} --token {}`",
            file.display()
        )),
        (_, Some(file)) => output.next(format!("take {} to the plan's host", file.display())),
        (Decision::Approve, None) if satisfied == Some(true) => {
            output.next(format!("`interlock apply {id}`"))
        }
        (Decision::Approve, None) => output.next(format!(
            "`interlock policy explain {id}` says who else can sign"
        )),
        (Decision::Undo, None) => output.next(format!("`interlock undo {}`", plan.body().run)),
        (Decision::Reject | Decision::Revoke, None) => {
            output.next(format!("`interlock runs show {}`", plan.body().run))
        }
    })
}

/// What the signature says, beside the plan: all of it is in the payload.
fn decision_words(
    approver: &PersonName,
    decision: Decision,
    reason: &str,
    believed_cause: Option<&str>,
) -> String {
    let what = match decision {
        Decision::Approve => "approve: carry this out once",
        Decision::Reject => "reject: do not carry this out",
        Decision::Revoke => "revoke: nothing that was approved counts any more",
        Decision::Undo => "undo: take back what was done, from the last to the first",
    };
    let reason = match reason {
        "" => "no reason given".to_owned(),
        reason => format!("saying {}", escape::quoted(reason)),
    };
    let believed = believed_cause.map(|cause| format!(", believing {}", escape::quoted(cause)));
    format!(
        "{what}; by {approver}, {reason}{}; the token ends {} after you sign",
        believed.unwrap_or_default(),
        duration_text(TOKEN_LIFE_S * 1000)
    )
}

/// A signature on a plan that is over would only mislead whoever gives it.
async fn still_open(shown: &Shown, decision: Decision) -> Result<(), Failure> {
    let plan = &shown.plan;
    let over = |why: String| {
        Err(Failure::denied(format!("plan {} {why}", plan.id().short()))
            .next("`interlock run` observes afresh and makes a new plan"))
    };
    let Some(runner) = &shown.runner else {
        let ended = interlock_runner::open::now() >= plan.body().expires_at;
        return if ended && decision != Decision::Undo {
            over(format!(
                "expired at {}",
                plan.body().expires_at.to_seconds_text()
            ))
        } else {
            Ok(())
        };
    };
    // A plan's state is what the journal says, whatever a row beside it says.
    runner.check_rows().await?;
    let record = runner.run_record(&plan.body().run).await?;
    let state = record
        .plans
        .iter()
        .find(|one| one.plan.id() == plan.id())
        .map(|one| one.state);
    let carried_out = matches!(state, Some(PlanState::Applied | PlanState::Stopped { .. }));
    match (decision, state) {
        (_, Some(PlanState::Waiting)) if decision != Decision::Undo => Ok(()),
        // What was carried out can be carried back, and that can be forbidden.
        (Decision::Undo | Decision::Revoke, _) if carried_out => Ok(()),
        (Decision::Undo, Some(PlanState::Waiting)) => over("was not carried out yet".to_owned()),
        (_, Some(PlanState::Unknown { .. })) => Err(Failure::denied(format!(
            "plan {}: the outcome of one of its acts is not known",
            plan.id().short()
        ))
        .next(format!(
            "look at the target yourself, then `interlock runs reconcile {}`",
            plan.body().run
        ))),
        (_, Some(state)) => over(format!("is {state}")),
        (_, None) => over("is of another journal".to_owned()),
    }
}

/// Whether the plan was carried out.
async fn acted(shown: &Shown) -> Result<bool, Failure> {
    let Some(runner) = &shown.runner else {
        return Ok(false);
    };
    let record = runner.run_record(&shown.plan.body().run).await?;
    let of_plan = record
        .plans
        .iter()
        .find(|one| one.plan.id() == shown.plan.id());
    Ok(of_plan.is_some_and(|one| !one.acts.is_empty()))
}

/// The approver whose key this is, by the key alone.
fn named(policy: &Policy, signer: &Signer) -> Result<PersonName, Failure> {
    match policy.approver_of(signer.public()) {
        Some(approver) => Ok(approver.name.clone()),
        None => Err(Failure::denied(format!(
            "the key {} is no approver's in the policy",
            signer.public().fingerprint()
        ))
        .help("`interlock keys` lists the keys that are; `--key FILE` names another")),
    }
}

fn sign_failure(error: SignError) -> Failure {
    let exit = match &error {
        SignError::NoKey { .. } | SignError::BadKey { .. } => Exit::Usage,
        SignError::ScriptedAgent => Exit::Denied,
        SignError::Program { .. } => Exit::Failed,
    };
    let failure = Failure::of(exit, &error);
    match &error {
        SignError::NoKey { .. } => {
            failure.help("`--key FILE` names one; `interlock keygen FILE` makes one")
        }
        SignError::BadKey { .. } | SignError::ScriptedAgent | SignError::Program { .. } => failure,
    }
}

/// The question. Anything but the word stops.
fn confirm(
    plan: &Plan,
    decision: Decision,
    given: Option<&str>,
    screen: Screen,
) -> Result<(), Failure> {
    let word = gate_screen::confirm_word(plan);
    let typed = match given {
        Some(given) => given.to_owned(),
        None => {
            if !std::io::stdin().is_terminal() {
                return Err(Failure::usage(
                    "the question is asked on a terminal, and this is none",
                )
                .help(format!("in a script, `--confirm '{word}'` answers it")));
            }
            screen.talk(&format!(
                "\nType `{word}` to {}, anything else stops: ",
                decision.word()
            ));
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            read.map_err(|error| Failure::failed(format!("no answer can be read: {error}")))?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    if typed == word {
        Ok(())
    } else {
        Err(
            Failure::new(Exit::Usage, "stopped: nothing was signed").help(format!(
                "the word is `{word}`, you gave `{}`",
                typed.escape_debug()
            )),
        )
    }
}

pub(super) fn payload_of(
    shown: &Shown,
    approver: &PersonName,
    decision: Decision,
    reason: &str,
    believed_cause: Option<&str>,
) -> Result<Payload, Failure> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce)
        .map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
    let now = interlock_runner::open::now();
    Ok(Payload {
        schema: TOKEN_SCHEMA.to_owned(),
        plan: shown.plan.id(),
        decision,
        approver: approver.clone(),
        reason: reason.to_owned(),
        issued_at: now,
        not_before: now,
        expires_at: now.plus_seconds(TOKEN_LIFE_S.min(TOKEN_LIFE_S_MAX)),
        nonce: Nonce::from_raw(nonce),
        believed_cause: believed_cause.map(str::to_owned),
        actions: acts_of(&shown.plan),
    })
}

/// The shortest time that a rule of the plan lets a token count, in seconds.
fn rule_max_age(plan: &Plan, policy: &Policy) -> u64 {
    plan.acts()
        .filter_map(|(_, act)| policy.write(&act.rule.name))
        .flat_map(|rule| rule.groups.iter().map(|group| group.max_age_s))
        .min()
        .unwrap_or(TOKEN_LIFE_S)
}

impl From<DecisionArg> for Decision {
    fn from(argument: DecisionArg) -> Decision {
        match argument {
            DecisionArg::Approve => Decision::Approve,
            DecisionArg::Reject => Decision::Reject,
            DecisionArg::Revoke => Decision::Revoke,
            DecisionArg::Undo => Decision::Undo,
        }
    }
}
