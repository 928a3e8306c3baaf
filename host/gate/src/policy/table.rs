//! A policy's test table, `<policy>.test.toml`: what it must say, case by case.
//! Each case names the verdict *and* what decides, so that a policy that is right for a wrong
//! reason fails too.

use std::ops::Range;

use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::errors::PolicyErrors;
use super::fields::{self, Complaints, Fields, nearest, shown};
use super::problem::Problem;
use super::read::{READ_CAPABILITIES, date, tables};
use super::words;
use super::{POLICY_BYTES_MAX, Policy};
use crate::action::{AnyAction, Capability};
use crate::ids::PersonName;
use crate::preview::{Ask, Verdict, preview};
use crate::target::Target;
use crate::time::Time;

const CASE: &str = "[[case]]";
const VERDICTS: [Verdict; 3] = [
    Verdict::Permitted,
    Verdict::ApprovalRequired,
    Verdict::Denied,
];

/// A policy's test table.
#[derive(Clone, Debug)]
pub struct Table {
    cases: Vec<TableCase>,
}

#[derive(Clone, Debug)]
struct TableCase {
    name: String,
    line: usize,
    runbook: String,
    what: What,
    requester: Option<String>,
    signed: Vec<PersonName>,
    at: Option<Time>,
    backtested: bool,
    verdict: Verdict,
    rule: String,
}

#[derive(Clone, Debug)]
enum What {
    Read { capability: String, source: String },
    Write { action: AnyAction, count: u32 },
}

/// How one case went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// The case's name.
    pub name: String,
    /// The line of the table that it begins on, from 1.
    pub line: usize,
    /// The verdict that the table asks for.
    pub expected: Verdict,
    /// What the table says decides.
    pub expected_rule: String,
    /// The verdict of the policy.
    pub found: Verdict,
    /// What decides in the policy.
    pub found_rule: String,
}

impl CaseResult {
    /// Whether verdict and deciding rule are as the table says.
    pub fn passed(&self) -> bool {
        self.expected == self.found && self.expected_rule == self.found_rule
    }
}

impl Table {
    /// Reads a table, or says everything that is wrong with it. A table without cases is wrong.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        let mut out = Complaints::new(text);
        let cases = read(text, &mut out);
        match PolicyErrors::new(out.into_errors()) {
            None => Ok(Self { cases }),
            Some(errors) => Err(errors),
        }
    }

    /// Asks `policy` every case, in the table's order.
    pub fn run(&self, policy: &Policy) -> Vec<CaseResult> {
        self.cases.iter().map(|case| case.run(policy)).collect()
    }
}

impl TableCase {
    fn run(&self, policy: &Policy) -> CaseResult {
        let (found, found_rule) = match &self.what {
            What::Read { capability, source } => {
                if policy.permits_read(&self.runbook, capability, source) {
                    (Verdict::Permitted, "read".to_owned())
                } else {
                    (Verdict::Denied, "none".to_owned())
                }
            }
            What::Write { action, count } => {
                let said = preview(
                    policy,
                    &Ask {
                        runbook: &self.runbook,
                        action,
                        count: *count,
                        requester: self.requester.as_deref(),
                        signed: &self.signed,
                        at: self.at,
                        backtested: self.backtested,
                    },
                );
                (said.verdict, said.rule)
            }
        };
        CaseResult {
            name: self.name.clone(),
            line: self.line,
            expected: self.verdict,
            expected_rule: self.rule.clone(),
            found,
            found_rule,
        }
    }
}

