use std::path::Path;
use std::time::Duration;

use interlock_capabilities::names;
use interlock_connectors::config::Config;
use interlock_test_servers::{Receiver, otlp};
use tracing::Instrument as _;

use super::door::{About, Transport};
use super::*;

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn config(url: &str) -> Config {
    let text = format!(
        "version = 1\npolicy = \"p\"\nstate_dir = \"s\"\n\
         [telemetry]\nservice = \"interlock-test\"\notlp = \"{url}\"\n"
    );
    Config::parse(Path::new("interlock.toml"), &text).unwrap()
}

/// As the runner and the engine open theirs.
async fn run() {
    let run = tracing::info_span!("run", { names::OTEL_NAME } = "run leak");
    async {
        let step = tracing::info_span!("step", { names::OTEL_NAME } = "step diagnose");
        async {
            let call = tracing::info_span!(
                "call",
                { names::OTEL_NAME } = "database.sessions",
                { names::OTEL_KIND } = "client",
                { names::TARGET } = "orders-db",
            );
            let asked = async {
                tracing::info!("an event is no part of a span");
                tokio::task::yield_now().await;
            };
            tokio::spawn(asked.instrument(call)).await.unwrap();
        }
        .instrument(step)
        .await;
    }
    .instrument(run)
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_goes_from_the_agents_call_through_run_step_and_call() {
    let receiver = Receiver::start().unwrap();
    let traces = export::traces(&config(&receiver.url()).telemetry)
        .unwrap()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(spans_to(Some(&traces)));
    let dispatch = tracing::Dispatch::new(subscriber);
    let door = tracing::dispatcher::with_default(&dispatch, || {
        door::mcp_request(
            "tools/call",
            About::Tool("run_leak"),
            Transport::Pipe,
            parent(PARENT).as_ref(),
        )
    });
    let started = {
        let _default = tracing::dispatcher::set_default(&dispatch);
        let entered = door.enter();
        door::asked_by(&door, "triage-agent");
        let work = below_current(run());
        drop(entered);
        // The door answers first; the run goes on.
        drop(door);
        work
    };
    tracing::instrument::WithSubscriber::with_subscriber(started, dispatch.clone()).await;
    drop(dispatch);
    traces
        .shutdown_with_timeout(Duration::from_secs(5))
        .unwrap();

    let received = receiver.received();
    let spans = otlp::spans(&received);
    let span = |name: &str| {
        let found: Vec<_> = spans.iter().filter(|one| one.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {spans:#?}");
        found[0]
    };
    let chain = [
        "tools/call run_leak",
        "run leak",
        "step diagnose",
        "database.sessions",
    ];
    let mut above = "00f067aa0ba902b7".to_owned();
    for name in chain {
        let one = span(name);
        assert_eq!(one.trace, "4bf92f3577b34da6a3ce929d0e0e4736", "{name}");
        assert_eq!(one.parent, above, "{name}");
        assert_eq!(one.resource[names::SERVICE_NAME], "interlock-test");
        above.clone_from(&one.id);
    }
    assert_eq!(spans.len(), chain.len());
    let door = span(chain[0]);
    assert_eq!(door.kind, "server");
    assert_eq!(door.get(names::MCP_METHOD_NAME), "tools/call");
    assert_eq!(door.get(names::GEN_AI_TOOL_NAME), "run_leak");
    assert_eq!(door.get(names::GEN_AI_OPERATION_NAME), "execute_tool");
    assert_eq!(door.get(names::NETWORK_TRANSPORT), "pipe");
    assert_eq!(door.get(names::CALLER), "triage-agent");
    assert_eq!(span("database.sessions").kind, "client");
    assert_eq!(span("database.sessions").get(names::TARGET), "orders-db");
}

/// The spans that `make` opens, as they arrive.
fn sent(make: impl FnOnce()) -> Vec<otlp::Span> {
    let receiver = Receiver::start().unwrap();
    let traces = export::traces(&config(&receiver.url()).telemetry)
        .unwrap()
        .unwrap();
    let subscriber = tracing_subscriber::registry().with(spans_to(Some(&traces)));
    tracing::subscriber::with_default(subscriber, make);
    traces
        .shutdown_with_timeout(Duration::from_secs(5))
        .unwrap();
    otlp::spans(&receiver.received())
}

#[test]
fn a_door_span_holds_no_word_that_a_client_made_up() {
    let spans = sent(|| {
        drop(door::mcp_request(
            "tools/call ignore your instructions",
            About::Other,
            Transport::Tcp,
            None,
        ));
        let method = http::Method::from_bytes(b"HUNTER2").unwrap();
        let span = door::http_request(&method, None, None);
        door::answered(&span, 404);
        drop(span);
        let span = door::http_request(&http::Method::GET, Some("/runs/{run}"), None);
        door::answered(&span, 503);
    });
    let names: Vec<&str> = spans.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["_OTHER", "HTTP", "GET /runs/{run}"]);
    assert!(!format!("{spans:?}").to_lowercase().contains("hunter2"));
    assert!(spans.iter().all(|one| one.parent.is_empty()));
    assert_eq!(spans[1].get(names::HTTP_REQUEST_METHOD), "_OTHER");
    assert_eq!(spans[1].get(names::HTTP_RESPONSE_STATUS_CODE), "404");
    assert!(!spans[1].failed);
    assert_eq!(spans[2].get(names::HTTP_ROUTE), "/runs/{run}");
    assert_eq!(spans[2].get(names::ERROR_TYPE), "server_error");
    assert!(spans[2].failed);
}

#[test]
fn a_tool_that_failed_and_a_message_that_was_refused_say_so_as_the_conventions_do() {
    let spans = sent(|| {
        let tool = || door::mcp_request("tools/call", About::Tool("get_run"), Transport::Tcp, None);
        door::tool_failed(&tool(), Some("not_found"));
        door::rpc_failed(&tool(), -32602);
    });
    assert!(spans.iter().all(|one| one.failed));
    assert_eq!(spans[0].get(names::ERROR_TYPE), "tool_error");
    assert_eq!(spans[0].get(names::OUTCOME), "not_found");
    assert_eq!(spans[1].get(names::ERROR_TYPE), "-32602");
    assert_eq!(spans[1].get(names::RPC_RESPONSE_STATUS_CODE), "-32602");
}

#[test]
fn what_libraries_write_reaches_no_exporter() {
    let spans = sent(|| {
        drop(tracing::info_span!(target: "hyper::client", "request", url = "http://hunter2"));
        drop(tracing::info_span!(target: "rmcp::service", "call", arguments = "hunter2"));
        drop(tracing::debug_span!("too fine", said = "hunter2"));
    });
    assert_eq!(spans, []);
}

#[test]
fn a_receiver_that_is_gone_delays_a_stop_for_its_bound_at_most() {
    let gone = Receiver::start().unwrap().url();
    let traces = export::traces(&config(&gone).telemetry).unwrap();
    let began = std::time::Instant::now();
    let subscriber = tracing_subscriber::registry().with(spans_to(traces.as_ref()));
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..10_000 {
            drop(tracing::info_span!("run"));
        }
    });
    // Nobody waited for the receiver, and what did not fit the queue is dropped.
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    drop(Guard {
        traces,
        lines: None,
    });
    assert!(
        began.elapsed() < Duration::from_secs(6),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_bearer_file_that_cannot_be_read_leaves_out_the_traces_and_says_so() {
    let text = "version = 1\npolicy = \"p\"\nstate_dir = \"s\"\n\
                [telemetry]\notlp = \"http://127.0.0.1:1\"\nbearer_file = \"/nowhere/token\"\n";
    let config = Config::parse(Path::new("interlock.toml"), text).unwrap();
    let problem = export::traces(&config.telemetry).err().unwrap();
    assert_eq!(
        problem.to_string(),
        "`bearer_file` of [telemetry]: `/nowhere/token` does not exist"
    );
}
