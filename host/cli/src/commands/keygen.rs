//! `keygen`: a key to approve with, for someone who has none.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use serde::Serialize;
use ssh_key::{
    LineEnding, PrivateKey,
    private::{Ed25519Keypair, KeypairData},
};

use crate::{exit::Exit, failure::Failure, output::Output};

#[derive(Serialize)]
struct KeygenJson<'a> {
    schema: &'static str,
    private_key: &'a Path,
    public_key: String,
    fingerprint: String,
}

pub(crate) fn run(file: &Path, name: Option<&str>) -> Result<Output, Failure> {
    if let Some(name) = name
        && name.parse::<interlock_gate::ids::PersonName>().is_err()
    {
        return Err(
            Failure::usage(format!("`{}` is not a person's name", name.escape_debug()))
                .help("lower-case letters, digits, `.`, `_` and `-`, such as `alice`"),
        );
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::failed(format!("no random bytes: {error}")))?;
    let keypair = KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed));
    let made =
        |error: ssh_key::Error| Failure::failed(format!("the key could not be made: {error}"));
    let key = PrivateKey::new(keypair, name.unwrap_or_default()).map_err(made)?;
    let private = key.to_openssh(LineEnding::LF).map_err(made)?;
    let public = key.public_key().to_openssh().map_err(made)?;
    write_new(file, private.as_bytes(), 0o600)?;
    let public_file = file.with_file_name(format!(
        "{}.pub",
        file.file_name().unwrap_or_default().to_string_lossy()
    ));
    if let Err(failure) = write_new(&public_file, format!("{public}\n").as_bytes(), 0o644) {
        // Half a key pair would be refused as existing the next time.
        let _ = std::fs::remove_file(file);
        return Err(failure);
    }
    let fingerprint = key.fingerprint(ssh_key::HashAlg::Sha256).to_string();
    let human = format!(
        "private key  {}  (mode 0600, no passphrase: `ssh-keygen -p -f` sets one)\n\
         public key   {public}\n\
         fingerprint  {fingerprint}\n",
        file.display()
    );
    let document = KeygenJson {
        schema: "interlock.keygen.v1",
        private_key: file,
        public_key: public.clone(),
        fingerprint,
    };
    Ok(Output::new(Exit::Done, human, &document).next(
        "put the public key under `keys` of the approver in the policy, then `interlock policy check`",
    ))
}

/// Writes a file that does not exist yet.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path);
    let written = open.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} exists already and is not overwritten",
            path.display()
        )),
        _ => Failure::failed(format!("{} cannot be written: {error}", path.display())),
    })
}
