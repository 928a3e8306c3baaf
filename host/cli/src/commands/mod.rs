//! What each command does; one file of each.

pub(crate) mod apply;
pub(crate) mod backtest;
pub(crate) mod bearer;
pub(crate) mod build;
pub(crate) mod feedback;
pub(crate) mod import;
pub(crate) mod incident_stats;
mod incidents;
pub(crate) mod journal;
pub(crate) mod keygen;
pub(crate) mod keys;
pub(crate) mod mcp;
pub(crate) mod narrow;
pub(crate) mod payload;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod policy_test;
pub(crate) mod postmortem;
pub(crate) mod reconcile;
pub(crate) mod record;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod runbooks;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod sign;
pub(crate) mod span;
mod stats;

use interlock_gate::token::Decision;

use crate::{
    args::{
        Cli, Command, IncidentsCommand, JournalCommand, PlanCommand, PolicyCommand,
        RunbooksCommand, RunsCommand,
    },
    doctor,
    exit::Exit,
    failure::Failure,
    output::{Output, Screen},
    setup,
};

/// Does what the command line says.
pub(crate) async fn dispatch(cli: &Cli, screen: Screen) -> Result<Output, Failure> {
    let config = cli.config.as_deref();
    match &cli.command {
        Command::New { name, into } => build::new(name, into.as_deref()),
        Command::Build { dir } => build::build(dir, !cli.json),
        Command::Inspect { path } => build::inspect(path),
        Command::Run(args) => run::run(args, config, screen).await,
        Command::Plan(PlanCommand::List { all }) => plan::list(*all, config).await,
        Command::Plan(PlanCommand::Show { plan }) => plan::show(plan, config).await,
        Command::Plan(PlanCommand::Diff { from, to }) => plan::diff(from, to, config).await,
        Command::Plan(PlanCommand::Export { plan, out }) => plan::export(plan, out, config).await,
        Command::Plan(PlanCommand::Payload {
            plan,
            approver,
            decision,
            reason,
            assemble,
            out,
        }) => {
            let decision = (*decision).into();
            let assemble = assemble.as_deref();
            payload::payload(
                plan,
                approver,
                decision,
                reason,
                assemble,
                out.as_deref(),
                config,
            )
            .await
        }
        Command::Plan(PlanCommand::Narrow { plan, skip, only }) => {
            narrow::narrow(plan, skip.as_deref(), only.as_deref(), config).await
        }
        Command::Approve(args) => {
            let decision = if args.undo {
                Decision::Undo
            } else {
                Decision::Approve
            };
            sign::sign(args, decision, None, config, screen).await
        }
        Command::Reject(args) => {
            let cause = args.believed_cause.as_deref();
            sign::sign(&args.sign, Decision::Reject, cause, config, screen).await
        }
        Command::Revoke(args) => sign::sign(args, Decision::Revoke, None, config, screen).await,
        Command::Apply { plan, token } => apply::apply(plan, token, config, screen).await,
        Command::Undo { run, token } => apply::undo(run, token, config, screen).await,
        Command::Runs(RunsCommand::List) => runs::list(config).await,
        Command::Runs(RunsCommand::Show { run, calls }) => runs::show(run, *calls, config).await,
        Command::Runs(RunsCommand::Reconcile {
            run,
            found,
            reason,
            key,
        }) => reconcile::reconcile(run, *found, reason, key.as_deref(), config, screen).await,
        Command::Incidents(IncidentsCommand::List) => incidents::list(config).await,
        Command::Incidents(IncidentsCommand::Show { incident }) => {
            incidents::show(incident, config).await
        }
        Command::Incidents(IncidentsCommand::Similar {
            incident,
            text,
            most,
        }) => incidents::similar(incident.as_deref(), text.as_deref(), *most, config).await,
        Command::Incidents(IncidentsCommand::Record(args)) => record::incidents(args, config).await,
        Command::Incidents(IncidentsCommand::Import(args)) => {
            import::import(args, config, screen).await
        }
        Command::Incidents(IncidentsCommand::Stats(args)) => {
            incident_stats::stats(args, config).await
        }
        Command::Feedback(args) => feedback::feedback(args, config).await,
        Command::Stats(args) => stats::stats(args, config).await,
        Command::Postmortem(args) => postmortem::postmortem(args, config).await,
        Command::Replay(args) => replay::replay(args, config).await,
        Command::Backtest(args) => backtest::backtest(args, config, screen).await,
        Command::Journal(JournalCommand::Verify {
            checkpoint,
            token,
            file,
            host_key,
        }) => {
            journal::verify(
                checkpoint,
                token,
                file.as_deref(),
                host_key.as_deref(),
                config,
            )
            .await
        }
        Command::Journal(JournalCommand::Export { out }) => journal::export(out, config).await,
        Command::Journal(JournalCommand::Prove { plan, out }) => {
            journal::prove(plan, out.as_deref(), config).await
        }
        Command::Runbooks(RunbooksCommand::List) => runbooks::list(config).await,
        Command::Runbooks(RunbooksCommand::Trust { runbook }) => {
            runbooks::trust(runbook, config, screen).await
        }
        Command::Policy(PolicyCommand::Check { file }) => match file {
            Some(file) => policy::check(file),
            None => policy::check_configured(&setup::config(config)?),
        },
        Command::Policy(PolicyCommand::Explain { plan }) => policy::explain(plan, config).await,
        Command::Policy(PolicyCommand::Test { file }) => match file {
            Some(file) => policy_test::test(file),
            None => policy_test::test(&setup::config(config)?.policy),
        },
        Command::Keygen {
            bearer: Some(bearer),
            name,
            owner,
            ..
        } => {
            // The grammar asks for a name beside `--bearer`.
            let name = name.as_deref().unwrap_or_default();
            bearer::run(bearer, name, owner.as_deref())
        }
        Command::Keygen { file, name, .. } => match file {
            Some(file) => keygen::run(file, name.as_deref()),
            None => Err(
                Failure::usage("keygen is to write to a file, and none is named").next(
                    "`interlock keygen FILE`, or `interlock keygen --bearer FILE --name NAME`",
                ),
            ),
        },
        Command::Keys => keys::keys(config).await,
        Command::Serve => serve::serve(config, screen).await,
        Command::Mcp(args) => mcp::mcp(args, config, screen).await,
        Command::Doctor { write_config } => match write_config {
            Some(file) => doctor::write_config(file),
            None => doctor::doctor(config).await,
        },
        Command::Schema { name } => schema::schema(name.as_deref()),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut crate::grammar(), "interlock", &mut script);
            // clap writes UTF-8 only.
            let script = String::from_utf8_lossy(&script).into_owned();
            let document = schema::ScriptJson {
                schema: "interlock.completions.v1",
                script: &script,
            };
            Ok(Output::new(Exit::Done, script.clone(), &document))
        }
    }
}
