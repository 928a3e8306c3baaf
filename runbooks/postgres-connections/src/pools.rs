//! What the topology says of the roles that log in to this server.

use interlock_sdk::wire::{Service, ServiceList};
use interlock_sdk::{Answer, Item, Items};

/// One role's connections, as declared.
#[derive(Debug, Clone)]
pub struct Pool<'f> {
    /// The role, as the server knows it.
    pub role: String,
    /// The services that log in as it.
    pub services: Vec<&'f str>,
    /// Connections that all their instances may hold together; nothing where
    /// one of them does not say.
    pub most: Option<usize>,
}

/// The declared pools of one server.
#[derive(Debug, Clone)]
pub struct Pools<'f> {
    /// One a role.
    pub of: Vec<Pool<'f>>,
    /// The services that use this server, to cite.
    pub items: Items<'f, Service>,
}

impl<'f> Pools<'f> {
    /// Reads the topology's answer.
    pub fn of(server: &str, topology: &'f Answer<ServiceList>) -> Self {
        let uses = |service: &Item<'f, Service>| {
            service
                .databases
                .iter()
                .any(|database| database.server == server)
        };
        let items = topology.items().filter(uses);
        let mut of: Vec<Pool<'f>> = Vec::new();
        for service in items.iter() {
            let service = service.record();
            for database in service
                .databases
                .iter()
                .filter(|used| used.server == server)
            {
                let most = match (database.pool_size, database.instances) {
                    (Some(size), Some(count)) => Some(size as usize * count as usize),
                    _ => None,
                };
                match of.iter_mut().find(|pool| pool.role == database.role) {
                    Some(pool) => {
                        pool.most = pool.most.zip(most).map(|(a, b)| a.saturating_add(b));
                        pool.services.push(&service.name);
                    }
                    None => of.push(Pool {
                        role: database.role.clone(),
                        services: vec![&service.name],
                        most,
                    }),
                }
            }
        }
        Self { of, items }
    }

    /// The pool of a role.
    pub fn role(&self, role: &str) -> Option<&Pool<'f>> {
        self.of.iter().find(|pool| pool.role == role)
    }

    /// The sum of the pools that say their size, and how many do not.
    pub fn sum(&self) -> (usize, usize) {
        let sum = self
            .of
            .iter()
            .filter_map(|pool| pool.most)
            .fold(0, usize::saturating_add);
        (
            sum,
            self.of.iter().filter(|pool| pool.most.is_none()).count(),
        )
    }
}
