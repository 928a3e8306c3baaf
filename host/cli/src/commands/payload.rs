//! `plan payload`: the bytes for stock `ssh-keygen`, and the token that comes of its signature.

use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_gate::{
    ids::PersonName,
    sshsig::Sshsig,
    token::{Decision, Token},
};
use serde::Serialize;

use super::{plan::write, sign::payload_of};
use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::Output,
    setup,
};

#[derive(Serialize)]
struct PayloadJson<'a> {
    schema: &'static str,
    plan: String,
    payload: String,
    file: Option<&'a Path>,
}

/// The payload for stock `ssh-keygen`, or a token from a payload and its signature.
pub(crate) async fn payload(
    given: &str,
    approver: &str,
    decision: Decision,
    reason: &str,
    assemble: Option<&[PathBuf]>,
    out: Option<&Path>,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let shown = setup::plan(given, config).await?;
    let approver: PersonName = approver
        .parse()
        .map_err(|error| Failure::of(Exit::Usage, &error))?;
    let bytes = match assemble {
        Some([payload, signature]) => {
            let read = |path: &PathBuf| {
                files::read_plain(path, 2 * 1024 * 1024)
                    .map_err(|error| Failure::of(Exit::Usage, &error))
            };
            let armored = String::from_utf8(read(signature)?)
                .map_err(|_| Failure::usage(format!("{} is not text", signature.display())))?;
            let token = Token::assemble(&read(payload)?, &armored)
                .map_err(|error| Failure::of(Exit::Usage, &error))?;
            let verified = Token::verify(&token).map_err(|error| {
                let named = format!("{}: {}", signature.display(), chain(&error));
                let parsed = Sshsig::parse(&armored).is_ok();
                Failure::new(if parsed { Exit::Denied } else { Exit::Usage }, named)
            })?;
            if verified.payload().plan != shown.plan.id() {
                return Err(Failure::denied("the payload is about another plan"));
            }
            token
        }
        _ => payload_of(&shown, &approver, decision, reason, None)?
            .to_bytes()
            .map_err(|error| Failure::of(Exit::Usage, &error))?,
    };
    if let Some(file) = out {
        write(file, &bytes)?;
    }
    // Canonical JSON is UTF-8.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let document = PayloadJson {
        schema: "interlock.payload.v1",
        plan: shown.plan.id().to_string(),
        payload: text.clone(),
        file: out,
    };
    let human = match out {
        Some(file) => format!("{}\n", file.display()),
        // Exactly the bytes: a newline more would be another payload.
        None => text,
    };
    let output = Output::new(Exit::Done, human, &document);
    Ok(match (assemble, out) {
        (None, Some(file)) => output.next(format!(
            "`ssh-keygen -Y sign -n {} -f KEY {}`, then `plan payload ... --assemble {} {}.sig`",
            interlock_gate::sshsig::NAMESPACE,
            file.display(),
            file.display(),
            file.display()
        )),
        _ => output,
    })
}
