//! The roles and databases of a new server.

use tokio_postgres::Client;

use super::{METRICS_ROLE, READ_ROLE, RESERVED_ROLE, WRITE_ROLE};
use crate::{Postgres, PostgresBuilder, ServerError};

pub(super) async fn make(server: &Postgres, wanted: &PostgresBuilder) -> Result<(), ServerError> {
    let admin = server.superuser().await?;
    admin
        .batch_execute(&ours(wanted))
        .await
        .map_err(ServerError::sql("make the roles"))?;
    for database in &wanted.databases {
        // A database cannot be made inside the transaction that several statements would be.
        run(&admin, &format!("create database {}", quoted(database))).await?;
        let there = server.connect(super::SUPERUSER, database, "test").await?;
        run(
            &there,
            "create table orders (id bigint generated always as identity primary key, \
             item text not null default 'book', state text not null default 'new', \
             changed timestamptz not null default now()); \
             insert into orders (item) select 'item ' || n from generate_series(1, 500) n; \
             create table jobs (id int primary key, done bool not null default false); \
             insert into jobs select n, false from generate_series(1, 100) n; \
             create table archive as select * from orders; \
             grant all on orders, jobs, archive to public; \
             grant create, usage on schema public to public",
        )
        .await?;
        if let Some(owner) = &wanted.owner {
            let owner = quoted(owner);
            run(&there, &format!("alter table orders owner to {owner}")).await?;
        }
    }
    Ok(())
}

fn ours(wanted: &PostgresBuilder) -> String {
    let logins = &wanted.logins;
    let mut sql = format!(
        "create role {READ_ROLE} login nosuperuser password '{}' in role pg_monitor;
         create role {WRITE_ROLE} login nosuperuser password '{}'
             in role pg_signal_backend, pg_monitor;
         create role {RESERVED_ROLE} login superuser password '{}';
         create role {METRICS_ROLE} login nosuperuser password '{}' in role pg_monitor;",
        logins.read, logins.write, logins.reserved, logins.metrics,
    );
    for role in &wanted.roles {
        sql.push_str(&format!("create role {} login nosuperuser;", quoted(role)));
    }
    for role in &wanted.backup_roles {
        sql.push_str(&format!(
            "create role {} login nosuperuser replication;",
            quoted(role)
        ));
    }
    sql
}

async fn run(client: &Client, sql: &str) -> Result<(), ServerError> {
    client
        .batch_execute(sql)
        .await
        .map_err(ServerError::sql(format!("run `{sql}`")))
}

/// An identifier in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
