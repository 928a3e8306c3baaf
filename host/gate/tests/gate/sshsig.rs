//! Signatures by stock `ssh-keygen`, by a security key's format, and altered ones.

use ed25519_dalek::{Signer as _, SigningKey};
use interlock_gate::key::SignerKey;
use interlock_gate::sshsig::{
    HashName, Presence, Sshsig, SshsigError, armor, device_message, device_signature_wire,
    signature_wire, to_be_signed,
};

const MESSAGE: &[u8] = b"a plan";

/// `ssh-keygen -Y sign -n approval.v1@interlock`, OpenSSH 9.2.
const STOCK_SHA512: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgZOlQZODaLkjGdU/HVBoJ322F4S
XCNskd/j+YAIIPaNEAAAAVYXBwcm92YWwudjFAaW50ZXJsb2NrAAAAAAAAAAZzaGE1MTIA
AABTAAAAC3NzaC1lZDI1NTE5AAAAQB8zRdYzsTZjliozKpYg6V9dhqNyYd7ExrO/Do+FgX
WGLfGxNVaqvWaA9TVxCMPvD9iR0UCFPZDe/wiJkUQYZgc=
-----END SSH SIGNATURE-----
";

/// The same with `-O hashalg=sha256`.
const STOCK_SHA256: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgZOlQZODaLkjGdU/HVBoJ322F4S
XCNskd/j+YAIIPaNEAAAAVYXBwcm92YWwudjFAaW50ZXJsb2NrAAAAAAAAAAZzaGEyNTYA
AABTAAAAC3NzaC1lZDI1NTE5AAAAQACe3BX42tr5dXMCpQfQ1PRqYV8neVBUvF+kB7Npgf
wync6ejcmxRJDECp3FM0kYvdKmRRa83CbbAEPonvP9Zgw=
-----END SSH SIGNATURE-----
";

/// The same with `-n file`.
const STOCK_OTHER_NAMESPACE: &str = "-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgZOlQZODaLkjGdU/HVBoJ322F4S
XCNskd/j+YAIIPaNEAAAAEZmlsZQAAAAAAAAAGc2hhNTEyAAAAUwAAAAtzc2gtZWQyNTUx
OQAAAED91Yai+Q+5wZXeR803qJHHIyT+tmsrurRdXkophrjv0iutHQZXMFScx377FwOSB0
NHqU1Yj2wjCLgd2KMjZ6YD
-----END SSH SIGNATURE-----
";

const STOCK_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGTpUGTg2i5IxnVPx1QaCd9theElwjbJHf4/mACCD2jR alice";

fn check(armored: &str) -> Result<Presence, SshsigError> {
    Sshsig::parse(armored)?.verify(MESSAGE)
}

fn device(flags: u8, application: &str) -> String {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let key = SignerKey::SkEd25519 {
        point: secret.verifying_key().to_bytes(),
        application: application.to_owned(),
    };
    let signed = to_be_signed(MESSAGE, HashName::Sha512);
    let signature = secret
        .sign(&device_message(application, flags, 42, &signed))
        .to_bytes();
    armor(
        &key,
        HashName::Sha512,
        &device_signature_wire(&signature, flags, 42),
    )
}

#[test]
fn what_stock_openssh_signs_is_accepted() {
    assert_eq!(check(STOCK_SHA512), Ok(Presence::Unproven));
    assert_eq!(check(STOCK_SHA256), Ok(Presence::Unproven));
    let key = SignerKey::from_line(STOCK_KEY).unwrap();
    assert_eq!(Sshsig::parse(STOCK_SHA512).unwrap().key(), &key);
}

#[test]
fn another_namespace_is_refused_by_name() {
    let found = "file".to_owned();
    assert_eq!(
        check(STOCK_OTHER_NAMESPACE),
        Err(SshsigError::Namespace { found })
    );
}

