//! `interlock serve`: agents over MCP and HTTP, the page, health and metrics; until it is told to
//! stop.

use std::{path::Path, sync::Arc};

use interlock_gate::ids::{PlanDigest, RunId};
use interlock_server::{
    serve::{CannotServe, Server, Stopped},
    telemetry::{self, Verbosity},
};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::{Output, Screen},
    setup,
};

/// What is printed as soon as it listens.
#[derive(Serialize)]
struct ServingJson<'a> {
    schema: &'static str,
    url: &'a str,
    pid: u32,
    interrupted: &'a [RunId],
    in_doubt: &'a [PlanDigest],
}

pub(crate) async fn serve(config: Option<&Path>, screen: Screen) -> Result<Output, Failure> {
    let runner = Arc::new(setup::open_to_serve(config)?);
    let verbosity = Verbosity::of_server(u8::from(screen.verbose));
    let telemetry = telemetry::start(runner.config(), verbosity);
    let server = Server::start(runner).await.map_err(refused)?;
    let url = server.url();
    let recovered = server.recovered();
    let document = ServingJson {
        schema: "interlock.serving.v1",
        url: &url,
        pid: std::process::id(),
        interrupted: &recovered.interrupted,
        in_doubt: &recovered.in_doubt,
    };
    let listening = format!("listening on {url}\n");
    // Now, not at the end: whoever started it waits for this line.
    match screen.json {
        true => screen.out(&Output::new(Exit::Done, String::new(), &document).document_line()),
        false => screen.out(&listening),
    }
    let stopped = server.run().await.map_err(refused)?;
    drop(telemetry);
    match stopped {
        Stopped::Whole => Ok(Output::silent(Exit::Done)),
        Stopped::Cut => Ok(Output::silent(Exit::Failed).error(
            "a change or a run went on for longer than the stop may take: the next start finds it",
        )),
        Stopped::AtOnce => Ok(Output::silent(Exit::Failed)
            .error("told to stop twice: what went on is journalled at the next start")),
    }
}

fn refused(error: CannotServe) -> Failure {
    match error {
        CannotServe::Run(error) => (*error).into(),
        CannotServe::Served { pid, .. } => Failure::of(Exit::Denied, &error)
            .help("one server for each store: stop that one first")
            .next(format!(
                "`kill {pid}` stops it; its running steps end first"
            )),
        CannotServe::Tls(_) | CannotServe::Tell(_) => {
            Failure::new(Exit::Usage, chain(&error)).next("`interlock doctor`")
        }
        CannotServe::Listen { .. } => Failure::of(Exit::Failed, &error)
            .help("`listen` of [server] names the address; port 0 takes any that is free"),
        CannotServe::Lock(_) | CannotServe::Store(_) | CannotServe::Signals(_) => {
            Failure::of(Exit::Failed, &error)
        }
    }
}
