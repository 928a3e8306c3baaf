//! What approvers read in a browser.
