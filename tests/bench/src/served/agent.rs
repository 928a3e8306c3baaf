//! An agent: a client of the protocol's own SDK.

use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::RunningService;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{RoleClient, ServiceExt};
use tokio::process::Command;

use crate::error::{BenchError, setup};

/// A client that has initialised.
pub(crate) struct Agent {
    client: RunningService<RoleClient, ()>,
    side: &'static str,
}

impl Agent {
    /// Starts the server and talks to it over its standard streams.
    pub(crate) async fn over_stdio(
        side: &'static str,
        command: Command,
    ) -> Result<Agent, BenchError> {
        let transport = TokioChildProcess::new(command).map_err(setup("start a server"))?;
        let client = ().serve(transport).await;
        let client = client.map_err(setup("initialise over stdio"))?;
        Ok(Agent { client, side })
    }

    /// Talks to a server that listens at `url`.
    pub(crate) async fn over_http(
        side: &'static str,
        url: &str,
        token: Option<&str>,
    ) -> Result<Agent, BenchError> {
        let mut config = StreamableHttpClientTransportConfig::with_uri(format!("{url}/mcp"));
        if let Some(token) = token {
            config = config.auth_header(token);
        }
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = ().serve(transport).await;
        let client = client.map_err(setup("initialise over HTTP"))?;
        Ok(Agent { client, side })
    }

    /// Calls a tool; a result that is an error is one here too.
    pub(crate) async fn call(&self, tool: &str, arguments: JsonObject) -> Result<(), BenchError> {
        let ask = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments);
        let undone = |why: String| BenchError::Undone {
            side: self.side,
            why,
        };
        let result = self
            .client
            .call_tool(ask)
            .await
            .map_err(|error| undone(error.to_string()))?;
        if result.is_error == Some(true) {
            return Err(undone(format!("{:?}", result.content)));
        }
        Ok(())
    }

    /// Ends the session, and with it a server that was started for it.
    pub(crate) async fn leave(self) {
        // A server that is gone already is as good.
        let _ = self.client.cancel().await;
    }
}
