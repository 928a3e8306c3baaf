//! What the two applications of the scenarios are made of, by their own public documentation
//! (the OpenTelemetry demo's architecture page, Istio's Bookinfo page). Written down apart from the
//! scenarios: a topology made from how a scenario spreads would hold what is to be found out.

/// A service, what it calls, and other names that the scenarios have for it.
type Known = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// An application.
#[derive(Debug)]
pub(super) struct App {
    /// Its namespace in the scenarios.
    pub(super) namespace: &'static str,
    services: &'static [Known],
}

const OTEL_DEMO: App = App {
    namespace: "otel-demo",
    services: &[
        ("load-generator", &["frontend-proxy", "flagd"], &[]),
        ("frontend-proxy", &["frontend", "image-provider"], &[]),
        (
            "frontend",
            &[
                "ad",
                "cart",
                "checkout",
                "currency",
                "product-catalog",
                "product-reviews",
                "recommendation",
                "shipping",
            ],
            &[],
        ),
        ("image-provider", &[], &[]),
        ("ad", &["flagd"], &["getads-endpoint"]),
        ("cart", &["valkey-cart", "flagd"], &[]),
        (
            "checkout",
            &[
                "cart",
                "currency",
                "email",
                "kafka",
                "payment",
                "product-catalog",
                "shipping",
            ],
            &[],
        ),
        ("currency", &[], &[]),
        ("email", &["flagd"], &[]),
        ("payment", &["flagd"], &["charge-endpoint"]),
        (
            "product-catalog",
            &["postgresql", "flagd"],
            &["products-endpoint"],
        ),
        (
            "product-reviews",
            &["postgresql", "product-catalog", "flagd"],
            &[],
        ),
        ("recommendation", &["product-catalog", "flagd"], &[]),
        ("shipping", &["quote"], &[]),
        ("quote", &[], &[]),
        ("accounting", &["kafka", "postgresql"], &[]),
        ("fraud-detection", &["kafka", "flagd"], &[]),
        ("kafka", &["flagd"], &[]),
        ("flagd", &[], &[]),
        ("postgresql", &[], &[]),
        ("valkey-cart", &[], &["valkey"]),
    ],
};

const BOOKINFO: App = App {
    namespace: "book-info",
    services: &[
        ("bookinfo-gateway", &["productpage"], &[]),
        ("productpage", &["details", "reviews"], &["productpage-v1"]),
        ("details", &[], &["details-v1"]),
        (
            "reviews",
            &["ratings"],
            &["reviews-v1", "reviews-v2", "reviews-v3"],
        ),
        ("ratings", &[], &["ratings-v1"]),
    ],
};

pub(super) const APPS: [App; 2] = [OTEL_DEMO, BOOKINFO];

impl App {
    /// Each service and what it calls.
    pub(super) fn services(&self) -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
        self.services.iter().map(|(name, calls, _)| (*name, *calls))
    }

    /// The service that a group of a scenario stands for, by the group's id: without its number, its
    /// kind, and hyphens.
    pub(super) fn service(&self, id: &str) -> Option<&'static str> {
        const KINDS: [&str; 5] = ["-service", "-pod", "-deployment", "-replicaset", "-pvc"];
        let numbered = id.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let mut bare = numbered.strip_suffix('-').unwrap_or(id);
        for kind in KINDS {
            bare = bare.strip_suffix(kind).unwrap_or(bare);
        }
        let bare = plain(bare);
        let short = bare.strip_suffix("service").unwrap_or(&bare).to_owned();
        let same = |name: &str| {
            let name = plain(name);
            name == bare || name == short
        };
        self.services
            .iter()
            .find(|(name, _, others)| same(name) || others.iter().any(|other| same(other)))
            .map(|(name, _, _)| *name)
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| *letter != '-').collect()
}
