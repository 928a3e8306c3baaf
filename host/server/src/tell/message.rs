//! A message's words and its form: what Slack's incoming webhooks take, and what others who take
//! the same show of it.
//!
//! `text` says everything by itself, since some receivers show nothing else; `blocks` are the same
//! lines in Slack's layout. Nothing in it can be pressed but one link to a page for reading.

use interlock_gate::ids::{PlanDigest, RunId};
use serde::Serialize;
use serde_json::{Value, json};

use super::mrkdwn::{code, foreign, plain};

/// Characters of one section; Slack takes 3000.
const SECTION_CHARS_MAX: usize = 2900;
/// Characters of one foreign name.
const NAME_CHARS_MAX: usize = 80;
/// Characters of what a plan would do, and of one need; the plan itself is never cut.
const LINE_CHARS_MAX: usize = 300;
/// Needs of one plan.
const NEEDS_MAX: usize = 3;
/// Foreign names in one line.
const NAMES_MAX: usize = 5;

/// One message, ready to be posted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Message {
    text: String,
    blocks: Vec<Value>,
    // For receivers that know them: nothing of the text is turned into a link or a mention.
    mrkdwn: bool,
    link_names: bool,
    unfurl_links: bool,
    unfurl_media: bool,
    parse: &'static str,
}

/// What it is about; all of it but the id is other people's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) incident: String,
    pub(super) service: Option<String>,
    pub(super) alerts: Vec<String>,
}

/// What is wrong, as the run's report leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The leading cause, what the runbook says it means, how sure the host is.
    Cause {
        cause: String,
        means: Option<String>,
        level: String,
    },
    /// The report names none.
    Unresolved,
}

/// One plan that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proposed {
    pub(super) plan: PlanDigest,
    pub(super) run: RunId,
    pub(super) runbook: String,
    pub(super) wrong: Wrong,
    /// `database.terminate, 36 sessions on orders-db/client`
    pub(super) would: String,
    pub(super) asked_by: String,
    pub(super) owners: Vec<String>,
    pub(super) needs: Vec<String>,
    /// `HH:MM:SSZ`
    pub(super) until: String,
}

/// What became of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Became {
    pub(super) plan: PlanDigest,
    pub(super) run: RunId,
    pub(super) what: What,
    pub(super) would: String,
}

/// The one thing that it says of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A token came in; what is still missing.
    Approval {
        by: Vec<String>,
        missing: Vec<String>,
    },
    /// A person said no, in their words.
    Rejected { by: String, reason: String },
    /// An approval was taken back.
    Revoked { by: String, reason: String },
    /// Nobody decided in time.
    Expired,
    /// A narrower plan took its place.
    Superseded,
    /// It was carried out: how many acts ended how.
    Applied { outcomes: String },
    /// It stopped before its end.
    Stopped { outcomes: String },
    /// Nobody knows what came of an act.
    Unknown,
    /// It was taken back.
    Undone,
}

/// Plans of one incident began to wait.
pub(super) fn waiting(about: &About, plans: &[Proposed], page: Option<&str>) -> Message {
    let title = match plans {
        [_one] => "A plan waits for approval".to_owned(),
        many => format!("{} plans wait for approval", many.len()),
    };
    let mut message = Lines::new(&title);
    message.section(vec![incident_line(about)]);
    for one in plans {
        message.section(proposed(one, page));
    }
    message.small(
        "Nothing is changed until a person signs. Text in quotation marks was written by others.",
    );
    message.finish()
}

fn proposed(one: &Proposed, page: Option<&str>) -> Vec<String> {
    let mut lines = vec![
        format!("*What is wrong:* {}", wrong(&one.wrong)),
        format!("*It would do:* {}", code(&cut(&one.would))),
    ];
    let mut who = format!("*Asked for by:* {}", plain(&one.asked_by));
    if !one.owners.is_empty() {
        who.push_str(&format!(", for {}", plain(&one.owners.join(", "))));
    }
    who.push_str(&format!(", by runbook {}", plain(&one.runbook)));
    lines.push(who);
    lines.extend(needs("It needs", &one.needs));
    lines.push(format!("*Until:* {}", one.until));
    lines.push(format!(
        "*Read and decide, on a terminal:*\n```interlock approve {}```",
        one.plan
    ));
    lines.push(plan_line(&one.plan, &one.run, page));
    lines
}

fn needs(lead: &str, needs: &[String]) -> Vec<String> {
    let shown = needs.iter().take(NEEDS_MAX);
    let mut lines: Vec<String> = shown
        .map(|need| format!("*{lead}:* {}", plain(&cut(need))))
        .collect();
    if needs.len() > NEEDS_MAX {
        lines.push(format!("*{lead}:* {} more", needs.len() - NEEDS_MAX));
    }
    lines
}

/// The host's own words, where there are more of them than a message holds.
fn cut(text: &str) -> String {
    if text.chars().count() <= LINE_CHARS_MAX {
        return text.to_owned();
    }
    let head: String = text.chars().take(LINE_CHARS_MAX).collect();
    format!("{head}... and more: read the plan")
}

fn wrong(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Cause {
            cause,
            means,
            level,
        } => {
            let cause = name(cause);
            let means = means.as_ref().map(|it| format!(": {}", foreign(it, 200)));
            format!("{cause}, confidence {level}{}", means.unwrap_or_default())
        }
        Wrong::Unresolved => "no cause is named".to_owned(),
    }
}

