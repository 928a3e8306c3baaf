//! One line on the terminal while the host waits; gone when it does not.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use interlock_runner::watch::Watch;

use crate::output::Screen;

/// Shows what happens on standard error, where that is a terminal.
pub(crate) struct Progress {
    bar: Option<Mutex<ProgressBar>>,
}

impl Progress {
    pub(crate) fn new(screen: Screen) -> Progress {
        let bar = screen.progress.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            // What is over at once never flickers.
            bar.enable_steady_tick(Duration::from_millis(120));
            Mutex::new(bar)
        });
        Progress { bar }
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.with(|bar| bar.finish_and_clear());
    }

    fn with(&self, then: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = &self.bar
            && let Ok(bar) = bar.lock()
        {
            then(&bar);
        }
    }
}

impl Watch for Progress {
    fn step(&self, name: &str) {
        self.with(|bar| bar.set_message(format!("{name}: reads are out")));
    }

    fn waiting(&self, what: &str, seconds: u64) {
        self.with(|bar| {
            bar.set_message(format!("{what}: waits {seconds} s, as its manifest says"))
        });
    }

    fn act(&self, index: usize, total: usize) {
        self.with(|bar| bar.set_message(format!("acting: {index} of {total}")));
    }
}
