//! The contract's interfaces, each linked by itself, each function one line over [`Session`].

use interlock_capabilities::{
    Gap, WriteArgs,
    read::{
        Window,
        alerts::AlertsAsk,
        changes::ChangesAsk,
        database::DatabaseAsk,
        http_probe::ProbeAsk,
        incidents::SimilarAsk,
        logs::SearchAsk,
        metrics::{InstantAsk, RangeAsk},
        topology::ServicesAsk,
        workloads::{DescribeAsk, EventsAsk},
    },
    write::{Planned, Refusal, Seen},
};
use wasmtime::component::{HasSelf, Linker, Resource};

use crate::{session::Session, tape::NoteLevel};

#[expect(unreachable_pub, reason = "generated code re-exports these names")]
pub mod pending;

/// The records of `interlock:read/types`; an answer is shared with the run's record, not copied.
#[expect(unreachable_pub, reason = "generated code re-exports these names")]
pub mod wire {
    use std::sync::Arc;

    use interlock_capabilities::wire;
    pub use interlock_capabilities::wire::*;

    macro_rules! shared {
        ($($Answer:ident),*) => {$(pub type $Answer = Arc<wire::$Answer>;)*};
    }

    shared!(
        Instant,
        Matrix,
        LogLines,
        AlertList,
        ChangeList,
        ServiceList,
        Sessions,
        Locks,
        PreparedTransactions,
        ReplicationSlots,
        Settings,
        WorkloadList,
        WorkloadEventList,
        PastIncidentList,
        ProbeResult
    );
}

/// Generated from the WIT; the records are those of `interlock_capabilities`.
#[allow(missing_docs, unreachable_pub, clippy::all)]
mod wit {
    wasmtime::component::bindgen!({
        path: ["../../runbook-sdk/wit/read", "../../runbook-sdk/wit/write", "../../runbook-sdk/wit/step"],
        interfaces: "
            import interlock:step/clock@0.1.0;
            import interlock:step/log@0.1.0;
            import interlock:read/metrics@0.1.0;
            import interlock:read/logs@0.1.0;
            import interlock:read/alerts@0.1.0;
            import interlock:read/changes@0.1.0;
            import interlock:read/topology@0.1.0;
            import interlock:read/database@0.1.0;
            import interlock:read/workloads@0.1.0;
            import interlock:read/incidents@0.1.0;
            import interlock:read/http-probe@0.1.0;
            import interlock:write/database@0.1.0;
            import interlock:write/workload@0.1.0;
            import interlock:write/alerts@0.1.0;
            import interlock:write/notify@0.1.0;
        ",
        imports: {
            "interlock:read/metrics.[method]pending-instant.get": async | trappable,
            "interlock:read/metrics.[method]pending-range.get": async | trappable,
            "interlock:read/logs.[method]pending-search.get": async | trappable,
            "interlock:read/alerts.[method]pending-list.get": async | trappable,
            "interlock:read/changes.[method]pending-list.get": async | trappable,
            "interlock:read/topology.[method]pending-services.get": async | trappable,
            "interlock:read/database.[method]pending-sessions.get": async | trappable,
            "interlock:read/database.[method]pending-locks.get": async | trappable,
            "interlock:read/database.[method]pending-prepared-transactions.get": async | trappable,
            "interlock:read/database.[method]pending-replication-slots.get": async | trappable,
            "interlock:read/database.[method]pending-settings.get": async | trappable,
            "interlock:read/workloads.[method]pending-describe.get": async | trappable,
            "interlock:read/workloads.[method]pending-events.get": async | trappable,
            "interlock:read/incidents.[method]pending-similar.get": async | trappable,
            "interlock:read/http-probe.[method]pending-probe.get": async | trappable,
            default: trappable,
        },
        with: {
            "interlock:read/types": crate::bind::wire,
            "interlock:write/types": interlock_capabilities::write,
            "interlock:read/metrics.pending-instant": crate::bind::pending::Instant,
            "interlock:read/metrics.pending-range": crate::bind::pending::Range,
            "interlock:read/logs.pending-search": crate::bind::pending::Search,
            "interlock:read/alerts.pending-list": crate::bind::pending::Alerts,
            "interlock:read/changes.pending-list": crate::bind::pending::Changes,
            "interlock:read/topology.pending-services": crate::bind::pending::Services,
            "interlock:read/database.pending-sessions": crate::bind::pending::Sessions,
            "interlock:read/database.pending-locks": crate::bind::pending::Locks,
            "interlock:read/database.pending-prepared-transactions": crate::bind::pending::PreparedTransactions,
            "interlock:read/database.pending-replication-slots": crate::bind::pending::ReplicationSlots,
            "interlock:read/database.pending-settings": crate::bind::pending::Settings,
            "interlock:read/workloads.pending-describe": crate::bind::pending::Describe,
            "interlock:read/workloads.pending-events": crate::bind::pending::Events,
            "interlock:read/incidents.pending-similar": crate::bind::pending::Similar,
            "interlock:read/http-probe.pending-probe": crate::bind::pending::Probe,
        },
    });
}

