//! What the steps of this runbook share.

// `Inputs` and `Cause`, made from runbook.toml.
interlock_sdk::manifest!();
