//! TLS, against a server whose certificate says `localhost` and is signed by an authority made for
//! this test alone.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::Path,
};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::*;
use crate::postgres::login::Login;

const AUTHORITY: &[u8] = include_bytes!("tls/ca.pem");
const FILES: [(&str, &[u8]); 2] = [
    ("server.crt", include_bytes!("tls/server.pem")),
    ("server.key", include_bytes!("tls/server.key")),
];

fn our_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY).unwrap())
        .unwrap();
    roots
}

async fn with_tls(server: &Server) {
    let folder = server.data_folder();
    let owner = fs::metadata(&folder).unwrap();
    for (name, bytes) in FILES {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
    }
    let admin = server.superuser().await.unwrap();
    admin.run("ALTER SYSTEM SET ssl = on").await.unwrap();
    admin.run("SELECT pg_reload_conf()").await.unwrap();
}

/// How a login over TLS to `host` ends.
async fn login(
    server: &Server,
    secrets: &Path,
    host: &str,
    roots: fn() -> RootCertStore,
) -> Result<(), String> {
    let dsn = server
        .dsn(READ_ROLE, "orders")
        .replace("127.0.0.1", host)
        .replace("sslmode=disable", "sslmode=require");
    let dsn_file = secrets.join("dsn");
    fs::write(&dsn_file, dsn).unwrap();
    let login = PostgresLogin {
        dsn_file,
        set_role: None,
    };
    let login = Login::read_by(&login, "interlock", Duration::from_secs(20), roots).unwrap();
    login
        .connect()
        .await
        .map(drop)
        .map_err(|gap| gap.why().to_owned())
}

#[tokio::test]
async fn a_server_is_believed_only_by_its_certificate() {
    let server = server().await;
    let secrets = tempfile::tempdir().unwrap();
    let untrusted = Err("no TLS with a certificate that this machine trusts".to_owned());
    // A server without TLS is not asked in plain text instead.
    assert_eq!(
        login(&server, secrets.path(), "localhost", our_roots).await,
        untrusted
    );
    with_tls(&server).await;
    while login(&server, secrets.path(), "localhost", our_roots)
        .await
        .is_err()
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The right authority, another name.
    assert_eq!(
        login(&server, secrets.path(), "127.0.0.1", our_roots).await,
        untrusted
    );
    // The right name, an authority that this machine does not know.
    let strangers: fn() -> RootCertStore = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots.add_parsable_certificates([CertificateDer::from_pem_slice(FILES[0].1).unwrap()]);
        roots
    };
    assert_eq!(
        login(&server, secrets.path(), "localhost", strangers).await,
        untrusted
    );
}