fn read(text: &str, out: &mut Complaints<'_>) -> Vec<TableCase> {
    if text.len() > POLICY_BYTES_MAX {
        let max_bytes = POLICY_BYTES_MAX;
        out.add(Problem::TooLong { max_bytes }, 0..0);
        return Vec::new();
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors.iter().take(20) {
        let words = error.message().to_owned();
        out.add(Problem::Syntax { words }, error.span().unwrap_or(0..0));
    }
    if !errors.is_empty() {
        return Vec::new();
    }
    let mut top = Fields::new("a policy table", document.get_ref(), 0..0);
    if let Some(value) = top.need("version", out)
        && fields::plain_integer(value.get_ref()) != Some(1)
    {
        out.add(Problem::Version, value.span());
    }
    let cases = tables("case", top.need("case", out), out);
    top.finish(out);
    cases
        .into_iter()
        .filter_map(|(table, span)| read_case(text, table, span, out))
        .collect()
}

fn read_case(
    text: &str,
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<TableCase> {
    let (line, _) = super::line_column(text, span.start);
    let mut fields = Fields::new(CASE, table, span);
    let name = fields
        .need("name", out)
        .and_then(|value| words::title("name", value, out));
    let runbook = fields
        .need("runbook", out)
        .and_then(|value| fields::text("runbook", value, out));
    let what = read_what(&mut fields, out);
    let requester = fields
        .take("requester")
        .and_then(|value| fields::text("requester", value, out));
    let signed = fields.take("signed").map(|value| {
        words::words("signed", value, out)
            .iter()
            .filter_map(|name| name.parse().ok())
            .collect()
    });
    let at = fields.take("at").and_then(|value| date("at", value, out));
    let backtested = fields
        .take("backtested")
        .and_then(|value| fields::boolean("backtested", value, out));
    let verdict = fields.need("verdict", out).and_then(|value| {
        let text = fields::text("verdict", value, out)?;
        let found = VERDICTS.into_iter().find(|verdict| verdict.word() == text);
        if found.is_none() {
            let problem = Problem::Word {
                value: shown(text),
                expected: "`permitted`, `approval_required` or `denied`",
                nearest: nearest(text, VERDICTS.iter().map(|verdict| verdict.word())),
            };
            out.add(problem, value.span());
        }
        found
    });
    let rule = fields
        .need("rule", out)
        .and_then(|value| fields::text("rule", value, out));
    fields.finish(out);
    Some(TableCase {
        name: name?.to_owned(),
        line,
        runbook: runbook?.to_owned(),
        what: what?,
        requester: requester.map(str::to_owned),
        signed: signed.unwrap_or_default(),
        at,
        backtested: backtested.unwrap_or(false),
        verdict: verdict?,
        rule: rule?.to_owned(),
    })
}

fn read_what(fields: &mut Fields<'_, '_>, out: &mut Complaints<'_>) -> Option<What> {
    let capability_at = fields.need("capability", out);
    let target_at = fields.need("target", out);
    let arguments = fields.take("arguments");
    let count = fields
        .take("count")
        .and_then(|value| fields::integer("count", value, (1, 100), out))
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(1);
    let (capability_at, target_at) = (capability_at?, target_at?);
    let name = fields::text("capability", capability_at, out)?;
    let target = fields::text("target", target_at, out)?;
    if READ_CAPABILITIES.contains(&name) {
        return Some(What::Read {
            capability: name.to_owned(),
            source: target.to_owned(),
        });
    }
    let parsed = name.parse::<Capability>().ok();
    // What only takes another act back is asked for by nobody.
    let Some(capability) = parsed.filter(|found| !found.only_undo()) else {
        let asked = Capability::ALL.iter().filter(|c| !c.only_undo());
        let known = asked.map(|c| c.name());
        let problem = Problem::Word {
            value: shown(name),
            expected: "a capability",
            nearest: nearest(name, known.chain(READ_CAPABILITIES)),
        };
        out.add(problem, capability_at.span());
        return None;
    };
    let given = arguments.and_then(|value| read_arguments(capability, value, out));
    if arguments.is_some() && given.is_none() {
        return None;
    }
    let mut all = capability_defaults(capability);
    all.extend(given.unwrap_or_default());
    let action = target.parse::<Target>().ok().and_then(|target| {
        AnyAction::from_parts(capability, target, all.into_iter().collect()).ok()
    });
    if action.is_none() {
        let problem = Problem::Word {
            value: shown(target),
            expected: "a target of that capability with arguments of the right types",
            nearest: None,
        };
        out.add(problem, target_at.span());
    }
    Some(What::Write {
        action: action?,
        count,
    })
}

fn read_arguments(
    capability: Capability,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<Map<String, Value>> {
    let table = fields::table("arguments", value, out)?;
    let mut found = Map::new();
    let mut complete = true;
    for (key, value) in table {
        let argument = key.get_ref().as_ref();
        if !capability.argument_names().contains(&argument) {
            let problem = Problem::Argument {
                argument: shown(argument),
                capability: capability.name().to_owned(),
                nearest: nearest(argument, capability.argument_names().iter().copied()),
            };
            out.add(problem, key.span());
            complete = false;
            continue;
        }
        let json = match value.get_ref() {
            DeValue::String(text) => Some(Value::from(text.as_ref())),
            other => fields::plain_integer(other).map(Value::from),
        };
        match json {
            Some(json) => drop(found.insert(argument.to_owned(), json)),
            None => {
                let expected = "a string or a whole number";
                let problem = fields::type_problem(argument, expected, value.get_ref());
                out.add(problem, value.span());
                complete = false;
            }
        }
    }
    complete.then_some(found)
}

/// What a case does not name is unknown where it may be, and harmless where it may not.
fn capability_defaults(capability: Capability) -> Map<String, Value> {
    let default = |name: &str| match name {
        "pid" | "replicas" | "observed_replicas" | "minutes" => Value::from(1),
        "kind" => Value::from("Deployment"),
        "namespace" => Value::from("default"),
        "from_revision" => Value::from("2"),
        "to_revision" => Value::from("1"),
        "labels" => Value::Object(Map::new()),
        "reason" | "message" => Value::from(""),
        _nullable => Value::Null,
    };
    capability
        .argument_names()
        .iter()
        .map(|name| ((*name).to_owned(), default(name)))
        .collect()
}
