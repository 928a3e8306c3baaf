//! `interlock:read/http-probe`: a configured URL, asked by its name.
//! Not a fetcher: a step gives a name and gets a status, never a body.
//! Start at [`Probes`].
//! Invariant: the addresses that were checked are the addresses that are dialled. A host name is
//! looked up once, each of its addresses must be public or within the probe's `networks`, and none
//! may be link-local, multicast or reserved, however it is wrapped.

mod address;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use interlock_capabilities::read::http_probe::{HttpProbe, ProbeAsk, ProbeResult};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};
use reqwest::Url;

use crate::endpoint::Endpoint;
use crate::http::{Client, ClientOptions, FetchError};
use crate::words::quote;
use crate::work;

pub use address::Network;
use address::{Kind, kind, unmap};

/// Most addresses of one name.
const ADDRESSES_MAX: usize = 16;

/// One configured probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The operator's exact URL.
    pub url: Endpoint,
    /// For looking up, connecting and answering together.
    pub timeout: Duration,
    /// Inner networks that its host's name may lead to. A URL with an address in place of a name
    /// may lead to that address without them.
    pub networks: Vec<Network>,
}

/// Every configured probe.
#[derive(Clone, Debug)]
pub struct Probes {
    probes: Arc<BTreeMap<String, Probe>>,
}

impl Probes {
    /// Nothing is asked yet.
    pub fn new(probes: BTreeMap<String, Probe>) -> Self {
        Self {
            probes: Arc::new(probes),
        }
    }

    /// Sends one probe now.
    pub(crate) async fn check(&self, name: &str) -> Result<String, Gap> {
        let result = self.clone().send(name.to_owned()).await?;
        match (result.status, result.error) {
            (Some(status), _) => Ok(format!("answers status {status}")),
            (None, error) => Err(Gap::Unreachable(error.unwrap_or_default())),
        }
    }

    async fn send(self, name: String) -> Result<ProbeResult, Gap> {
        let probe = self.probes.get(&name).ok_or_else(|| {
            Gap::NoSource(format!(
                "no [[source.probe]] has the name `{}`",
                quote(&name)
            ))
        })?;
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let at = u64::try_from(since.as_micros()).unwrap_or(u64::MAX);
        let begun = Instant::now();
        let answer = match tokio::time::timeout(probe.timeout, ask(probe, &name)).await {
            Ok(answer) => answer?,
            Err(_elapsed) => Err(FetchError::TimedOut {
                after_ms: ms(probe.timeout),
            }
            .to_string()),
        };
        let (status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(why) => (None, Some(why)),
        };
        Ok(ProbeResult {
            name,
            at,
            status,
            latency_ms: ms(begun.elapsed()),
            error,
        })
    }
}

impl HttpProbe for Probes {
    fn probe(
        &self,
        ask: ProbeAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ProbeResult, Unchecked>> {
        let this = self.clone();
        work::begin(async move {
            let result = this.send(ask.name).await?;
            limit.check(&result)?;
            Ok(result)
        })
    }
}

/// The status, or why there was none; a gap where the probe may not be sent at all.
async fn ask(probe: &Probe, name: &str) -> Result<Result<u16, String>, Gap> {
    let url = probe.url.url();
    let Found { addresses, literal } = match look_up(url).await {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    let allowed: Vec<Network> = probe
        .networks
        .iter()
        .copied()
        .chain(literal.map(Network::only))
        .collect();
    for address in &addresses {
        judge(address.ip(), &allowed)
            .map_err(|why| Gap::Refused(format!("probe `{name}`: {why}")))?;
    }
    let options = ClientOptions {
        timeout: probe.timeout,
        tls: probe.url.is_tls(),
        bearer: None,
        pinned: Some(&addresses),
    };
    let client = match Client::new(&options) {
        Ok(client) => client,
        Err(error) => return Err(Gap::Unreachable(format!("probe `{name}`: {error}"))),
    };
    Ok(client
        .status(url.clone())
        .await
        .map_err(|error| error.to_string()))
}

/// Whether one address may be dialled; else why not.
fn judge(address: IpAddr, allowed: &[Network]) -> Result<(), String> {
    let real = unmap(address);
    match kind(real) {
        Kind::Public => Ok(()),
        Kind::Never => Err(format!("its host leads to {real}, which is never dialled")),
        Kind::Inner if allowed.iter().any(|network| network.contains(real)) => Ok(()),
        Kind::Inner => Err(format!(
            "its host leads to {real}, which is not within its `networks`"
        )),
    }
}

/// Where a URL leads.
struct Found {
    addresses: Vec<SocketAddr>,
    /// The address that the operator wrote in place of a name, unwrapped.
    literal: Option<IpAddr>,
}

async fn look_up(url: &Url) -> Result<Found, String> {
    let port = url.port_or_known_default().unwrap_or(80);
    let host = url.host_str().unwrap_or("");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        let addresses = vec![SocketAddr::new(address, port)];
        return Ok(Found {
            addresses,
            literal: Some(unmap(address)),
        });
    }
    let found = tokio::net::lookup_host((host, port))
        .await
        .map_err(|error| {
            format!(
                "its host cannot be looked up: {}",
                quote(&error.to_string())
            )
        })?;
    let addresses: Vec<SocketAddr> = found.take(ADDRESSES_MAX).collect();
    if addresses.is_empty() {
        return Err("its host has no address".to_owned());
    }
    Ok(Found {
        addresses,
        literal: None,
    })
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 20 };

