//! Compiled components on disk, each under a code that only this host can make.
//!
//! Compiled code is machine code: whoever can plant it, runs it. So an entry is loaded only if its
//! HMAC, under a key of the state folder, holds over the component's digest, wasmtime's version and
//! settings, and the code; and what was checked is what is loaded, never the file again. Anything
//! else is compiled anew and written over.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    hash::{Hash, Hasher},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use hmac::{Hmac, Mac};
use interlock_gate::ids::ComponentDigest;
use rustix::fs::OFlags;
use sha2::{Digest, Sha256};
use wasmtime::{Engine, component::Component};

/// Bytes of one entry.
const ENTRY_BYTES_MAX: u64 = 512 * 1024 * 1024;
const CODE_BYTES: usize = 32;
/// Says what the code is over; changes with the layout.
const DOMAIN: &[u8] = b"interlock.compiled.v1\0";

/// Why the cache cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// A file of it could not be made or read.
    #[error("`{path}` cannot be used as the cache of compiled components")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key file is not a private regular file of this user.
    #[error("`{path}` is not a private key file: {why}")]
    Key {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// The folder and its key.
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; CODE_BYTES],
}

impl Cache {
    /// Opens the folder `folder`, whose key is the file `key`; makes what is missing.
    pub(crate) fn open(folder: &Path, key: &Path) -> Result<Cache, CacheError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| CacheError::Io { path, source }
        };
        if !folder.is_dir() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(io(folder))?;
        }
        // Read before it is made: a folder that cannot be written may hold one all the same.
        let key = match read_key(key) {
            Err(CacheError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                match make_key(key) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read_key(key)?,
                    made => made.map_err(io(key))?,
                }
            }
            read => read?,
        };
        Ok(Cache {
            folder: folder.to_owned(),
            key,
        })
    }

    fn path(&self, digest: &ComponentDigest, settings: &[u8; 32]) -> PathBuf {
        self.folder.join(format!(
            "{}-{}.code",
            digest.hex(),
            hex::encode(&settings[..8])
        ))
    }

    fn mac(
        &self,
        digest: &ComponentDigest,
        settings: &[u8; 32],
        code: &[u8],
    ) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(DOMAIN);
        mac.update(digest.raw());
        mac.update(settings);
        mac.update(code);
        Some(mac)
    }

    /// The compiled component; `None` where there is no entry that this host wrote.
    pub(crate) fn load(&self, engine: &Engine, digest: &ComponentDigest) -> Option<Component> {
        let settings = settings(engine);
        let file = open(&self.path(digest, &settings)).ok()?;
        // A planted pipe would be read for ever.
        if !file.metadata().ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        file.take(ENTRY_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        let (code, compiled) = bytes.split_at_checked(CODE_BYTES)?;
        self.mac(digest, &settings, compiled)?
            .verify_slice(code)
            .ok()?;
        deserialize(engine, compiled)
    }

    /// Keeps the compiled component. A cache that cannot be written costs time, nothing else.
    pub(crate) fn store(&self, engine: &Engine, digest: &ComponentDigest, component: &Component) {
        let write = || -> io::Result<()> {
            let settings = settings(engine);
            let compiled = component.serialize().map_err(io::Error::other)?;
            let code = self
                .mac(digest, &settings, &compiled)
                .ok_or_else(|| io::Error::other("no key"))?;
            let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
            file.write_all(&code.finalize().into_bytes())?;
            file.write_all(&compiled)?;
            file.persist(self.path(digest, &settings))
                .map_err(|error| error.error)?;
            Ok(())
        };
        let _slower_next_time = write();
    }
}

#[allow(unsafe_code)]
fn deserialize(engine: &Engine, compiled: &[u8]) -> Option<Component> {
    // SAFETY: the only caller has just verified these very bytes, in memory, against an HMAC under
    // this host's key, over them, the component's digest and this engine's version and settings:
    // they are what `Component::serialize` of this wasmtime wrote here.
    unsafe { Component::deserialize(engine, compiled) }.ok()
}

/// wasmtime's version and every setting that its code depends on.
fn settings(engine: &Engine) -> [u8; 32] {
    let mut hasher = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// wasmtime gives its settings as something to hash; 64 bits would not do for this.
struct Sha(Sha256);

impl Hasher for Sha {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

fn make_key(path: &Path) -> io::Result<[u8; CODE_BYTES]> {
    let mut key = [0; CODE_BYTES];
    getrandom::fill(&mut key).map_err(|_| io::Error::other("no random numbers"))?;
    // Whole or not at all: a host that dies in between leaves no short key behind.
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(&key)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(key)
}

/// Opens a file without following a link and without waiting for anybody.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

fn read_key(path: &Path) -> Result<[u8; CODE_BYTES], CacheError> {
    let io = |source| CacheError::Io {
        path: path.to_owned(),
        source,
    };
    let bad = |why| CacheError::Key {
        path: path.to_owned(),
        why,
    };
    let mut file = open(path).map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(bad("it is not a regular file"));
    }
    if about.uid() != rustix::process::geteuid().as_raw() && about.uid() != 0 {
        return Err(bad("it belongs to somebody else"));
    }
    if about.mode() & 0o077 != 0 {
        return Err(bad("others may use it (its mode must be 0600)"));
    }
    if about.len() != CODE_BYTES as u64 {
        return Err(bad("it is not 32 bytes"));
    }
    let mut key = [0; CODE_BYTES];
    file.read_exact(&mut key).map_err(io)?;
    Ok(key)
}