use wit::interlock::{read, step, write};

/// Links one interface of the contract, by its package and name; `false`: there is no such one.
pub(crate) fn link(
    linker: &mut Linker<Session>,
    package: &str,
    interface: &str,
) -> wasmtime::Result<bool> {
    macro_rules! interfaces {
        ($($package:literal $interface:literal => $module:path),* $(,)?) => {
            match (package, interface) {
                $(($package, $interface) => {
                    use $module as module;
                    module::add_to_linker::<Session, HasSelf<Session>>(linker, |session| session)?;
                    Ok(true)
                })*
                _other => Ok(false),
            }
        };
    }
    interfaces! {
        "interlock:step" "clock" => step::clock,
        "interlock:step" "log" => step::log,
        "interlock:read" "metrics" => read::metrics,
        "interlock:read" "logs" => read::logs,
        "interlock:read" "alerts" => read::alerts,
        "interlock:read" "changes" => read::changes,
        "interlock:read" "topology" => read::topology,
        "interlock:read" "database" => read::database,
        "interlock:read" "workloads" => read::workloads,
        "interlock:read" "incidents" => read::incidents,
        "interlock:read" "http-probe" => read::http_probe,
        "interlock:write" "database" => write::database,
        "interlock:write" "workload" => write::workload,
        "interlock:write" "alerts" => write::alerts,
        "interlock:write" "notify" => write::notify,
    }
}

impl step::clock::Host for Session {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(Session::now(self)?)
    }
}

impl step::log::Host for Session {
    fn log(&mut self, level: step::log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            step::log::Level::Debug => NoteLevel::Debug,
            step::log::Level::Info => NoteLevel::Info,
            step::log::Level::Warn => NoteLevel::Warn,
        };
        Ok(self.note(level, message)?)
    }
}

/// The three methods that every pending answer has.
macro_rules! pending {
    ($($trait:path, $pending:ty, $answer:ty;)*) => {$(
        impl $trait for Session {
            fn call(&mut self, it: Resource<$pending>) -> wasmtime::Result<u64> {
                self.id(&it)
            }

            async fn get(&mut self, it: Resource<$pending>) -> wasmtime::Result<Result<$answer, Gap>> {
                Session::get(self, it).await
            }

            fn drop(&mut self, it: Resource<$pending>) -> wasmtime::Result<()> {
                self.forget(it)
            }
        }
    )*};
}

pending! {
    read::metrics::HostPendingInstant, pending::Instant, wire::Instant;
    read::metrics::HostPendingRange, pending::Range, wire::Matrix;
    read::logs::HostPendingSearch, pending::Search, wire::LogLines;
    read::alerts::HostPendingList, pending::Alerts, wire::AlertList;
    read::changes::HostPendingList, pending::Changes, wire::ChangeList;
    read::topology::HostPendingServices, pending::Services, wire::ServiceList;
    read::database::HostPendingSessions, pending::Sessions, wire::Sessions;
    read::database::HostPendingLocks, pending::Locks, wire::Locks;
    read::database::HostPendingPreparedTransactions, pending::PreparedTransactions, wire::PreparedTransactions;
    read::database::HostPendingReplicationSlots, pending::ReplicationSlots, wire::ReplicationSlots;
    read::database::HostPendingSettings, pending::Settings, wire::Settings;
    read::workloads::HostPendingDescribe, pending::Describe, wire::WorkloadList;
    read::workloads::HostPendingEvents, pending::Events, wire::WorkloadEventList;
    read::incidents::HostPendingSimilar, pending::Similar, wire::PastIncidentList;
    read::http_probe::HostPendingProbe, pending::Probe, wire::ProbeResult;
}

impl read::metrics::Host for Session {
    fn instant(&mut self, query: String) -> wasmtime::Result<Resource<pending::Instant>> {
        let at = self.evaluated_at();
        self.ask(InstantAsk { query, at })
    }

