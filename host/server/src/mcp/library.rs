//! What a client can read by address: runbooks, runs, plans, and its own grants.

use interlock_connectors::files;
use interlock_gate::escape::{foreign, foreign_short};
use rmcp::{
    ErrorData,
    model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate},
};
use serde_json::{Value, json};

use super::door::as_error;
use crate::{
    admit::Admitted,
    desk::{Code, Desk, News, Refusal, Said},
};

const SCHEME: &str = "interlock://";
/// Characters of a document in one part.
const PART_CHARS: usize = 20_000;
/// A README's most bytes.
const README_BYTES_MAX: usize = 64 * 1024;
/// Runs that are listed; all of them can be read.
const RUNS_LISTED: usize = 20;

/// What an address names.
#[derive(Debug, PartialEq, Eq)]
enum Address<'a> {
    Runbook(&'a str),
    Run(&'a str),
    Call(&'a str, &'a str),
    Plan(&'a str),
    Grants,
}

impl<'a> Address<'a> {
    /// The address and where in its document to begin; `None`: the beginning, as it is short.
    fn read(uri: &'a str) -> Option<(Address<'a>, Option<usize>)> {
        let rest = uri.strip_prefix(SCHEME)?;
        let (path, query) = match rest.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (rest, None),
        };
        let offset = match query {
            None => None,
            Some(query) => Some(query.strip_prefix("offset=")?.parse().ok()?),
        };
        let parts: Vec<&str> = path.split('/').collect();
        let address = match parts[..] {
            ["runbooks", name] if !name.is_empty() => Address::Runbook(name),
            ["runs", run] if !run.is_empty() => Address::Run(run),
            ["runs", run, "calls", call] => Address::Call(run, call),
            ["plans", plan] if !plan.is_empty() => Address::Plan(plan),
            ["policy", "grants"] => Address::Grants,
            _ => return None,
        };
        Some((address, offset))
    }
}

/// What there is to read, the newest runs and the plans that wait among it.
pub(super) async fn list(desk: &Desk, who: &Admitted) -> Result<Vec<Resource>, ErrorData> {
    desk.enter(who).map_err(as_error)?;
    let mut found = vec![
        Resource::new(format!("{SCHEME}policy/grants"), "grants")
            .with_title("What your runs may read and propose")
            .with_mime_type("application/json"),
    ];
    let installed = desk.installed(who).await.map_err(as_error)?;
    for line in &installed.runbooks {
        let mut resource =
            Resource::new(format!("{SCHEME}runbooks/{}", line.name), line.name.clone())
                .with_title(format!("Runbook {}", line.name))
                .with_mime_type("text/markdown");
        if !line.alerts.is_empty() {
            let alerts = foreign_short(&line.alerts.join(", "), 200);
            resource = resource.with_description(format!("Answers {alerts}"));
        }
        found.push(resource);
    }
    let runs = desk.runs_list(who, 0).await.map_err(as_error)?;
    let lines = runs.document["runs"].as_array();
    for line in lines.into_iter().flatten().take(RUNS_LISTED) {
        let text = |key: &str| line[key].as_str().unwrap_or_default();
        let run = text("run");
        found.push(
            Resource::new(format!("{SCHEME}runs/{run}"), run)
                .with_title(format!("Run {run} of {}", text("runbook")))
                .with_description(format!(
                    "incident {}, {}",
                    foreign_short(text("incident"), 80),
                    text("state")
                ))
                .with_mime_type("application/json"),
        );
    }
    let plans = desk.plans_list(who, false).await.map_err(as_error)?;
    let lines = plans.document["plans"].as_array();
    for line in lines.into_iter().flatten() {
        let text = |key: &str| line[key].as_str().unwrap_or_default();
        let plan = text("plan");
        found.push(
            Resource::new(format!("{SCHEME}plans/{plan}"), plan)
                .with_title(format!("Plan of run {}", text("run")))
                .with_description(foreign_short(text("summary"), 200))
                .with_mime_type("application/json"),
        );
    }
    Ok(found)
}

/// The forms of the addresses.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, kind: &str| {
        ResourceTemplate::new(format!("{SCHEME}{uri}"), name)
            .with_title(title)
            .with_mime_type(kind)
    };
    vec![
        template(
            "runbooks/{name}",
            "runbook",
            "A runbook: README and steps",
            "text/markdown",
        ),
        template(
            "runs/{run}",
            "run",
            "A run: its report and plan",
            "application/json",
        ),
        template(
            "runs/{run}/calls/{call}",
            "evidence",
            "One recorded call of a run; `?offset=` goes on",
            "application/json",
        ),
        template(
            "plans/{plan}",
            "plan",
            "A plan: what it would do",
            "application/json",
        ),
    ]
}