    fn probes(url: &str, networks: &[&str]) -> Probes {
        let networks = networks
            .iter()
            .map(|n| Network::parse(n).unwrap())
            .collect();
        let url = Endpoint::exact(url).unwrap();
        let probe = Probe {
            url,
            timeout: Duration::from_secs(5),
            networks,
        };
        Probes::new(BTreeMap::from([("p".to_owned(), probe)]))
    }

    async fn send(url: &str, networks: &[&str]) -> Result<ProbeResult, Gap> {
        probes(url, networks)
            .probe(ProbeAsk { name: "p".into() }, LIMIT)
            .await
    }

    /// A server that answers every connection with one status.
    async fn server(head: &'static str) -> u16 {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                _ = stream.read(&mut [0; 1024]).await;
                _ = stream.write_all(head.as_bytes()).await;
            }
        });
        port
    }

    #[tokio::test]
    async fn a_status_is_a_result_and_a_redirect_is_not_followed() {
        let port = server("HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\n\r\n").await;
        let result = send(&format!("http://127.0.0.1:{port}/health"), &[])
            .await
            .unwrap();
        assert_eq!((result.status, result.error), (Some(302), None));
    }

    #[tokio::test]
    async fn a_name_leads_inside_only_where_the_operator_said_so() {
        let port = server("HTTP/1.1 204 No Content\r\n\r\n").await;
        let url = format!("http://localhost:{port}/");
        let gap = send(&url, &[]).await.unwrap_err();
        assert!(
            matches!(&gap, Gap::Refused(why) if why.contains("`networks`")),
            "{gap}"
        );
        let both = ["127.0.0.0/8", "::1/128"];
        assert_eq!(send(&url, &both).await.unwrap().status, Some(204));
    }

    #[tokio::test]
    async fn metadata_addresses_are_never_dialled_however_they_are_written() {
        for host in [
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:a9fe:a9fe::]",
            "2852039166",
            "0xa9fea9fe",
            "0.0.0.0",
        ] {
            let gap = send(&format!("http://{host}/"), &["0.0.0.0/0", "::/0"])
                .await
                .unwrap_err();
            assert!(
                matches!(&gap, Gap::Refused(why) if why.contains("never dialled")),
                "{host}"
            );
        }
    }

    #[tokio::test]
    async fn a_dead_service_is_a_result_without_status_and_an_unknown_name_a_gap() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let result = send(&format!("http://127.0.0.1:{port}/"), &[])
            .await
            .unwrap();
        assert_eq!(result.status, None);
        assert!(result.error.unwrap().contains("refused"));
        let unknown = ProbeAsk { name: "q".into() };
        let gap = probes("http://127.0.0.1/", &[])
            .probe(unknown, LIMIT)
            .await
            .unwrap_err();
        assert!(matches!(gap, Gap::NoSource(_)));
    }
}
