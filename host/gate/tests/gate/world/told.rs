//! A world in words, for whoever reads why a case failed.

use super::World;

/// What a person needs to see what went wrong, and not the bytes of keys.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:?} at {} on {}", self.kind, self.now, self.here.origin)?;
        writeln!(f, "{}", self.parts.text())?;
        writeln!(f, "{}", String::from_utf8_lossy(self.plan.bytes()))?;
        for token in &self.tokens {
            let payload = token.payload();
            let (who, decision) = (&payload.approver, payload.decision);
            writeln!(
                f,
                "{decision:?} of {who} by {}: {payload:?}",
                token.signer().fingerprint()
            )?;
        }
        write!(f, "{:#?}", self.history)
    }
}