/// The addresses whose text is another after that.
pub(super) fn changed(news: &News) -> Vec<String> {
    match news {
        News::RunOpened { run, .. } | News::Step { run, .. } | News::RunEnded { run, .. } => {
            vec![format!("{SCHEME}runs/{run}")]
        }
        News::PlanWaiting { plan, run } | News::PlanChanged { plan, run, .. } => {
            vec![
                format!("{SCHEME}plans/{plan}"),
                format!("{SCHEME}runs/{run}"),
            ]
        }
        News::RunbooksChanged => Vec::new(),
    }
}

/// The one form of an address that can be watched, where the caller may read it: a run's or a plan's.
pub(super) async fn watchable(desk: &Desk, who: &Admitted, uri: &str) -> Result<String, Refusal> {
    match Address::read(uri) {
        Some((Address::Run(run), None)) => {
            let run = desk.record(who, run).await?.run;
            Ok(format!("{SCHEME}runs/{run}"))
        }
        Some((Address::Plan(plan), None)) => {
            let plan = desk.plan(who, plan).await?.id();
            Ok(format!("{SCHEME}plans/{plan}"))
        }
        _ => Err(Refusal::new(
            Code::BadInput,
            format!("`{}` cannot be watched", foreign_short(uri, 120)),
        )
        .next("watch a run or a plan, such as `interlock://runs/r-abcd2345`")),
    }
}

/// Reads one address.
pub(super) async fn read(
    desk: &Desk,
    who: &Admitted,
    uri: &str,
) -> Result<ReadResourceResult, ErrorData> {
    let Some((address, offset)) = Address::read(uri) else {
        let text = format!(
            "nothing is at `{}`: list the resources",
            foreign_short(uri, 120)
        );
        return Err(ErrorData::resource_not_found(
            text,
            Some(json!({"uri": foreign(uri)})),
        ));
    };
    let contents = match address {
        Address::Runbook(name) => runbook(desk, who, uri, name).await,
        Address::Run(run) => desk
            .run_shown(who, run)
            .await
            .map(|said| document(uri, offset, said)),
        Address::Call(run, call) => desk
            .evidence(who, run, call, offset.unwrap_or(0))
            .await
            .map(|said| whole(uri, said)),
        Address::Plan(plan) => desk
            .plan_shown(who, plan)
            .await
            .map(|said| document(uri, offset, said)),
        Address::Grants => desk.grants(who).await.map(|said| whole(uri, said)),
    };
    Ok(ReadResourceResult::new(contents.map_err(as_error)?))
}

async fn runbook(
    desk: &Desk,
    who: &Admitted,
    uri: &str,
    name: &str,
) -> Result<Vec<ResourceContents>, Refusal> {
    desk.enter(who)?;
    let installed = desk.installed(who).await?;
    let line = installed
        .runbooks
        .iter()
        .find(|line| line.name == name)
        .ok_or_else(|| {
            let name = foreign_short(name, 80);
            Refusal::new(Code::NotFound, format!("no runbook `{name}` is installed"))
                .next("list the runbooks")
        })?;
    let folder = desk
        .runner()
        .catalogue()
        .get(name)
        .map(|runbook| runbook.folder.clone());
    let readme = folder
        .and_then(|folder| files::read_plain(&folder.join("README.md"), README_BYTES_MAX).ok())
        .map(|bytes| lines_of(&String::from_utf8_lossy(&bytes)))
        .unwrap_or_else(|| format!("# {name}\n\nThis runbook has no README.\n"));
    let line = serde_json::to_string(line).unwrap_or_default();
    Ok(vec![
        ResourceContents::text(readme, uri).with_mime_type("text/markdown"),
        ResourceContents::text(line, format!("{uri}#steps")).with_mime_type("application/json"),
    ])
}

