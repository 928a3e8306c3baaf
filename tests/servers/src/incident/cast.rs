//! Who is in an incident: two casts whose names and numbers differ.

use std::time::Duration;

use super::Story;
use crate::behaviour::{App, BaseBackup, Running, Turn, Workers, dump};
use crate::{Postgres, PostgresBuilder, ServerError};

/// Which cast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Variant {
    /// A shop's orders.
    First,
    /// A ledger.
    Second,
}

/// Names, roles and numbers.
#[derive(Debug)]
pub struct Cast {
    /// Which of the two.
    pub variant: Variant,
    /// The server's name in Interlock's configuration.
    pub server: &'static str,
    /// The incident's id.
    pub incident: &'static str,
    /// The database.
    pub database: &'static str,
    /// `max_connections`.
    pub slots: u16,
    /// `superuser_reserved_connections`.
    pub reserved: u16,
    /// The service whose code is in question.
    pub suspect: App,
    /// Its version since the change.
    pub version: &'static str,
    /// A busy service that does nothing wrong.
    pub shop: App,
    /// Its sessions.
    pub shop_sessions: usize,
    /// Clients behind a pooler: many sessions that rest and are used again.
    pub pooled: App,
    /// Its sessions.
    pub pooled_sessions: usize,
    /// Runs one long report.
    pub report: App,
    /// Takes a dump, idle in its transaction between two tables.
    pub dump: App,
    /// Streams a backup.
    pub backup: App,
    /// Runs batch jobs and migrations.
    pub batch: App,
    /// The name of its prepared transaction.
    pub prepared: &'static str,
}

const fn app(service: &'static str, role: &'static str, application: &'static str) -> App {
    App {
        service,
        role,
        application,
    }
}

const SHOP: Cast = Cast {
    variant: Variant::First,
    server: "orders-db",
    incident: "INC-2291",
    database: "orders",
    slots: 50,
    reserved: 3,
    suspect: app("checkout", "checkout", "checkout-worker"),
    version: "2.31.0",
    shop: app("orders-api", "orders_api", "orders-api"),
    shop_sessions: 5,
    pooled: app("storefront", "storefront", "storefront"),
    pooled_sessions: 4,
    report: app("reporting", "reporting", "psql"),
    dump: app("nightly-dump", "dumper", "pg_dump"),
    backup: app("backup", "backup", "pg_basebackup"),
    batch: app("repricing", "batch", "reprice-job"),
    prepared: "reprice/2026-11",
};

const LEDGER: Cast = Cast {
    variant: Variant::Second,
    server: "ledger-db",
    incident: "INC-0417",
    database: "ledger",
    slots: 36,
    reserved: 5,
    suspect: app("invoicer", "invoice_rw", "puma: invoicer"),
    version: "5.4.2",
    shop: app("ledger-api", "ledger_app", "ledger-api@eu"),
    shop_sessions: 3,
    // A pooler names itself, not its clients.
    pooled: app("portal", "portal_pool", "pgbouncer"),
    pooled_sessions: 6,
    report: app("bi", "analyst", "Metabase"),
    dump: app("snapshot", "archivist", "snapshotter"),
    backup: app("standby-seed", "barman", "barman"),
    batch: app("month-end", "closing", "close-books"),
    prepared: "tm:ledger:88",
};

impl Cast {
    /// The cast of that name.
    pub fn of(variant: Variant) -> &'static Self {
        match variant {
            Variant::First => &SHOP,
            Variant::Second => &LEDGER,
        }
    }

    /// Everybody, in the same order for each cast.
    pub fn apps(&self) -> [App; 7] {
        [
            self.suspect,
            self.shop,
            self.pooled,
            self.report,
            self.dump,
            self.backup,
            self.batch,
        ]
    }

    pub(super) fn postgres(&self) -> PostgresBuilder {
        let mut server = Postgres::build()
            .max_connections(self.slots)
            .superuser_reserved_connections(self.reserved)
            .database(self.database)
            .backup_role(self.backup.role);
        for app in [
            self.suspect,
            self.shop,
            self.pooled,
            self.report,
            self.dump,
            self.batch,
        ] {
            server = server.role(app.role);
        }
        server.owner(self.batch.role)
    }

    /// What goes on here on any day; all of it innocent.
    pub(super) async fn daily_business(
        &self,
        server: &Postgres,
        story: &mut Story,
    ) -> Result<(), ServerError> {
        let shop = self
            .shop
            .open_many(server, self.database, self.shop_sessions)
            .await?;
        let turn = Turn {
            work: Duration::from_millis(5),
            rest: Duration::from_millis(120),
        };
        story.at_work(Workers::start(shop, turn));

        let pooled = self
            .pooled
            .open_many(server, self.database, self.pooled_sessions)
            .await?;
        let turn = Turn {
            work: Duration::from_millis(1),
            rest: Duration::from_secs(2),
        };
        story.at_work(Workers::start(pooled, turn));

        story.running(Running::report(
            self.report.open(server, self.database).await?,
        ));

        let dumper = self.dump.open(server, self.database).await?;
        dump(&dumper).await?;
        story.at_rest(vec![dumper]);

        story.incident.held.backup = Some(BaseBackup::start(server, self.backup.role).await?);
        Ok(())
    }
}
