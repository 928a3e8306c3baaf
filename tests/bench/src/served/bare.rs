//! What the protocol itself costs: a server whose one tool returns a constant. It is this program
//! again, started with a word of its own, so that both sides of a figure are processes.

use std::process::ExitCode;
use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::json;

/// The tool's name.
pub(crate) const TOOL: &str = "constant";

/// Over which transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Stdio,
    Http,
}

impl Side {
    /// The side that this word starts.
    pub(crate) fn of(word: &str) -> Option<Side> {
        [Side::Stdio, Side::Http]
            .into_iter()
            .find(|side| side.word() == word)
    }

    /// What this program is started with.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Side::Stdio => "bare-stdio",
            Side::Http => "bare-http",
        }
    }

    /// Serves until its client is gone, or for good.
    pub(crate) fn run(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build();
        let served = match (runtime, self) {
            (Ok(runtime), Side::Stdio) => runtime.block_on(stdio()),
            (Ok(runtime), Side::Http) => runtime.block_on(http()),
            (Err(error), _) => Err(error.into()),
        };
        match served {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("the bare server: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

#[derive(Clone)]
struct Constant;

impl ServerHandler for Constant {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({ "type": "object" });
        let schema = schema.as_object().cloned().unwrap_or_default();
        let tool = Tool::new(TOOL, "returns a constant", Arc::new(schema));
        Ok(ListToolsResult::with_all_items(vec![tool]))
    }

    async fn call_tool(
        &self,
        _request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        Ok(CallToolResult::success(vec![ContentBlock::text("constant")]).into())
    }
}

type Failed = Box<dyn std::error::Error>;

async fn stdio() -> Result<(), Failed> {
    Constant
        .serve(rmcp::transport::stdio())
        .await?
        .waiting()
        .await?;
    Ok(())
}

async fn http() -> Result<(), Failed> {
    let service = StreamableHttpService::new(
        || Ok(Constant),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default(),
    );
    let router = axum::Router::new().nest_service("/mcp", service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}
