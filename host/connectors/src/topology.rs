//! Topology files: which services there are, what they need, and how they use databases.
//! Not discovery: what nobody wrote down is unknown, and answers say so by absence.
//! Start at [`TopologyFile`].
//!
//! ```toml
//! [[service]]
//! name = "checkout"
//! depends_on = ["payments"]              # names of services, here or elsewhere
//!
//! [[service.database]]                   # one for each role the service logs in by
//! server = "orders-db"                   # the name of a [[source.postgres]]
//! role = "checkout"
//! database = "orders"                    # optional
//! pool_size = 20                         # optional: connections of one instance
//! instances = 2                          # optional
//! ```
//!
//! The same as JSON where the file's name ends in `.json`. The file is read anew for each answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use interlock_capabilities::read::topology::{
    DatabaseUse, Service, ServiceList, ServicesAsk, Topology,
};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};

use crate::document::{self, FileError, Format, Mistakes, Problem, Section};
use crate::files::{self, TEXT_BYTES_MAX};
use crate::health::Health;
use crate::work;

const SERVICES_MAX: usize = 2000;
const DATABASES_MAX: usize = 64;
const DEPENDS_MAX: usize = 256;
const TIME_MAX: Duration = Duration::from_secs(5);

/// `interlock:read/topology` from one file.
#[derive(Clone, Debug)]
pub struct TopologyFile {
    path: PathBuf,
}

impl TopologyFile {
    /// Nothing is read yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads the file.
    pub fn load(&self) -> Result<ServiceList, FileError> {
        let text = files::read_plain_text(&self.path, TEXT_BYTES_MAX)?;
        Ok(parse(&self.path, &text, Format::of(&self.path))?)
    }

    /// Whether it can be read.
    pub(crate) fn health(&self) -> Health {
        match self.load() {
            Ok(list) => Health::Good {
                what: match list.services.len() {
                    1 => "readable, with 1 service".to_owned(),
                    count => format!("readable, with {count} services"),
                },
            },
            Err(error) => Health::Bad {
                why: error.in_a_line(),
            },
        }
    }
}

impl Topology for TopologyFile {
    fn services(
        &self,
        _ask: ServicesAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ServiceList, Unchecked>> {
        let this = self.clone();
        work::begin_blocking(TIME_MAX, move |_stop| {
            let list = this
                .load()
                .map_err(|e| Gap::Unreachable(format!("topology file: {}", e.in_a_line())))?;
            limit.check(&list)?;
            Ok(list)
        })
    }
}

/// Reads a topology's text; `path` only names it in mistakes.
pub fn parse(path: &Path, text: &str, format: Format) -> Result<ServiceList, Mistakes> {
    document::read(path, text, format, |top| {
        let mut names = BTreeSet::new();
        let services = top.tables("service", "[[service]]", SERVICES_MAX, |section| {
            let name = section.need("name", Section::text);
            if let Some(name) = &name
                && !names.insert(name.clone())
            {
                let name = name.clone();
                section.mistake(
                    "name",
                    Problem::Twice {
                        what: "service",
                        name,
                    },
                );
            }
            let depends_on = section.texts("depends_on", DEPENDS_MAX);
            let databases = section.tables(
                "database",
                "[[service.database]]",
                DATABASES_MAX,
                database_use,
            );
            Some(Service {
                name: name?,
                depends_on,
                databases,
            })
        });
        Some(ServiceList { services })
    })
}

fn database_use(section: &mut Section<'_, '_>) -> Option<DatabaseUse> {
    let server = section.need("server", Section::name);
    let role = section.need("role", Section::text);
    let database = section.text("database");
    let mut count = |key| {
        section
            .integer(key, 0, 1_000_000)
            .and_then(|n| u32::try_from(n).ok())
    };
    let (pool_size, instances) = (count("pool_size"), count("instances"));
    Some(DatabaseUse {
        server: server?,
        role: role?,
        database,
        pool_size,
        instances,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::check;

    const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 20 };

    #[test]
    fn a_service_tells_its_roles_and_pools() {
        let text = r#"
            [[service]]
            name = "checkout"
            depends_on = ["payments"]
            [[service.database]]
            server = "orders-db"
            role = "checkout"
            pool_size = 20
            [[service]]
            name = "payments"
        "#;
        let list = parse(Path::new("t.toml"), text, Format::Toml).unwrap();
        assert_eq!(list.services.len(), 2);
        let used = &list.services[0].databases[0];
        assert_eq!((used.pool_size, used.instances), (Some(20), None));
    }

    #[test]
    fn mistakes_are_told_with_line_and_field() {
        let text = "[[service]]\nname = \"a\"\n[[service]]\nname = \"a\"\n\
                    [[service.database]]\nserver = \"db\"\npool_size = -1\nrol = \"x\"\n";
        let mistakes = parse(Path::new("t.toml"), text, Format::Toml).unwrap_err();
        check(
            &mistakes,
            &[
                "t.toml:4:8: service `a` stands here twice",
                "t.toml:5:1: [[service.database]] has no `role`",
                "t.toml:7:13: `pool_size` must be from 0 to 1000000",
                "t.toml:8:1: `rol` is not a key of [[service.database]] (did you mean `role`?)",
            ],
        );
    }

    #[tokio::test]
    async fn a_file_that_is_missing_or_wrong_is_not_an_empty_answer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("topology.toml");
        let file = TopologyFile::new(path.clone());
        let gap = file.services(ServicesAsk {}, LIMIT).await.unwrap_err();
        assert!(
            gap.why().ends_with("topology.toml` does not exist"),
            "{gap}"
        );
        std::fs::write(&path, "[[service]]\n").unwrap();
        let gap = file.services(ServicesAsk {}, LIMIT).await.unwrap_err();
        assert!(gap.why().ends_with("[[service]] has no `name`"), "{gap}");
        std::fs::write(&path, "[[service]]\nname = \"checkout\"\n").unwrap();
        let small = AnswerLimit { bytes_max: 10 };
        assert!(matches!(
            file.services(ServicesAsk {}, small).await,
            Err(Gap::TooLarge(_))
        ));
        assert!(file.services(ServicesAsk {}, LIMIT).await.is_ok());
    }
}
