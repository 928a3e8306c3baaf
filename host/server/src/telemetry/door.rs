//! The spans that the two doors open: one for each request that came in.

use http::Method;
use interlock_capabilities::names;
use opentelemetry::trace::SpanContext;
use tracing::{Span, field::Empty, info_span};

use super::parent::place;

/// How an MCP message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Over standard input and output.
    Pipe,
    /// Over HTTP.
    Tcp,
}

impl Transport {
    fn word(self) -> &'static str {
        match self {
            Transport::Pipe => "pipe",
            Transport::Tcp => "tcp",
        }
    }
}

/// What an MCP request is about, beside its method. Only names that exist: a name that a client
/// made up is its own text, and stays out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// A tool of this server.
    Tool(&'a str),
    /// A prompt of this server.
    Prompt(&'a str),
    /// Something else, or something that does not exist.
    Other,
}

/// Methods of MCP that a span may be named after.
const METHODS: &[&str] = &[
    "completion/complete",
    "initialize",
    "logging/setLevel",
    "notifications/cancelled",
    "notifications/initialized",
    "notifications/progress",
    "ping",
    "prompts/get",
    "prompts/list",
    "resources/list",
    "resources/read",
    "resources/subscribe",
    "resources/templates/list",
    "resources/unsubscribe",
    "tasks/cancel",
    "tasks/get",
    "tasks/list",
    "tasks/result",
    "tools/call",
    "tools/list",
];

/// What the conventions write for a value that is none of theirs.
const OTHER: &str = "_OTHER";

/// The span of one MCP request, below `parent` where its `params._meta` named one.
pub fn mcp_request(
    method: &str,
    about: About<'_>,
    transport: Transport,
    parent: Option<&SpanContext>,
) -> Span {
    let method = METHODS.iter().find(|known| **known == method);
    let method = method.copied().unwrap_or(OTHER);
    let name = match about {
        About::Tool(name) | About::Prompt(name) => format!("{method} {name}"),
        About::Other => method.to_owned(),
    };
    let span = info_span!(
        "mcp request",
        { names::OTEL_NAME } = name,
        { names::OTEL_KIND } = "server",
        { names::MCP_METHOD_NAME } = method,
        { names::NETWORK_TRANSPORT } = transport.word(),
        { names::GEN_AI_TOOL_NAME } = Empty,
        { names::GEN_AI_PROMPT_NAME } = Empty,
        { names::GEN_AI_OPERATION_NAME } = Empty,
        { names::CALLER } = Empty,
        { names::OUTCOME } = Empty,
        { names::RPC_RESPONSE_STATUS_CODE } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    place(&span, parent);
    match about {
        About::Tool(name) => {
            span.record(names::GEN_AI_TOOL_NAME, name);
            span.record(names::GEN_AI_OPERATION_NAME, "execute_tool");
        }
        About::Prompt(name) => {
            span.record(names::GEN_AI_PROMPT_NAME, name);
        }
        About::Other => {}
    }
    span
}

/// The span of one HTTP request, below `parent` where its header named one. `route` is the
/// pattern that matched; `None` where nothing did.
pub fn http_request(method: &Method, route: Option<&str>, parent: Option<&SpanContext>) -> Span {
    let standard = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::TRACE,
        Method::CONNECT,
    ];
    let known = standard.contains(method);
    let method = if known { method.as_str() } else { OTHER };
    // The conventions' word for a span whose method is none of theirs.
    let verb = if known { method } else { "HTTP" };
    let name = route.map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"));
    let span = info_span!(
        "http request",
        { names::OTEL_NAME } = name,
        { names::OTEL_KIND } = "server",
        { names::HTTP_REQUEST_METHOD } = method,
        { names::HTTP_ROUTE } = Empty,
        { names::HTTP_RESPONSE_STATUS_CODE } = Empty,
        { names::CALLER } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    place(&span, parent);
    if let Some(route) = route {
        span.record(names::HTTP_ROUTE, route);
    }
    span
}

/// Says who asks, by the name that the policy gives them.
pub fn asked_by(span: &Span, caller: &str) {
    span.record(names::CALLER, caller);
}

/// Says how an HTTP request was answered. A client's mistake is not this server's failure.
pub fn answered(span: &Span, status: u16) {
    span.record(names::HTTP_RESPONSE_STATUS_CODE, i64::from(status));
    if status >= 500 {
        failed(span, "server_error");
    }
}

/// Says that a tool's result is an error, and by which of the desk's codes.
pub fn tool_failed(span: &Span, code: Option<&str>) {
    failed(span, "tool_error");
    if let Some(code) = code {
        span.record(names::OUTCOME, code);
    }
}

/// Says that a message was answered with a JSON-RPC error.
pub fn rpc_failed(span: &Span, code: i32) {
    let code = code.to_string();
    failed(span, &code);
    span.record(names::RPC_RESPONSE_STATUS_CODE, code);
}

/// By a word from a closed list.
fn failed(span: &Span, kind: &str) {
    span.record(names::ERROR_TYPE, kind);
    span.record(names::OTEL_STATUS_CODE, "ERROR");
}
