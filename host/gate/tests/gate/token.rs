//! A token is what was signed, and nothing may be altered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use interlock_gate::plan::Plan;
use interlock_gate::token::{BadToken, Decision, Payload, Token};

use crate::world::{TokenParts, Who, World, after};

fn signed(plan: &Plan) -> Token {
    TokenParts::new(Who::Alice, plan, after(60)).token()
}

#[test]
fn a_token_reads_back_as_it_was_assembled() {
    let plan = World::new().plan;
    let token = signed(&plan);
    assert_eq!(Token::verify(token.bytes()).unwrap(), token);
    assert_eq!(token.signer(), &Who::Alice.key());
    let payload = token.payload();
    assert_eq!(
        Payload::read(&payload.to_bytes().unwrap()).unwrap(),
        *payload
    );
}

#[test]
fn a_policy_verifies_as_everybody_does_whoever_signed() {
    let World { policy, plan, .. } = World::new();
    for who in [Who::Alice, Who::AliceSecurityKey, Who::Stranger, Who::Host] {
        let token = TokenParts::new(who, &plan, after(60)).token();
        assert_eq!(policy.verify(token.bytes()).unwrap(), token);
        let mut altered = TokenParts::new(who, &plan, after(60));
        altered.nonce = 77;
        let text = |token: &Token| serde_json::from_slice::<serde_json::Value>(token.bytes());
        let mut forged = text(&token).unwrap();
        forged["payload"] = text(&altered.token()).unwrap()["payload"].clone();
        let forged = serde_json::to_vec(&forged).unwrap();
        assert!(Token::verify(&forged).is_err());
        assert!(policy.verify(&forged).is_err());
    }
}

#[test]
fn one_bit_altered_anywhere_in_the_file_is_refused() {
    let token = signed(&World::new().plan);
    for at in 0..token.bytes().len() {
        for bit in [0, 1, 5, 7] {
            let mut altered = token.bytes().to_vec();
            altered[at] ^= 1 << bit;
            assert!(Token::verify(&altered).is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn one_bit_altered_in_a_payload_is_refused_though_the_signature_was_made_over_it() {
    let plan = World::new().plan;
    let bytes = signed(&plan).payload().to_bytes().unwrap();
    for at in 0..bytes.len() {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        // Either it is no payload any more, or it is another one, and says something else.
        if let Ok(payload) = Payload::read(&altered) {
            assert_ne!(payload, *signed(&plan).payload(), "byte {at}");
        }
    }
}

#[test]
fn the_envelope_may_be_spaced_and_the_payload_may_not() {
    let token = signed(&World::new().plan);
    let text = String::from_utf8(token.bytes().to_vec()).unwrap();
    let spaced = text
        .replacen("{\"", "{ \"", 1)
        .replacen("\":\"", "\": \"", 2)
        + "\n";
    assert_eq!(Token::verify(spaced.as_bytes()).unwrap(), token);
    for bad in [
        text.replacen('{', "{\"payload\":\"\",", 1),
        text.replacen('{', "{\"more\":\"\",", 1),
        format!("{text}{text}"),
        format!("[{text}]"),
        String::new(),
    ] {
        assert!(
            matches!(Token::verify(bad.as_bytes()), Err(BadToken::Form(_))),
            "{bad:.60}"
        );
    }
}

#[test]
fn a_payload_in_another_form_is_refused_whoever_signed_it() {
    let plan = World::new().plan;
    let text = String::from_utf8(signed(&plan).payload().to_bytes().unwrap()).unwrap();
    for bad in [
        text.replacen("{\"", "{ \"", 1),
        text.replacen(
            "\"decision\":\"approve\"",
            "\"decision\":\"approve\",\"decision\":\"approve\"",
            1,
        ),
        text.replacen("interlock.token.v1", "interlock.token.v2", 1),
        text.replacen("\"approve\"", "\"maybe\"", 1),
        text.replacen("\"approver\":\"alice\"", "\"approver\":\"Alice\"", 1),
        text.replacen("{\"", "{\"zzz\":1,\"", 1),
        text.replacen("\"reason\":\"read c14\",", "", 1),
        text.replacen("\"nonce\":\"00", "\"nonce\":\"0", 1),
    ] {
        assert_ne!(bad, text, "the case alters nothing");
        assert!(Payload::read(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_life_longer_than_a_day_or_shorter_than_nothing_is_refused() {
    let plan = World::new().plan;
    let mut payload = signed(&plan).payload().clone();
    payload.expires_at = payload.issued_at.plus_seconds(24 * 3_600);
    assert!(payload.to_bytes().is_ok());
    payload.expires_at = payload.expires_at.plus_micros(1);
    assert!(matches!(payload.to_bytes(), Err(BadToken::Life)));
    payload.expires_at = payload.issued_at;
    assert!(matches!(payload.to_bytes(), Err(BadToken::Life)));
}

#[test]
fn a_believed_cause_goes_with_a_rejection_only() {
    let plan = World::new().plan;
    let mut payload = signed(&plan).payload().clone();
    payload.believed_cause = Some("lock_convoy".to_owned());
    assert!(matches!(payload.to_bytes(), Err(BadToken::Cause)));
    payload.decision = Decision::Reject;
    assert_eq!(
        Payload::read(&payload.to_bytes().unwrap()).unwrap(),
        payload
    );
}

#[test]
fn a_payload_that_is_not_plain_base64_is_refused() {
    let token = signed(&World::new().plan);
    let text = String::from_utf8(token.bytes().to_vec()).unwrap();
    let encoded = STANDARD.encode(token.payload().to_bytes().unwrap());
    for other in [
        encoded.trim_end_matches('=').to_owned() + "=\\n",
        encoded.clone() + "\\n",
    ] {
        let altered = text.replacen(&encoded, &other, 1);
        assert!(Token::verify(altered.as_bytes()).is_err());
    }
}

#[test]
fn no_bytes_panic() {
    use proptest::prelude::*;
    let token = signed(&World::new().plan);
    let text = String::from_utf8(token.bytes().to_vec()).unwrap();
    proptest!(|(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0..text.len())| {
        prop_assert!(Token::verify(&bytes).is_err());
        prop_assert!(Token::verify(&text.as_bytes()[..cut]).is_err());
        prop_assert!(Payload::read(&bytes).is_err());
        let spliced = [&text.as_bytes()[..cut], &bytes, &text.as_bytes()[cut..]].concat();
        prop_assert!(bytes.is_empty() || Token::verify(&spliced).map_or(true, |same| same == token));
    });
}
