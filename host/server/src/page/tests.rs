use interlock_gate::{plan::Plan, screen, state::PlanState};
use serde_json::json;

use super::{
    paint::{Page, Painter},
    sample,
    view::{
        incident::{FrontView, IncidentView, RunLine, Waiting},
        plan::{Around, PlanView},
        run::RunView,
    },
};

/// Every element that a template writes.
const ELEMENTS: &str = "a article b body caption circle code dd details div dl dt figcaption figure \
    footer h1 h2 h3 h4 head header html li line link main meta ol p path pre q section small span \
    summary svg symbol table tbody td text th thead time title tr ul use";

fn painted<T: serde::Serialize>(template: &str, it: T) -> String {
    let page = Page {
        title: "a title".to_owned(),
        host: "interlock.demo",
        now: sample::now().clock(),
        again_s: None,
        it,
    };
    Painter::new().unwrap().paint(template, &page).unwrap()
}

fn plan_page(acts: u32, state: PlanState) -> String {
    let record = sample::run(acts, state);
    let (findings, policy) = (sample::findings(), sample::policy());
    let around = Around {
        findings: &findings,
        policy: &policy,
        applied: 0,
    };
    painted(
        "plan.html",
        PlanView::new(sample::now(), &record, &record.plans[0], &around),
    )
}

/// Every page, of records in which whatever others can write is hostile.
fn pages() -> Vec<(&'static str, String)> {
    let now = sample::now();
    let record = sample::run(4, PlanState::Waiting);
    let incident = sample::incident_record();
    let incident = || IncidentView::new(now, &incident, &[&record]);
    let front = FrontView {
        waiting: vec![Waiting::new(
            now,
            &record,
            &record.plans[0],
            &sample::findings(),
        )],
        incidents: vec![incident()],
        runs: vec![RunLine::new(now, &record)],
        more: true,
    };
    vec![
        ("front", painted("front.html", front)),
        ("incident", painted("incident.html", incident())),
        ("run", painted("run.html", RunView::new(now, &record))),
        ("plan", plan_page(4, PlanState::Waiting)),
        ("stopped plan", plan_page(4, PlanState::Stopped { at: 2 })),
    ]
}

/// Each tag of a page: its name and the rest of it.
fn tags(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split('<').skip(1).map(|after| {
        let tag = after.split('>').next().unwrap();
        let tag = tag.trim_start_matches('/').trim_end_matches('/');
        tag.split_once(char::is_whitespace).unwrap_or((tag, ""))
    })
}

/// The text of a piece of HTML.
fn text(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, after)| after));
    }
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text, |text, (name, is)| text.replace(name, is))
}

#[test]
fn what_others_wrote_is_inert_on_every_page() {
    for (page, html) in pages() {
        assert!(html.len() > 2_000, "{page} is nearly empty");
        for (name, rest) in tags(&html) {
            let known = ELEMENTS.split_whitespace().any(|element| element == name);
            assert!(known || name == "!doctype", "{page}: <{name}>");
            for attribute in rest.split_whitespace() {
                let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
                assert!(
                    !key.starts_with("on") && key != "style" && key != "src",
                    "{page}: {attribute}"
                );
                if key == "href" {
                    let to = text(value);
                    let inside = ["\"/", "\"#", "\"data:,\""]
                        .iter()
                        .any(|begin| to.starts_with(begin));
                    assert!(inside && !to.starts_with("\"//"), "{page}: {to}");
                }
            }
        }
        let hidden = html
            .chars()
            .find(|c| (c.is_control() && *c != '\n') || ('\u{200b}'..='\u{202e}').contains(c));
        assert_eq!(hidden, None, "{page}");
        assert!(
            html.contains("&lt;script&gt;alert(1)"),
            "{page}: it is shown"
        );
        assert!(
            html.contains("\\u{202e}gnp\\u{200b}"),
            "{page}: what was hidden is spelled out"
        );
        assert!(html.contains("{{ 7*7 }}"), "{page}: it is no template");
    }
}

#[test]
fn what_others_wrote_is_marked() {
    for (page, html) in pages() {
        // Words of a step and of the gate are escaped; alerts, notes and names are marked too.
        assert!(html.contains("<q>&lt;&#x2f;q&gt;"), "{page}");
    }
    let run = &pages()[2].1;
    let theirs = &run[run.find("diagnosis of triage-agent (for bob)").unwrap()..];
    let theirs = &theirs[..theirs.find("</section>").unwrap()];
    assert!(
        theirs.matches("<q>").count() >= 12,
        "a caller's diagnosis is marked throughout"
    );
}

