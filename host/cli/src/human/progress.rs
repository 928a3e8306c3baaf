//! One line on the terminal while the host waits, gone when it does not; lines with `--verbose`.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use interlock_runner::watch::Watch;

use crate::output::Screen;

/// Shows what happens, on standard error.
pub(crate) struct Progress {
    screen: Screen,
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
        Progress { screen, bar }
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar
            && let Ok(bar) = bar.lock()
        {
            bar.finish_and_clear();
        }
    }

    fn say(&self, what: String) {
        if self.screen.verbose {
            self.screen.talk(&format!("{what}\n"));
        }
        if let Some(bar) = &self.bar
            && let Ok(bar) = bar.lock()
        {
            bar.set_message(what);
        }
    }
}

impl Watch for Progress {
    fn step(&self, name: &str) {
        self.say(format!("{name}: reads are out"));
    }

    fn waiting(&self, what: &str, seconds: u64) {
        self.say(format!("{what}: waits {seconds} s, as its manifest says"));
    }

    fn act(&self, index: usize, total: usize) {
        self.say(format!("acting: {index} of {total}"));
    }
}
