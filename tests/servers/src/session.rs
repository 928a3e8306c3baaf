//! One client session of PostgreSQL, held until it is dropped.

use std::ops::Deref;
use std::str::FromStr;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};

use crate::ServerError;

/// An open session; it derefs to the client. Dropping it closes the connection.
///
/// Its connection is driven by a task of the runtime: a test that blocks its only thread stops it.
#[derive(Debug)]
pub struct Session {
    client: Client,
    pid: i32,
    driver: JoinHandle<()>,
}

impl Session {
    /// Logs in, and asks for the backend's pid.
    pub async fn open(dsn: &str, application: &str) -> Result<Self, ServerError> {
        let mut config = Config::from_str(dsn).map_err(ServerError::sql("read a DSN"))?;
        config
            .application_name(application)
            .connect_timeout(Duration::from_secs(10));
        let role = config.get_user().unwrap_or_default().to_owned();
        let (client, connection) = config
            .connect(NoTls)
            .await
            .map_err(ServerError::sql(format!("log in as `{role}`")))?;
        let driver = tokio::spawn(async move {
            // How a session ends is the test's business; the client's next call tells it.
            let _ = connection.await;
        });
        let row = client
            .query_one("select pg_backend_pid()", &[])
            .await
            .map_err(ServerError::sql("ask for the session's pid"))?;
        Ok(Self {
            client,
            pid: row.get(0),
            driver,
        })
    }

    /// The backend's pid.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Runs statements and forgets their rows.
    pub async fn run(&self, sql: &str) -> Result<(), ServerError> {
        self.client
            .batch_execute(sql)
            .await
            .map_err(ServerError::sql(format!("run `{sql}`")))
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The client's end alone would wait for a statement that may never finish.
        self.driver.abort();
    }
}
