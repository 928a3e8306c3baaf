//! `policy check`: is this a policy, and what does it grant.

use std::path::Path;

use interlock_connectors::{config::Config, files};
use interlock_gate::{
    ids::PolicyDigest,
    policy::{Policy, PolicyErrors},
};
use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output};

#[derive(Serialize)]
struct CheckJson<'a> {
    schema: &'static str,
    file: &'a Path,
    digest: PolicyDigest,
    approvers: Vec<&'a str>,
    callers: Vec<&'a str>,
    reads: usize,
    writes: Vec<&'a str>,
    warnings: &'a [String],
}

/// Reads a policy file, as the host does.
pub(crate) fn read(file: &Path) -> Result<Policy, Failure> {
    let text = files::read_private_text(file, interlock_gate::policy::POLICY_BYTES_MAX)
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    Policy::parse(&text).map_err(|errors| refused(file, &text, &errors))
}

/// Every error of a policy with its place.
pub(crate) fn refused(file: &Path, text: &str, errors: &PolicyErrors) -> Failure {
    mistakes(file, text, errors).closing("policy refused whole: nothing runs until it parses")
}

/// Every error with its place.
pub(crate) fn mistakes(file: &Path, text: &str, errors: &PolicyErrors) -> Failure {
    let problems = errors.iter().map(|error| {
        (
            error.message(),
            Some(error.span.clone()),
            error.label(),
            error.problem.help(),
        )
    });
    Failure::in_text(Exit::Usage, &file.display().to_string(), text, problems)
}

/// A policy by itself.
pub(crate) fn check(file: &Path) -> Result<Output, Failure> {
    said(file, &read(file)?)
}

/// The configured policy, as this host reads it: its own key may not be an approver's.
pub(crate) fn check_configured(config: &Config) -> Result<Output, Failure> {
    let public = interlock_store::checkpoint::HostKey::load(
        &config.state_dir.join("host.key"),
        &config.origin,
    );
    let host = match public {
        Ok(Some(key)) => Some(key.public().id()),
        // Without a journal there is no key yet; `doctor` says what is wrong with one.
        Ok(None) | Err(_) => None,
    };
    let policy = interlock_runner::open::read_policy(&config.policy, host.as_ref())?;
    said(&config.policy, &policy)
}

/// Rules that nobody could ever satisfy: no mistake of form, and surely one of intent.
fn hopeless(policy: &Policy) -> Vec<String> {
    let holders = |roles: &[String]| {
        let holds = |one: &&interlock_gate::policy::Approver| {
            one.roles.iter().any(|role| roles.contains(role))
        };
        policy.approvers().iter().filter(holds).count()
    };
    policy
        .writes()
        .iter()
        .flat_map(|rule| rule.groups.iter().map(move |group| (rule, group)))
        .filter_map(|(rule, group)| {
            let has = holders(&group.roles);
            let need = usize::try_from(group.need).unwrap_or(usize::MAX);
            (has < need).then(|| {
                format!(
                    "rule `{}` needs {need} of {}, and the policy names {has}: nobody can ever \
                     approve it",
                    rule.name,
                    group.roles.join(" or ")
                )
            })
        })
        .collect()
}

fn said(file: &Path, policy: &Policy) -> Result<Output, Failure> {
    let warnings = hopeless(policy);
    let names: Vec<&str> = policy
        .approvers()
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    let writes: Vec<&str> = policy
        .writes()
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    let mut human = format!(
        "ok: {}\n  {}\n  approvers  {}\n  callers    {}\n  rules      {} read, {} write: {}\n",
        file.display(),
        policy.digest(),
        list(&names),
        list(
            &policy
                .callers()
                .iter()
                .map(|one| one.name.as_str())
                .collect::<Vec<_>>()
        ),
        policy.reads().len(),
        writes.len(),
        list(&writes),
    );
    let document = CheckJson {
        schema: "interlock.policy-check.v1",
        file,
        digest: policy.digest(),
        approvers: names,
        callers: policy
            .callers()
            .iter()
            .map(|one| one.name.as_str())
            .collect(),
        reads: policy.reads().len(),
        writes,
        warnings: &warnings,
    };
    for warning in &warnings {
        human.push_str(&interlock_screens::text::words::wrapped(
            "  warning    ",
            warning,
            100,
        ));
    }
    Ok(Output::new(Exit::Done, human, &document))
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[derive(Serialize)]
struct ExplainJson {
    schema: &'static str,
    plan: String,
    permitted: bool,
    seats: Vec<interlock_screens::json::plan::SeatJson>,
    against: Vec<interlock_screens::json::plan::ReasonJson>,
    not_counted: Vec<interlock_screens::json::plan::ReasonJson>,
}

/// Why a plan is or is not permitted now, and who can supply what is missing.
pub(crate) async fn explain(given: &str, config: Option<&Path>) -> Result<Output, Failure> {
    use std::fmt::Write as _;

    use interlock_gate::{escape, explain::Finding, history::Kind, screen};

    let runner = crate::setup::open(config)?;
    let plan = runner.find_plan(given).await?;
    let findings = runner.explain(&plan, Kind::Apply).await?;
    let mut out = format!("plan {}: {}\n", plan.id().short(), screen::summary(&plan));
    for finding in &findings {
        let line = match finding {
            Finding::Rule {
                name,
                seats,
                filled,
                ..
            } => {
                format!(
                    "rule       {}: {filled} of {seats} seats filled",
                    escape::quoted(name)
                )
            }
            Finding::Filled { by, roles, .. } => {
                format!("  filled   by {by} ({})", roles.join(" or "))
            }
            Finding::Empty {
                roles, can, freeze, ..
            } => {
                let who: Vec<&str> = can.iter().map(|one| one.as_str()).collect();
                let frozen = freeze
                    .as_ref()
                    .map(|name| format!(", asked for by the freeze {}", escape::quoted(name)));
                format!(
                    "  empty    needs {}{}; can sign: {}",
                    roles.join(" or "),
                    frozen.unwrap_or_default(),
                    list(&who)
                )
            }
            Finding::Against(reason) => format!("against    {reason}"),
            Finding::Ignored(reason) => format!("not valid  {reason}"),
        };
        let _ = writeln!(out, "{line}");
    }
    let (seats, against, not_counted) = interlock_screens::json::plan::sorted(&findings);
    let permitted = against.is_empty();
    let _ = writeln!(
        out,
        "{}",
        if permitted {
            "permitted now"
        } else {
            "not permitted now"
        }
    );
    let document = ExplainJson {
        schema: "interlock.policy-explain.v1",
        plan: plan.id().to_string(),
        permitted,
        seats,
        against,
        not_counted,
    };
    Ok(Output::new(Exit::Done, out, &document))
}