/// Each line escaped by itself, so that a README stays one.
fn lines_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        // Markdown's own backslashes and tabs are no danger, and a reader needs them.
        let line: String = line
            .chars()
            .map(|c| match c {
                '\\' | '\t' => c.to_string(),
                c => foreign(c.encode_utf8(&mut [0; 4])),
            })
            .collect();
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Text first, then the whole document.
fn whole(uri: &str, said: Said) -> Vec<ResourceContents> {
    vec![
        ResourceContents::text(said.text, format!("{uri}#text")),
        ResourceContents::text(said.document.to_string(), uri).with_mime_type("application/json"),
    ]
}

/// Text first, then the document, or the part of it that begins at `offset`.
fn document(uri: &str, offset: Option<usize>, said: Said) -> Vec<ResourceContents> {
    let text = said.document.to_string();
    let total = text.chars().count();
    if offset.is_none() && total <= PART_CHARS {
        return whole(uri, said);
    }
    let offset = offset.unwrap_or(0).min(total);
    let part: String = text.chars().skip(offset).take(PART_CHARS).collect();
    let end = offset + part.chars().count();
    let bare = uri.split('?').next().unwrap_or(uri);
    let next = (end < total).then(|| format!("{bare}?offset={end}"));
    let part = json!({
        "schema": "interlock.part.v1",
        "of": said.document.get("schema").cloned().unwrap_or(Value::Null),
        "part": part,
        "offset": offset,
        "total_chars": total,
        "truncated": next.is_some(),
        "next_offset": next.is_some().then_some(end),
        "next": next,
    });
    vec![
        ResourceContents::text(said.text, format!("{bare}#text")),
        ResourceContents::text(part.to_string(), uri).with_mime_type("application/json"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_its_forms_or_nothing() {
        let read = |uri| Address::read(uri);
        assert_eq!(
            read("interlock://runbooks/pg"),
            Some((Address::Runbook("pg"), None))
        );
        assert_eq!(
            read("interlock://runs/r-1?offset=20000"),
            Some((Address::Run("r-1"), Some(20_000)))
        );
        assert_eq!(
            read("interlock://runs/r-1/calls/c3"),
            Some((Address::Call("r-1", "c3"), None))
        );
        assert_eq!(
            read("interlock://policy/grants"),
            Some((Address::Grants, None))
        );
        for bad in [
            "interlock://runbooks/",
            "interlock://policy",
            "interlock://runs/r-1?page=2",
            "interlock://runs/r-1/../../etc/passwd",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn parts_make_the_whole() {
        let document_of = || Said {
            text: "a run".to_owned(),
            document: json!({"schema": "interlock.run.v1", "text": "é".repeat(50_000)}),
        };
        let (mut offset, mut text) = (Some(0), String::new());
        while let Some(at) = offset {
            let parts = document("interlock://runs/r", Some(at), document_of());
            let ResourceContents::TextResourceContents { text: part, .. } = &parts[1] else {
                panic!("no text");
            };
            let part: Value = serde_json::from_str(part).unwrap();
            text.push_str(part["part"].as_str().unwrap());
            offset = part["next_offset"]
                .as_u64()
                .map(|at| usize::try_from(at).unwrap());
        }
        assert_eq!(text, document_of().document.to_string());
    }

    #[test]
    fn a_readme_keeps_its_lines_and_loses_what_deceives() {
        assert_eq!(lines_of("# a\r\n\u{202e}b\\c\n"), "# a\n\\u{202e}b\\c\n");
    }
}
