use std::path::PathBuf;

/// Why a runbook could not be built, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file or folder could not be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `lock`.
        doing: &'static str,
        /// On which path.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The folder holds no crate.
    #[error("`{}` is no runbook crate: it has no Cargo.toml", dir.display())]
    NoCrate {
        /// The folder.
        dir: PathBuf,
    },
    /// The crate has no file in `src/bin`.
    #[error("`{}` has no step: no file in src/bin", dir.display())]
    NoSteps {
        /// The folder.
        dir: PathBuf,
    },
    /// `runbook.toml` is not valid.
    #[error("`{}` is not valid: {why}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The parser's words.
        why: String,
    },
    /// `runbook.toml` names a step without source or component.
    #[error("runbook.toml names the step `{step}`, and there is no `{}`", expected.display())]
    MissingStep {
        /// The step's name.
        step: String,
        /// The file that would be it.
        expected: PathBuf,
    },
    /// Nothing on this machine can compile for WebAssembly.
    #[error(
        "no compiler for wasm32-unknown-unknown: {tried}; install one with \
         `rustup target add wasm32-unknown-unknown`, or on Debian with \
         `apt-get install rustc-web cargo-web rust-web-src`"
    )]
    NoToolchain {
        /// What was looked for, and what was found.
        tried: String,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A program ended with an error.
    #[error("`{program}` failed ({status})\n{output}")]
    Failed {
        /// The command.
        program: String,
        /// How it ended.
        status: String,
        /// The end of what it said.
        output: String,
    },
    /// A program took longer than it may.
    #[error("`{program}` was stopped after {seconds} s")]
    TooSlow {
        /// The command.
        program: String,
        /// The limit.
        seconds: u64,
    },
    /// A program answered something that cannot be understood.
    #[error("cannot understand what `{program}` answered: {why}")]
    Answer {
        /// The command.
        program: String,
        /// What is wrong with it.
        why: String,
    },
    /// A compiled module is no component's module.
    #[error("step `{step}` cannot be made a component: {why}")]
    Encode {
        /// The step's name.
        step: String,
        /// The encoder's words.
        why: String,
    },
    /// A program in `src/bin` exports no step.
    #[error("`src/bin/{step}.rs` is no step: it has no function with `#[step]`")]
    NotAStep {
        /// The program's name.
        step: String,
    },
    /// A file is not a WebAssembly component.
    #[error("`{}` is not a component: {why}", path.display())]
    NotAComponent {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Sources were saved during every try to build them.
    #[error("the sources of `{}` change while they are built", dir.display())]
    Changing {
        /// The folder.
        dir: PathBuf,
    },
    /// A folder has no built components.
    #[error("`{}` has no built components; `interlock build` makes them", dir.display())]
    NotBuilt {
        /// The folder.
        dir: PathBuf,
    },
    /// A name that no runbook may have.
    #[error("`{name}` is no name for a runbook: {why}")]
    Name {
        /// The refused name.
        name: String,
        /// What a name is, or what this one is.
        why: &'static str,
    },
    /// The folder for a new runbook is there already.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
}

impl BuildError {
    /// An I/O error with what was being done to which path.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> BuildError {
        let path = path.into();
        move |source| BuildError::Io {
            doing,
            path,
            source,
        }
    }
}
