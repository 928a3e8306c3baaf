//! Every attribute name of every span, pinned in one place.
//!
//! It stands in this crate because every crate that opens a span (engine, connectors, runner,
//! server) can reach it, and none of them may make a name up.
//! The names without `interlock.` are OpenTelemetry's, version 1.42.0: general, HTTP and database
//! ones from `open-telemetry/semantic-conventions` (`docs/http/http-spans.md`,
//! `docs/database/database-spans.md`, `docs/general/recording-errors.md`), those of agents from
//! `open-telemetry/semantic-conventions-genai` (`docs/gen-ai/mcp.md`, in development: they may be
//! renamed, here and nowhere else).
//! Invariant: no value under these names is an answer, a question's text, an argument, a URL or a
//! secret; only ids, names that the configuration or the contract fixes, counts and outcomes.

/// The conventions' version, as an exporter names it.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

/// What the process calls itself.
pub const SERVICE_NAME: &str = "service.name";
/// Its version.
pub const SERVICE_VERSION: &str = "service.version";

/// The kind of a failure, from a closed list; absent where nothing failed.
pub const ERROR_TYPE: &str = "error.type";
/// The host of a system that was asked.
pub const SERVER_ADDRESS: &str = "server.address";
/// Its port.
pub const SERVER_PORT: &str = "server.port";
/// `tcp` or `pipe`.
pub const NETWORK_TRANSPORT: &str = "network.transport";

/// `GET`, `POST`, ...; `_OTHER` for what the standard does not know.
pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
/// The route's pattern, never the path that came.
pub const HTTP_ROUTE: &str = "http.route";
/// The status that went back.
pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
/// `http` or `https`.
pub const URL_SCHEME: &str = "url.scheme";

/// The request's method, such as `tools/call`.
pub const MCP_METHOD_NAME: &str = "mcp.method.name";
/// The tool's name; only one that exists.
pub const GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";
/// The prompt's name; only one that exists.
pub const GEN_AI_PROMPT_NAME: &str = "gen_ai.prompt.name";
/// `execute_tool` on the span of a tool's call.
pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";

/// The number of a JSON-RPC error that went back.
pub const RPC_RESPONSE_STATUS_CODE: &str = "rpc.response.status_code";

/// The product behind a database capability.
pub const DB_SYSTEM_NAME: &str = "db.system.name";

/// A span's name for the exporter, where it is put together.
pub const OTEL_NAME: &str = "otel.name";
/// `server`, `client` or `internal`.
pub const OTEL_KIND: &str = "otel.kind";
/// `ERROR` where `error.type` stands.
pub const OTEL_STATUS_CODE: &str = "otel.status_code";

/// The run's id.
pub const RUN: &str = "interlock.run";
/// The runbook's name.
pub const RUNBOOK: &str = "interlock.runbook";
/// The step's name, from the runbook's manifest.
pub const STEP: &str = "interlock.step";
/// `read` or `write`, as the step's bytes prove it.
pub const TIER: &str = "interlock.tier";
/// The call's id, to be cited.
pub const CALL: &str = "interlock.call";
/// The capability, such as `database.sessions`.
pub const CAPABILITY: &str = "interlock.capability";
/// The configured source that was asked.
pub const TARGET: &str = "interlock.target";
/// The plan's id.
pub const PLAN: &str = "interlock.plan";
/// An action's place in its plan, from 1.
pub const ACTION: &str = "interlock.action";
/// How something ended, in one of a few words.
pub const OUTCOME: &str = "interlock.outcome";
/// Who asked, by the name that the policy gives them.
pub const CALLER: &str = "interlock.caller";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const ALL: &[&str] = &[
        SERVICE_NAME,
        SERVICE_VERSION,
        ERROR_TYPE,
        SERVER_ADDRESS,
        SERVER_PORT,
        NETWORK_TRANSPORT,
        HTTP_REQUEST_METHOD,
        HTTP_ROUTE,
        HTTP_RESPONSE_STATUS_CODE,
        URL_SCHEME,
        MCP_METHOD_NAME,
        GEN_AI_TOOL_NAME,
        GEN_AI_PROMPT_NAME,
        GEN_AI_OPERATION_NAME,
        RPC_RESPONSE_STATUS_CODE,
        DB_SYSTEM_NAME,
        OTEL_NAME,
        OTEL_KIND,
        OTEL_STATUS_CODE,
        RUN,
        RUNBOOK,
        STEP,
        TIER,
        CALL,
        CAPABILITY,
        TARGET,
        PLAN,
        ACTION,
        OUTCOME,
        CALLER,
    ];

    #[test]
    fn no_name_stands_for_two_things_and_none_is_for_content() {
        let set: BTreeSet<_> = ALL.iter().collect();
        assert_eq!(set.len(), ALL.len());
        for name in ALL {
            let content = [
                "query",
                "arguments",
                "result",
                "statement",
                "body",
                "url.full",
            ];
            assert!(!content.iter().any(|word| name.contains(word)), "{name}");
        }
    }
}
