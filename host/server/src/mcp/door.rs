//! The door itself: reads what a client asks, lets the desk answer.

use std::{collections::BTreeMap, sync::Arc};

use interlock_gate::escape::foreign_short;
use interlock_runner::{catalogue::Catalogue, installed::Runbook};
use rmcp::{
    ErrorData, RoleServer,
    model::{CallToolRequestParams, CallToolResponse, ErrorCode, Tool},
    service::RequestContext,
};
use tracing::Span;

use super::{answer, changes::Watched, offered, tools};
use crate::{
    admit::Admitted,
    desk::{Code, Desk, Refusal},
    telemetry::{
        self,
        door::{About, Transport},
    },
};

/// Who calls through this door.
#[derive(Clone)]
enum CallerOf {
    /// The one at the other end of a pipe.
    Pipe(Box<Admitted>),
    /// Whoever the HTTP door let in, anew for each request.
    Request,
}

/// One connection's, or one request's, way to the desk. It holds nothing that a call needs: each
/// finds its caller and its run by itself.
#[derive(Clone)]
pub struct Door {
    pub(super) desk: Arc<Desk>,
    caller: CallerOf,
    pub(super) watched: Watched,
}

impl Door {
    /// For one client at the other end of a pipe, who is `who` for as long as it lasts.
    pub fn for_pipe(desk: Arc<Desk>, who: Admitted) -> Door {
        Door {
            desk,
            caller: CallerOf::Pipe(Box::new(who)),
            watched: Watched::default(),
        }
    }

    /// For HTTP: the caller is the [`Admitted`] among the request's extensions, and a request
    /// without one is refused.
    pub fn for_http(desk: Arc<Desk>) -> Door {
        Door {
            desk,
            caller: CallerOf::Request,
            watched: Watched::default(),
        }
    }

    pub(super) fn who(&self, context: &RequestContext<RoleServer>) -> Result<Admitted, ErrorData> {
        match &self.caller {
            CallerOf::Pipe(who) => Ok(who.as_ref().clone()),
            CallerOf::Request => context
                .extensions
                .get::<http::request::Parts>()
                .and_then(|parts| parts.extensions.get::<Admitted>())
                .cloned()
                .ok_or_else(|| ErrorData::invalid_request("the request names no caller", None)),
        }
    }

    /// The span of one request, below the caller's own where it named one.
    pub(super) fn span(
        &self,
        method: &str,
        about: About<'_>,
        context: &RequestContext<RoleServer>,
    ) -> Span {
        let transport = match self.caller {
            CallerOf::Pipe(_) => Transport::Pipe,
            CallerOf::Request => Transport::Tcp,
        };
        // The message's own context first: several messages may come in one HTTP request.
        let header = || {
            let parts = context.extensions.get::<http::request::Parts>()?;
            parts.headers.get("traceparent")?.to_str().ok()
        };
        let given = context.meta.get_traceparent().or_else(header);
        let parent = given.and_then(telemetry::parent);
        let span = telemetry::door::mcp_request(method, about, transport, parent.as_ref());
        if let Ok(who) = self.who(context) {
            telemetry::door::asked_by(&span, who.key());
        }
        span
    }

    /// The tools that this caller may call.
    pub(super) async fn tools(&self, who: &Admitted) -> Result<Vec<Tool>, ErrorData> {
        self.desk.enter(who).map_err(as_error)?;
        let installed = self.desk.installed(who).await.map_err(as_error)?;
        let mut tools = tools::fixed();
        let catalogue = self.desk.runner().catalogue_seen();
        for (name, runbook) in self.runbook_tools(&catalogue) {
            let line = installed.runbooks.iter().find(|line| line.name == runbook);
            tools.extend(line.and_then(|line| offered::tool(name, line)));
        }
        Ok(tools)
    }

    /// Of each runbook's tool, the runbook.
    fn runbook_tools(&self, catalogue: &Catalogue) -> BTreeMap<String, String> {
        let runbooks = catalogue.runbooks();
        offered::names(runbooks.map(|runbook| runbook.manifest.name.as_str()))
    }

    /// The runbook that a tool runs. Folders are looked at only where it is not known already.
    pub(super) fn runbook_of(&self, tool: &str) -> Option<Arc<Runbook>> {
        if !tool.starts_with(offered::PREFIX) {
            return None;
        }
        let among = |catalogue: &Catalogue| {
            let runbook = self.runbook_tools(catalogue).remove(tool)?;
            catalogue.get(&runbook).cloned()
        };
        let runner = self.desk.runner();
        among(&runner.catalogue_seen()).or_else(|| among(&runner.catalogue()))
    }

    pub(super) async fn call(
        &self,
        runbook: Option<Arc<Runbook>>,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let who = self.who(&context)?;
        let name = request.name.as_ref();
        if tools::TOOLS.contains(&name) {
            // Large, as the next one is, and moved from place to place by whoever polls it.
            let said = Box::pin(self.fixed(&who, name, request.arguments, &context)).await;
            let result = match name {
                "cancel_run" => answer::of_ending(said),
                _ => answer::of(said),
            };
            return Ok(result.into());
        }
        match runbook {
            Some(runbook) => Box::pin(self.run(&who, &runbook, request.arguments, context)).await,
            None => {
                let name = foreign_short(name, 80);
                Err(ErrorData::invalid_params(
                    format!("there is no tool `{name}`: list the tools"),
                    None,
                ))
            }
        }
    }
}

/// A refusal where the protocol has no room for a result.
pub(super) fn as_error(refusal: Refusal) -> ErrorData {
    let text = refusal.text();
    let data = serde_json::to_value(&refusal).ok();
    match refusal.code {
        Code::NotFound => ErrorData::resource_not_found(text, data),
        Code::BadInput => ErrorData::invalid_params(text, data),
        Code::Store => ErrorData::internal_error(text, data),
        Code::Denied
        | Code::NotAllowed
        | Code::ReadOnly
        | Code::RateLimited
        | Code::Busy
        | Code::Stopping => ErrorData::new(ErrorCode(-32000), text, data),
    }
}

/// Says on the span how a tool's call ended.
pub(super) fn note(result: &Result<CallToolResponse, ErrorData>) {
    let span = Span::current();
    match result {
        Ok(CallToolResponse::Complete(result)) if result.is_error == Some(true) => {
            let code = result
                .structured_content
                .as_ref()
                .and_then(|document| document["code"].as_str());
            telemetry::door::tool_failed(&span, code);
        }
        Ok(_) => {}
        Err(error) => telemetry::door::rpc_failed(&span, error.code.0),
    }
}
