//! `interlock mcp`: agents over standard input and output.
//! Standard output belongs to the protocol: whatever people should read goes to standard error.

use std::{path::Path, sync::Arc, time::Duration};

use interlock_connectors::files;
use interlock_runner::trust::FIRST_USE;
use interlock_server::{
    admit::Admitted,
    desk::Desk,
    http::Metrics,
    mcp::{
        self, Door,
        proxy::{self, Connect, ProxyError},
    },
    telemetry::{self, Verbosity},
    tell::Teller,
};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    args::McpArgs,
    exit::Exit,
    failure::{Failure, chain},
    output::{Output, Screen},
    setup,
};

/// Where a token is looked for that no file holds.
const TOKEN_VARIABLE: &str = "INTERLOCK_TOKEN";
/// What runs that go on have left when the client closes its end.
const SETTLE: Duration = Duration::from_secs(10);

/// Serves one client until it closes its end.
pub(crate) async fn mcp(
    args: &McpArgs,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    match &args.connect {
        Some(url) => connect(url, args).await?,
        None => alone(config, screen).await?,
    }
    // The client may still read standard output as the protocol.
    Ok(Output::silent(Exit::Done))
}

/// This machine's own host, for the person whose process this is.
async fn alone(config: Option<&Path>, screen: Screen) -> Result<(), Failure> {
    let runner = Arc::new(setup::open(config)?);
    let _telemetry = telemetry::start(
        runner.config(),
        Verbosity::of_command(u8::from(screen.verbose)),
    );
    for runbook in runner.trust_installed(FIRST_USE).await? {
        screen.talk(&format!("{runbook}: trusted on first use\n"));
    }
    let uid = rustix::process::getuid().as_raw();
    let policy = runner.policy().await?;
    let who = Admitted::of_uid(&policy, uid);
    // A server of this store tells approvers of every plan in it; without one, this does.
    let is_served = runner.store().hold_server().is_err();
    let desk = Desk::new(runner);
    let _teller = match is_served {
        true => None,
        false => Teller::start(&desk, &Metrics::default())
            .map_err(|error| Failure::usage(chain(&error)))?,
    };
    mcp::watch(&desk);
    let (read, write) = mcp::pipes();
    let signals =
        |kind| signal(kind).map_err(|error| Failure::failed(format!("no signals: {error}")));
    let mut terminate = signals(SignalKind::terminate())?;
    let mut interrupt = signals(SignalKind::interrupt())?;
    let served = tokio::select! {
        served = mcp::serve(Door::for_pipe(Arc::clone(&desk), who), read, write) => served,
        // Clients end their servers so: what goes on is still settled.
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
    };
    desk.stop();
    desk.settle(SETTLE).await;
    served.map_err(|error| Failure::failed(chain(&error)))
}

/// A host elsewhere.
async fn connect(url: &str, args: &McpArgs) -> Result<(), Failure> {
    let token = match &args.token_file {
        Some(file) => {
            let secret = files::read_private(file, files::SECRET_BYTES_MAX)
                .map_err(|error| Failure::of(Exit::Usage, &error))?;
            let text = String::from_utf8(secret.bytes)
                .map_err(|_| Failure::usage(format!("`{}` is not text", file.display())))?;
            Some(text.trim().to_owned())
        }
        None => std::env::var(TOKEN_VARIABLE).ok(),
    };
    let Some(token) = token.filter(|token| !token.is_empty()) else {
        return Err(Failure::usage("no token").next(format!(
            "name a file that holds it with `--token-file FILE`, or set ${TOKEN_VARIABLE}"
        )));
    };
    let roots = args
        .ca_file
        .as_ref()
        .map(|file| files::read_plain(file, files::TEXT_BYTES_MAX))
        .transpose()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let connect = Connect {
        url: url.to_owned(),
        token: Some(token),
        roots,
    };
    let (read, write) = mcp::pipes();
    let ended = proxy::run(&connect, read, write).await;
    ended.map_err(|error| match &error {
        ProxyError::Connect(_) => Failure::usage(chain(&error)),
        ProxyError::Read(_) => Failure::failed(chain(&error)),
    })
}
