//! Signed words on a plan, made here with chosen times and keys: what no honest client would make.

use std::sync::atomic::{AtomicU64, Ordering};

use ed25519_dalek::{Signer as _, SigningKey};
use interlock_gate::key::SignerKey;
use interlock_gate::plan::Plan;
use interlock_gate::sshsig::{
    HashName, NAMESPACE, armor, device_message, device_signature_wire, to_be_signed,
};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce, Payload, TOKEN_SCHEMA, Token, acts_of};
use interlock_system_tests::{Person, World};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

/// An approval by `approver`, made at `at`, which counts for an hour.
pub(crate) fn approval(plan: &Plan, approver: &str, at: Time) -> Payload {
    static MADE: AtomicU64 = AtomicU64::new(1);
    let number = u128::from(MADE.fetch_add(1, Ordering::Relaxed));
    Payload {
        schema: TOKEN_SCHEMA.into(),
        plan: plan.id(),
        decision: Decision::Approve,
        approver: approver.parse().unwrap(),
        reason: "a test".into(),
        issued_at: at,
        not_before: at,
        expires_at: at.plus_seconds(3_600),
        nonce: Nonce::from_raw((u128::from(at.micros()) << 32 | number).to_be_bytes()),
        believed_cause: None,
        actions: acts_of(plan),
    }
}

/// That person's private key.
pub(crate) fn key_of(world: &World, person: Person) -> PrivateKey {
    let text = std::fs::read_to_string(world.people.key(person)).unwrap();
    PrivateKey::from_openssh(&text).unwrap()
}

/// A token file, signed as `approve` signs.
pub(crate) fn signed(payload: &Payload, key: &PrivateKey) -> Vec<u8> {
    signed_in(NAMESPACE, payload, key)
}

/// A token file whose signature is of another namespace.
pub(crate) fn signed_in(namespace: &str, payload: &Payload, key: &PrivateKey) -> Vec<u8> {
    let bytes = payload.to_bytes().unwrap();
    let signature = key.sign(namespace, HashAlg::Sha512, &bytes).unwrap();
    Token::assemble(&bytes, &signature.to_pem(LineEnding::LF).unwrap()).unwrap()
}

/// A security key that does what it is told, touched or not.
pub(crate) struct SecurityKey {
    secret: SigningKey,
    public: SignerKey,
}

impl SecurityKey {
    /// The same each time for the same seed.
    pub(crate) fn new(seed: u8) -> Self {
        let secret = SigningKey::from_bytes(&[seed; 32]);
        let public = SignerKey::SkEd25519 {
            point: secret.verifying_key().to_bytes(),
            application: "ssh:".into(),
        };
        Self { secret, public }
    }

    /// Its line in a policy.
    pub(crate) fn line(&self) -> String {
        self.public.to_line()
    }

    /// A token file; bit 0 of `flags` says that it was touched.
    pub(crate) fn signed(&self, payload: &Payload, flags: u8) -> Vec<u8> {
        let bytes = payload.to_bytes().unwrap();
        let message = to_be_signed(&bytes, HashName::Sha512);
        let message = device_message("ssh:", flags, 1, &message);
        let signature = self.secret.sign(&message).to_bytes();
        let wire = device_signature_wire(&signature, flags, 1);
        Token::assemble(&bytes, &armor(&self.public, HashName::Sha512, &wire)).unwrap()
    }
}