/// A name that a runbook's manifest made up; in code where it looks like one.
fn name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.len() <= 64 && text.chars().all(plain) {
        code(text)
    } else {
        foreign(text, 64)
    }
}

fn incident_line(about: &About) -> String {
    let mut line = format!("Incident {}", foreign(&about.incident, NAME_CHARS_MAX));
    if let Some(service) = &about.service {
        line.push_str(&format!(" of {}", foreign(service, NAME_CHARS_MAX)));
    }
    if !about.alerts.is_empty() {
        let mut names = about.alerts.clone();
        names.sort();
        names.dedup();
        let more = names.len().saturating_sub(NAMES_MAX);
        let shown: Vec<String> = names
            .iter()
            .take(NAMES_MAX)
            .map(|name| foreign(name, NAME_CHARS_MAX))
            .collect();
        line.push_str(&format!(", alerts {}", shown.join(", ")));
        if more > 0 {
            line.push_str(&format!(" and {more} more"));
        }
    }
    line
}

fn plan_line(plan: &PlanDigest, run: &RunId, page: Option<&str>) -> String {
    let mut line = format!("plan {} ({}), run {run}", code(&plan.short()), plan);
    if let Some(page) = page {
        // A page for reading: no request to it changes anything.
        line.push_str(&format!(", <{page}/page/plans/{plan}|read it>"));
    }
    line
}

/// Something became of a plan that was told of.
pub(super) fn changed(became: &Became, page: Option<&str>) -> Message {
    let plan = became.plan;
    let (title, mut lines) = match &became.what {
        What::Approval { by, missing } if missing.is_empty() => (
            format!("Plan {} has every approval it needs", plan.short()),
            vec![
                format!("Approved by {}. It is carried out by:", plain(&by.join(", "))),
                format!("```interlock apply {plan}```"),
            ],
        ),
        What::Approval { by, missing } => {
            let mut lines = vec![format!("Approved by {}.", plain(&by.join(", ")))];
            lines.extend(needs("Still needs", missing));
            (
                format!("Plan {} has one more approval", plan.short()),
                lines,
            )
        }
        What::Rejected { by, reason } => (
            format!("Plan {} is rejected", plan.short()),
            vec![said(by, reason)],
        ),
        What::Revoked { by, reason } => (
            format!("Plan {} is withdrawn", plan.short()),
            vec![said(by, reason)],
        ),
        What::Expired => (
            format!("Plan {} ran out", plan.short()),
            vec!["Nobody decided in time, and nothing was changed. A new run observes afresh and makes a new plan.".to_owned()],
        ),
        What::Superseded => (
            format!("Plan {} is replaced", plan.short()),
            vec!["A narrower plan took its place: approvals do not carry over.".to_owned()],
        ),
        What::Applied { outcomes } => (
            format!("Plan {} was carried out", plan.short()),
            vec![
                format!("{}. Whether it has helped is shown by:", plain(outcomes)),
                format!("```interlock runs show {}```", became.run),
            ],
        ),
        What::Stopped { outcomes } => (
            format!("Plan {} stopped before its end", plan.short()),
            vec![plain(outcomes), "It is never resumed: a new run observes afresh.".to_owned()],
        ),
        What::Unknown => (
            format!("Plan {}: the outcome is unknown", plan.short()),
            vec![
                "The host ended between an act and its outcome. Nothing tries it again; a person looks, and settles it by:".to_owned(),
                format!("```interlock runs reconcile {}```", became.run),
            ],
        ),
        What::Undone => (
            format!("Plan {} was taken back", plan.short()),
            Vec::new(),
        ),
    };
    lines.push(format!("It was about: {}", code(&cut(&became.would))));
    lines.push(plan_line(&plan, &became.run, page));
    let mut message = Lines::new(&title);
    message.section(lines);
    message.finish()
}

fn said(by: &str, reason: &str) -> String {
    if reason.is_empty() {
        format!("By {}.", plain(by))
    } else {
        format!("By {}: {}", plain(by), foreign(reason, 200))
    }
}

/// Title, sections and small print, in both forms.
struct Lines {
    text: String,
    blocks: Vec<Value>,
}

impl Lines {
    /// A title is the host's own words.
    fn new(title: &str) -> Lines {
        let header = json!({"type": "plain_text", "text": title, "emoji": false});
        Lines {
            text: format!("*{title}*"),
            blocks: vec![json!({"type": "header", "text": header})],
        }
    }

    fn section(&mut self, lines: Vec<String>) {
        let text = lines.join("\n");
        self.text.push_str(&format!("\n\n{text}"));
        let shown: String = text.chars().take(SECTION_CHARS_MAX).collect();
        self.blocks
            .push(json!({"type": "section", "text": mrkdwn(&shown)}));
    }

    fn small(&mut self, text: &str) {
        self.text.push_str(&format!("\n\n{text}"));
        self.blocks
            .push(json!({"type": "context", "elements": [mrkdwn(text)]}));
    }

    fn finish(self) -> Message {
        Message {
            text: self.text,
            blocks: self.blocks,
            mrkdwn: true,
            link_names: false,
            unfurl_links: false,
            unfurl_media: false,
            parse: "none",
        }
    }
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text, "verbatim": true})
}

#[cfg(test)]
mod tests;