#[test]
fn our_own_armor_is_byte_for_byte_that_of_openssh() {
    let secret = SigningKey::from_bytes(&[
        0x5b, 0x09, 0x0c, 0x8d, 0x12, 0x5e, 0x19, 0x91, 0x7b, 0x4e, 0x48, 0x44, 0x62, 0xe6, 0xcf,
        0x3d, 0x67, 0xa9, 0xab, 0xc3, 0x45, 0x7a, 0xc2, 0x37, 0xc9, 0x9a, 0x50, 0x43, 0xd5, 0x5f,
        0xa9, 0xa8,
    ]);
    let key = SignerKey::Ed25519 {
        point: secret.verifying_key().to_bytes(),
    };
    let signature = secret
        .sign(&to_be_signed(MESSAGE, HashName::Sha512))
        .to_bytes();
    assert_eq!(
        armor(&key, HashName::Sha512, &signature_wire(&signature)),
        STOCK_SHA512
    );
}

#[test]
fn a_security_key_shows_touch_and_verification_by_its_flags() {
    for (flags, presence) in [
        (0x00, Presence::Unproven),
        (0x01, Presence::Touch),
        (0x04, Presence::Unproven),
        (0x05, Presence::Verified),
    ] {
        assert_eq!(check(&device(flags, "ssh:")), Ok(presence), "{flags}");
    }
    assert_eq!(check(&device(0x01, "ssh:interlock")), Ok(Presence::Touch));
}

#[test]
fn a_security_key_for_a_web_site_is_refused() {
    let error = check(&device(0x05, "webauthn.io")).unwrap_err();
    assert!(matches!(error, SshsigError::Key(_)), "{error}");
}

#[test]
fn a_message_that_differs_is_refused() {
    let signature = Sshsig::parse(STOCK_SHA512).unwrap();
    assert_eq!(signature.verify(b"a plan "), Err(SshsigError::Mismatch));
}

#[test]
fn one_bit_altered_anywhere_is_refused() {
    for original in [STOCK_SHA512.to_owned(), device(0x01, "ssh:")] {
        for at in 0..original.len() {
            for bit in 0..8 {
                let mut bytes = original.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                // What is no text is no armor.
                let Ok(altered) = String::from_utf8(bytes) else {
                    continue;
                };
                assert!(check(&altered).is_err(), "byte {at}, bit {bit}");
            }
        }
    }
}

#[test]
fn nothing_may_stand_around_the_armor_or_inside_it() {
    let trimmed = STOCK_SHA512.trim_end();
    assert!(check(trimmed).is_ok());
    for altered in [
        format!("{STOCK_SHA512}\n"),
        format!(" {STOCK_SHA512}"),
        format!("{STOCK_SHA512}x"),
        STOCK_SHA512.replacen('\n', "\n\n", 2),
        STOCK_SHA512.replace('\n', "\r\n"),
        STOCK_SHA512.replace("Zgc=", "Zgc"),
        STOCK_SHA512.replace("Zgc=", "Zgd="),
        STOCK_SHA512.replace("Zgc=", "ZgcA"),
        String::new(),
        "x".repeat(100_000),
    ] {
        assert!(check(&altered).is_err(), "{altered:.80}");
    }
}

#[test]
fn a_signature_of_another_type_than_its_key_is_refused() {
    let secret = SigningKey::from_bytes(&[7; 32]);
    let point = secret.verifying_key().to_bytes();
    let plain = SignerKey::Ed25519 { point };
    let touched = SignerKey::SkEd25519 {
        point,
        application: "ssh:".to_owned(),
    };
    let signature = secret
        .sign(&to_be_signed(MESSAGE, HashName::Sha512))
        .to_bytes();
    let as_device = device_signature_wire(&signature, 5, 1);
    let as_plain = signature_wire(&signature);
    assert_eq!(
        check(&armor(&plain, HashName::Sha512, &as_device)),
        Err(SshsigError::Algorithm)
    );
    assert_eq!(
        check(&armor(&touched, HashName::Sha512, &as_plain)),
        Err(SshsigError::Algorithm)
    );
    assert_eq!(
        check(&armor(&plain, HashName::Sha512, &as_plain)),
        Ok(Presence::Unproven)
    );
}
