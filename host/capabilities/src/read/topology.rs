//! Services and what they depend on: `interlock:read/topology`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked};

/// How a service uses one database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct DatabaseUse {
    /// The configured source.
    pub server: String,
    /// The role it logs in by.
    pub role: String,
    /// The database, where it is one.
    pub database: Option<String>,
    /// Connections that one instance may hold.
    #[cfg_attr(feature = "component", component(name = "pool-size"))]
    pub pool_size: Option<u32>,
    /// How many instances run.
    pub instances: Option<u32>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Names of services.
    #[cfg_attr(feature = "component", component(name = "depends-on"))]
    pub depends_on: Vec<String>,
    /// The databases it uses.
    pub databases: Vec<DatabaseUse>,
}

/// The answer of `topology.services`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct ServiceList {
    /// In the file's order.
    pub services: Vec<Service>,
}

/// What `topology.services` asks: nothing to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicesAsk {}

/// A source of topology.
pub trait Topology: Send + Sync {
    /// Lists all services.
    fn services(
        &self,
        ask: ServicesAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ServiceList, Unchecked>>;
}
