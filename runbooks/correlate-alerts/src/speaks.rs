//! What an alert's name says of the service that it is about: that it is broken itself, that its
//! calls fail, or that it gets too little to do. Names of alerts are words with a meaning; names of
//! services are not, and are never looked at here.

/// What an alert speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Speaks {
    /// It gets too little to do: whoever calls it has stopped.
    OfTooLittle,
    /// Its answers fail or are slow: it, or what it depends on.
    OfItsCalls,
    /// It is broken itself: its process, its machine, its disk.
    OfItself,
}

const ITSELF: [&str; 26] = [
    "pod",
    "pods",
    "container",
    "containers",
    "crash",
    "crashing",
    "crashlooping",
    "oom",
    "oomkilled",
    "memory",
    "cpu",
    "disk",
    "volume",
    "node",
    "down",
    "restart",
    "restarts",
    "restarting",
    "evicted",
    "replicas",
    "deployment",
    "exhausted",
    "saturated",
    "saturation",
    "full",
    "connections",
];
const NONE_OF: [&str; 4] = ["no", "absent", "missing", "low"];
const WORK: [&str; 14] = [
    "request",
    "requests",
    "traffic",
    "operation",
    "operations",
    "database",
    "message",
    "messages",
    "calls",
    "orders",
    "throughput",
    "received",
    "volume",
    "consumer",
];

impl Speaks {
    /// What an alert of this name speaks of.
    pub fn of(name: &str) -> Self {
        let words = words(name);
        let begins = words.first().is_some_and(|word| NONE_OF.contains(&&**word));
        if begins && words.iter().skip(1).any(|word| WORK.contains(&&**word)) {
            Self::OfTooLittle
        } else if words.iter().any(|word| ITSELF.contains(&&**word)) {
            Self::OfItself
        } else {
            Self::OfItsCalls
        }
    }
}

/// `KubePodNotReady` and `kube_pod-not ready` alike: kube, pod, not, ready.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut small = false;
    let mut open = false;
    for letter in name.chars().take(200) {
        if !letter.is_alphanumeric() {
            (open, small) = (false, false);
            continue;
        }
        if letter.is_uppercase() && small {
            open = false;
        }
        small = letter.is_lowercase();
        if !open {
            words.push(String::new());
            open = true;
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whether_a_service_is_broken_called_in_vain_or_not_called() {
        for (name, speaks) in [
            ("KubePodCrashLooping", Speaks::OfItself),
            ("kube_container_waiting", Speaks::OfItself),
            ("TargetDown", Speaks::OfItself),
            ("HighRequestErrorRate", Speaks::OfItsCalls),
            ("HighRequestLatency", Speaks::OfItsCalls),
            ("NoRequestsReceived", Speaks::OfTooLittle),
            ("NoDatabaseOperations", Speaks::OfTooLittle),
            ("low traffic", Speaks::OfTooLittle),
            ("NodeDiskFull", Speaks::OfItself),
            ("", Speaks::OfItsCalls),
        ] {
            assert_eq!(Speaks::of(name), speaks, "{name}");
        }
    }
}
