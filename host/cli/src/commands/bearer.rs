//! `keygen --bearer`: a token that names a caller, for an agent, a webhook or a reader of the page.
//! Not a key: it approves nothing.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use interlock_gate::ids::PersonName;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::keygen::write_new;
use crate::{exit::Exit, failure::Failure, output::Output};

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

#[derive(Serialize)]
struct BearerJson<'a> {
    schema: &'static str,
    token_file: &'a Path,
    caller: &'a str,
    owner: Option<&'a str>,
    bearer_sha256: String,
    policy: String,
}

/// Writes a new token to `file` and prints the lines of the policy that name its caller.
pub(crate) fn run(file: &Path, name: &str, owner: Option<&str>) -> Result<Output, Failure> {
    for (what, given) in [("caller", Some(name)), ("person", owner)] {
        if let Some(given) = given
            && given.parse::<PersonName>().is_err()
        {
            return Err(Failure::usage(format!(
                "`{}` is not a {what}'s name",
                given.escape_debug()
            ))
            .help("lower-case letters, digits, `.`, `_` and `-`, such as `triage-agent`"));
        }
    }
    let mut random = [0; TOKEN_BYTES];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
    let token = URL_SAFE_NO_PAD.encode(random);
    write_new(file, token.as_bytes(), 0o600)?;
    let sha256 = hex::encode(Sha256::digest(&token));
    let behind = match owner {
        Some(owner) => format!("owner = \"{owner}\""),
        None => "unattended = true                 # or owner = \"...\": the approver behind it"
            .to_owned(),
    };
    let policy = format!("[[caller]]\nname = \"{name}\"\nbearer_sha256 = \"{sha256}\"\n{behind}\n");
    let human = format!(
        "token        {}  (mode 0600; only its digest goes into the policy)\n\n{policy}",
        file.display()
    );
    let document = BearerJson {
        schema: "interlock.bearer.v1",
        token_file: file,
        caller: name,
        owner,
        bearer_sha256: sha256,
        policy,
    };
    Ok(Output::new(Exit::Done, human, &document)
        .next("put these lines into the policy, then `interlock policy check`"))
}
