//! Signed words about a run that are no tokens: reconciliations and feedback.
//! Not their form: who makes them says what they hold; here is checked who signed them, and that
//! they say what the entry says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use interlock_gate::canonical;
use interlock_gate::policy::Policy;
use interlock_gate::sshsig::Sshsig;
use serde::Deserialize;
use serde_json::Value;

use crate::entry::Entry;

/// The envelope is that of a token; the payload is another schema.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    payload: String,
    signature: String,
}

/// Checks the signed statement that the entry carries, if it carries one.
pub(super) fn check(entry: &Entry, policy: Option<&Policy>) -> Result<(), String> {
    let (text, fields) = match entry {
        Entry::Reconciled {
            plan,
            index,
            kind,
            token,
            ..
        } => {
            let fields = vec![
                ("plan", Value::from(plan.to_string())),
                ("index", Value::from(*index)),
                ("for", Value::from(kind.word())),
            ];
            (token, fields)
        }
        Entry::Feedback {
            run,
            token: Some(token),
            ..
        } => (token, vec![("run", Value::from(run.as_str()))]),
        _ => return Ok(()),
    };
    let envelope: Envelope =
        serde_json::from_str(text).map_err(|_| "it carries no signed statement".to_owned())?;
    let payload = STANDARD
        .decode(&envelope.payload)
        .map_err(|_| "its statement is not base64".to_owned())?;
    let signature = Sshsig::parse(&envelope.signature).map_err(|error| error.to_string())?;
    signature
        .verify(&payload)
        .map_err(|error| error.to_string())?;
    let said: Value = canonical::from_bytes(&payload).map_err(|error| error.to_string())?;
    if let Some((name, _)) = fields
        .iter()
        .find(|(name, value)| said.get(*name) != Some(value))
    {
        return Err(format!("its signed statement has another `{name}`"));
    }
    let named = said.get("approver").and_then(Value::as_str);
    let policy = policy.ok_or("no policy says who may sign it")?;
    match policy.approver_of(signature.key()) {
        Some(approver) if Some(approver.name.as_str()) == named => Ok(()),
        _ => Err("its statement is not signed by the approver that it names".to_owned()),
    }
}