#[test]
fn nothing_on_a_page_can_be_submitted() {
    for (page, html) in pages() {
        for element in [
            "form", "button", "input", "select", "textarea", "script", "iframe", "object",
        ] {
            assert!(
                tags(&html).all(|(name, _)| name != element),
                "{page}: <{element}>"
            );
        }
    }
}

#[test]
fn a_plans_page_holds_the_signed_text_word_for_word() {
    for acts in [1, 4, 100] {
        let plan = sample::plan(acts);
        let html = plan_page(acts, PlanState::Waiting);
        let signed = html.split("<pre class=\"signed\">").nth(1).unwrap();
        let signed = text(signed.split("</pre>").next().unwrap());
        assert_eq!(
            signed,
            format!(
                "{}{}",
                screen::plan_line(&plan),
                screen::what_you_sign(&plan)
            )
        );
    }
}

#[test]
fn every_row_of_a_plan_has_its_row_on_the_page() {
    let html = plan_page(100, PlanState::Waiting);
    for pid in 210_411..210_511 {
        assert!(
            html.contains(&format!("<td data-name=\"pid\">{pid}</td>")),
            "{pid}"
        );
    }
}

#[test]
fn a_plan_that_waits_shows_the_one_command_and_one_that_is_over_does_not() {
    let command = format!("interlock approve {}", sample::plan(4).id().short());
    assert!(plan_page(4, PlanState::Waiting).contains(&command));
    for over in [
        PlanState::Rejected,
        PlanState::Expired,
        PlanState::Superseded,
        PlanState::Applied,
    ] {
        assert!(!plan_page(4, over).contains(&command), "{over}");
    }
}

#[test]
fn a_plans_page_reads_as_it_did() {
    let html = plan_page(2, PlanState::Waiting);
    let main = html
        .split("<main>")
        .nth(1)
        .unwrap()
        .split("</main>")
        .next()
        .unwrap();
    insta::assert_snapshot!("plan", main);
}

#[test]
fn every_page_is_drawn_of_nothing_too() {
    let front = FrontView {
        waiting: Vec::new(),
        incidents: Vec::new(),
        runs: Vec::new(),
        more: false,
    };
    assert!(painted("front.html", front).contains("No plan waits for anybody."));
    let mut record = sample::run(1, PlanState::Waiting);
    record.steps.clear();
    record.plans.clear();
    record.verified.clear();
    record.diagnoses.clear();
    record.inputs.clear();
    assert!(
        painted("run.html", RunView::new(sample::now(), &record)).contains("came to no conclusion")
    );
}

#[test]
fn what_takes_an_action_back_is_shown_in_full() {
    let mut body = sample::plan(2).body().clone();
    let scale = |from: u32, to: u32| {
        json!({
            "capability": "workload.scale", "target": "prod/checkout",
            "arguments": { "kind": "Deployment", "namespace": "shop", "replicas": to, "observed_replicas": from },
        })
    };
    let mut action = scale(3, 6);
    for (name, value) in [
        ("cites", json!({ "call": "c2", "item": 0 })),
        ("do", json!("act")),
        ("rule", serde_json::to_value(&body.actions[0].rule).unwrap()),
        ("seen", json!({ "uid": "u-1", "resource_version": "77" })),
        ("undo", scale(6, 3)),
    ] {
        action[name] = value;
    }
    body.actions = vec![serde_json::from_value(action).unwrap()];
    let mut record = sample::run(2, PlanState::Waiting);
    record.plans[0].plan = std::sync::Arc::new(Plan::new(body).unwrap());
    let (findings, policy) = (sample::findings(), sample::policy());
    let around = Around {
        findings: &findings,
        policy: &policy,
        applied: 3,
    };
    let view = PlanView::new(sample::now(), &record, &record.plans[0], &around);
    let page = text(&painted("plan.html", view));
    assert!(
        page.contains("workload.scale on prod/checkout, kind \"Deployment\""),
        "{page}"
    );
    assert!(page.contains("observed_replicas 6, replicas 3"), "{page}");
    assert!(page.contains("applied here 3 times"), "{page}");
}
