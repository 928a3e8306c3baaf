//! The JSON interface, the webhook, health and metrics.