    fn range(
        &mut self,
        query: String,
        window: Window,
        step_ms: u64,
    ) -> wasmtime::Result<Resource<pending::Range>> {
        self.ask(RangeAsk {
            query,
            window,
            step_ms,
        })
    }
}

impl read::logs::Host for Session {
    fn search(
        &mut self,
        source: String,
        window: Window,
        pattern: String,
        most: u32,
    ) -> wasmtime::Result<Resource<pending::Search>> {
        self.ask(SearchAsk {
            source,
            window,
            pattern,
            most,
        })
    }
}

impl read::alerts::Host for Session {
    fn list(&mut self) -> wasmtime::Result<Resource<pending::Alerts>> {
        self.ask(AlertsAsk {})
    }
}

impl read::changes::Host for Session {
    fn list(&mut self, window: Window) -> wasmtime::Result<Resource<pending::Changes>> {
        self.ask(ChangesAsk { window })
    }
}

impl read::topology::Host for Session {
    fn services(&mut self) -> wasmtime::Result<Resource<pending::Services>> {
        self.ask(ServicesAsk {})
    }
}

impl read::database::Host for Session {
    fn sessions(&mut self, server: String) -> wasmtime::Result<Resource<pending::Sessions>> {
        self.ask(DatabaseAsk { server })
    }

    fn locks(&mut self, server: String) -> wasmtime::Result<Resource<pending::Locks>> {
        self.ask(DatabaseAsk { server })
    }

    fn prepared_transactions(
        &mut self,
        server: String,
    ) -> wasmtime::Result<Resource<pending::PreparedTransactions>> {
        self.ask(DatabaseAsk { server })
    }

    fn replication_slots(
        &mut self,
        server: String,
    ) -> wasmtime::Result<Resource<pending::ReplicationSlots>> {
        self.ask(DatabaseAsk { server })
    }

    fn settings(&mut self, server: String) -> wasmtime::Result<Resource<pending::Settings>> {
        self.ask(DatabaseAsk { server })
    }
}

impl read::workloads::Host for Session {
    fn describe(
        &mut self,
        cluster: String,
        namespace: String,
        name: Option<String>,
    ) -> wasmtime::Result<Resource<pending::Describe>> {
        self.ask(DescribeAsk {
            cluster,
            namespace,
            name,
        })
    }

    fn events(
        &mut self,
        cluster: String,
        namespace: String,
        window: Window,
    ) -> wasmtime::Result<Resource<pending::Events>> {
        self.ask(EventsAsk {
            cluster,
            namespace,
            window,
        })
    }
}

impl read::incidents::Host for Session {
    fn similar(&mut self, most: u32) -> wasmtime::Result<Resource<pending::Similar>> {
        self.ask(SimilarAsk { most })
    }
}

impl read::http_probe::Host for Session {
    fn probe(&mut self, name: String) -> wasmtime::Result<Resource<pending::Probe>> {
        self.ask(ProbeAsk { name })
    }
}

type Answered = wasmtime::Result<Result<Planned, Refusal>>;

impl write::database::Host for Session {
    fn cancel(&mut self, session: Seen, only_if_state: Option<String>) -> Answered {
        Ok(self.write(session, WriteArgs::Cancel { only_if_state })?)
    }

    fn terminate(&mut self, session: Seen, only_if_state: Option<String>) -> Answered {
        Ok(self.write(session, WriteArgs::Terminate { only_if_state })?)
    }
}

impl write::workload::Host for Session {
    fn restart(&mut self, workload: Seen) -> Answered {
        Ok(self.write(workload, WriteArgs::Restart {})?)
    }

    fn scale(&mut self, workload: Seen, replicas: u32) -> Answered {
        Ok(self.write(workload, WriteArgs::Scale { replicas })?)
    }

    fn rollback(&mut self, workload: Seen) -> Answered {
        Ok(self.write(workload, WriteArgs::Rollback {})?)
    }
}

impl write::alerts::Host for Session {
    fn silence(&mut self, alert: Seen, minutes: u32, reason: String) -> Answered {
        Ok(self.write(alert, WriteArgs::Silence { minutes, reason })?)
    }
}

impl write::notify::Host for Session {
    fn notify(&mut self, about: Seen, channel: String, message: String) -> Answered {
        Ok(self.write(about, WriteArgs::Notify { channel, message })?)
    }
}
