//! From what a request presents to the caller that the policy names.
//! Not a session: each request presents it anew, and the policy in force is asked anew.
//! Invariant: every failure is the same answer after the same work.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use interlock_gate::policy::Policy;
use interlock_runner::caller::Caller;

use super::Admitted;

/// A client certificate of a mutual TLS handshake, in DER: whoever presents it holds its key.
#[derive(Clone, Debug)]
pub struct ClientCertificate(pub Arc<[u8]>);

/// Nobody that the policy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request names no caller of the policy")]
pub struct Unknown;

/// Who calls the API: by bearer token, or by client certificate where there is no token. A token
/// that is wrong is never made good by a certificate.
pub fn of_api(
    policy: &Policy,
    headers: &HeaderMap,
    certificate: Option<&ClientCertificate>,
) -> Result<Admitted, Unknown> {
    if headers.contains_key(header::AUTHORIZATION) {
        return by_token(policy, presented(headers, "bearer").as_deref());
    }
    if let Some(certificate) = certificate {
        let found = Caller::of_certificate(policy, &certificate.0);
        return found
            .map(|(caller, line)| Admitted::of_line(caller, line))
            .ok_or(Unknown);
    }
    by_token(policy, None)
}

/// Who reads the page: by HTTP Basic, any user name, whose password is the token of a caller that
/// may only read; or as [`of_api`].
pub fn of_page(
    policy: &Policy,
    headers: &HeaderMap,
    certificate: Option<&ClientCertificate>,
) -> Result<Admitted, Unknown> {
    let Some(basic) = presented(headers, "basic") else {
        return of_api(policy, headers, certificate);
    };
    let password = STANDARD
        .decode(basic)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| {
            text.split_once(':')
                .map(|(_, password)| password.to_owned())
        });
    // Browsers keep what was typed, and send it with every request to this server: it must be
    // a token that can do nothing.
    by_token(policy, password.as_deref()).and_then(|who| match who.read_only {
        true => Ok(who),
        false => Err(Unknown),
    })
}

fn by_token(policy: &Policy, token: Option<&str>) -> Result<Admitted, Unknown> {
    // Without a token one is looked up all the same, that no caller has: its hash has no known
    // preimage, and the answer takes as long.
    let found = Caller::of_bearer(policy, token.unwrap_or("-"));
    match (token, found) {
        (Some(_), Some((caller, line))) => Ok(Admitted::of_line(caller, line)),
        _ => Err(Unknown),
    }
}

/// The credentials of the one `Authorization` header, if it is of that scheme.
fn presented(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    let (given, credentials) = value.split_once(' ')?;
    (all.next().is_none() && given.eq_ignore_ascii_case(scheme))
        .then(|| credentials.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn policy() -> Policy {
        let hash = |token: &str| hex::encode(Sha256::digest(token));
        let text = format!(
            "version = 1\n\
             [[caller]]\nname = \"agent\"\nbearer_sha256 = \"{}\"\nunattended = true\n\
             [[caller]]\nname = \"page\"\nbearer_sha256 = \"{}\"\nunattended = true\n\
             read_only = true\n\
             [[caller]]\nname = \"site\"\ncertificate_sha256 = \"{}\"\nunattended = true\n",
            hash("agents-token"),
            hash("pages-token"),
            hash("der"),
        );
        Policy::parse(&text).unwrap()
    }

    fn headers(authorization: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        headers
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    #[test]
    fn a_token_is_its_caller_and_nothing_else_is() {
        let policy = policy();
        let api = |given: &[&str]| of_api(&policy, &headers(given), None);
        let who = api(&["Bearer agents-token"]).unwrap();
        assert_eq!((who.key(), who.read_only), ("agent", false));
        assert!(api(&["bearer pages-token"]).unwrap().read_only);
        let basic = basic("x:agents-token");
        for bad in [
            &[][..],
            &["Bearer"],
            &["Bearer "],
            &["Bearer agents-toke"],
            &["Bearer -"],
            &["agents-token"],
            &["Bearer agents-token", "Bearer agents-token"],
            &[basic.as_str()],
        ] {
            assert_eq!(api(bad).unwrap_err(), Unknown, "{bad:?}");
        }
    }

    #[test]
    fn basic_reads_the_page_with_a_read_only_token_and_with_no_other() {
        let policy = policy();
        let page = |given: &str| of_page(&policy, &headers(&[given]), None);
        assert_eq!(page(&basic("anyone:pages-token")).unwrap().key(), "page");
        assert_eq!(page("Bearer agents-token").unwrap().key(), "agent");
        for bad in [
            basic("x:agents-token"),
            basic("pages-token"),
            basic("x:"),
            "Basic !!!".to_owned(),
        ] {
            assert_eq!(page(&bad).unwrap_err(), Unknown, "{bad}");
        }
        assert!(of_api(&policy, &headers(&[&basic("x:pages-token")]), None).is_err());
    }

    #[test]
    fn a_certificate_names_a_caller_and_never_mends_a_wrong_token() {
        let policy = policy();
        let good = ClientCertificate(b"der".to_vec().into());
        let other = ClientCertificate(b"red".to_vec().into());
        let none = headers(&[]);
        assert_eq!(of_api(&policy, &none, Some(&good)).unwrap().key(), "site");
        assert!(of_api(&policy, &none, Some(&other)).is_err());
        let wrong = headers(&["Bearer wrong"]);
        assert!(of_api(&policy, &wrong, Some(&good)).is_err());
    }
}
