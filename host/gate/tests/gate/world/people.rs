//! Everybody's keys, and tokens field by field.

use ed25519_dalek::{Signer as _, SigningKey};
use interlock_gate::ids::PlanDigest;
use interlock_gate::key::SignerKey;
use interlock_gate::plan::{ActionText, Plan};
use interlock_gate::sshsig::{
    HashName, armor, device_message, device_signature_wire, signature_wire, to_be_signed,
};
use interlock_gate::time::Time;
use interlock_gate::token::{Decision, Nonce, Payload, TOKEN_SCHEMA, Token, acts_of};

/// Everybody's keys, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    Alice,
    AliceSecurityKey,
    Bob,
    Carol,
    Dave,
    Stranger,
    Host,
}

impl Who {
    pub(crate) fn secret(self) -> SigningKey {
        SigningKey::from_bytes(&[self as u8 + 1; 32])
    }

    pub(crate) fn key(self) -> SignerKey {
        let point = self.secret().verifying_key().to_bytes();
        match self {
            Who::AliceSecurityKey => SignerKey::SkEd25519 {
                point,
                application: "ssh:".to_owned(),
            },
            Who::Alice | Who::Bob | Who::Carol | Who::Dave | Who::Stranger | Who::Host => {
                SignerKey::Ed25519 { point }
            }
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Who::Alice | Who::AliceSecurityKey => "alice",
            Who::Bob => "bob",
            Who::Carol => "carol",
            Who::Dave => "dave",
            Who::Stranger => "mallory",
            Who::Host => "host",
        }
    }

    fn sign(self, payload: &[u8], flags: u8) -> String {
        let (secret, key) = (self.secret(), self.key());
        let signed = to_be_signed(payload, HashName::Sha512);
        let wire = match &key {
            SignerKey::Ed25519 { .. } => signature_wire(&secret.sign(&signed).to_bytes()),
            SignerKey::SkEd25519 { application, .. } => {
                let message = device_message(application, flags, 7, &signed);
                device_signature_wire(&secret.sign(&message).to_bytes(), flags, 7)
            }
        };
        armor(&key, HashName::Sha512, &wire)
    }
}

/// A token, field by field.
#[derive(Clone, Debug)]
pub(crate) struct TokenParts {
    pub(crate) who: Who,
    pub(crate) named: &'static str,
    pub(crate) plan: PlanDigest,
    pub(crate) decision: Decision,
    pub(crate) issued_at: Time,
    pub(crate) not_before: Time,
    pub(crate) expires_at: Time,
    pub(crate) nonce: u8,
    pub(crate) actions: Vec<ActionText>,
    pub(crate) flags: u8,
}

impl TokenParts {
    pub(crate) fn new(who: Who, plan: &Plan, issued_at: Time) -> Self {
        Self {
            who,
            named: who.name(),
            plan: plan.id(),
            decision: Decision::Approve,
            issued_at,
            not_before: issued_at,
            expires_at: issued_at.plus_seconds(3_600),
            nonce: who as u8,
            actions: acts_of(plan),
            flags: 1,
        }
    }

    pub(crate) fn token(&self) -> Token {
        let payload = Payload {
            schema: TOKEN_SCHEMA.to_owned(),
            plan: self.plan,
            decision: self.decision,
            approver: self.named.parse().unwrap(),
            reason: "read c14".to_owned(),
            issued_at: self.issued_at,
            not_before: self.not_before,
            expires_at: self.expires_at,
            nonce: Nonce::from_raw([self.nonce; 16]),
            believed_cause: None,
            actions: self.actions.clone(),
        };
        let bytes = payload.to_bytes().unwrap();
        Token::verify(&Token::assemble(&bytes, &self.who.sign(&bytes, self.flags)).unwrap())
            .unwrap()
    }
}
