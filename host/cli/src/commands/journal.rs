//! `journal verify|export|prove`: the record, checked and carried away.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use interlock_connectors::files;
use interlock_gate::{time::Time, token::Token};
use interlock_screens::text::words::count;
use interlock_store::{
    HostPublic, export, proof,
    verify::{Anchors, Assurance, Verdict, VerifyError, verify_export, verify_store},
};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::Output,
    setup,
};

const FILE_BYTES_MAX: usize = 2 * 1024 * 1024;

#[derive(Serialize)]
struct VerifyJson {
    schema: &'static str,
    exit: u8,
    ok: bool,
    entries: u64,
    root: Option<String>,
    signed_entries: u64,
    signed_at: Option<Time>,
    first_bad: Option<FirstBadJson>,
    problems: Vec<String>,
    unverifiable: Vec<String>,
    runs: u64,
    plans: u64,
    refusals: u64,
    tokens: u64,
    redeemed: u64,
    intents: u64,
    outcomes: BTreeMap<String, u64>,
    in_doubt: u64,
    assurance: &'static str,
}

#[derive(Serialize)]
struct FirstBadJson {
    first: u64,
    last: u64,
    what: String,
}

pub(crate) async fn verify(
    checkpoints: &[PathBuf],
    tokens: &[PathBuf],
    file: Option<&Path>,
    host_key: Option<&str>,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let read = |paths: &[PathBuf]| {
        let one = |path: &PathBuf| {
            let bytes = files::read_plain(path, FILE_BYTES_MAX)
                .map_err(|error| Failure::of(Exit::Usage, &error))?;
            Ok((path.display().to_string(), bytes))
        };
        paths.iter().map(one).collect::<Result<Vec<_>, Failure>>()
    };
    let anchors = Anchors {
        checkpoints: read(checkpoints)?,
        tokens: read(tokens)?,
    };
    for (name, note) in &anchors.checkpoints {
        // A signed note: text, an empty line, signature lines (C2SP).
        if !String::from_utf8_lossy(note).contains("\n\n\u{2014} ") {
            return Err(Failure::usage(format!("{name} is not a signed checkpoint")));
        }
    }
    for (name, bytes) in &anchors.tokens {
        if let Err(error) = Token::verify(bytes) {
            return Err(Failure::usage(format!("{name}: {}", chain(&error))));
        }
    }
    let verdict = match (file, host_key) {
        (Some(file), Some(key)) => {
            let host = public(key)?;
            let opened = File::open(file).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", file.display()))
            })?;
            verify_export(BufReader::new(opened), &host, &anchors)
        }
        (Some(_), None) => {
            return Err(Failure::usage(
                "an exported journal is checked with its host's public key",
            )
            .help("give `--host-key FILE`; the file itself cannot vouch for its key"));
        }
        (None, _) => {
            let config = setup::config(config)?;
            verify_store(&config.state_dir, &config.origin, &anchors)
        }
    };
    match verdict {
        Ok(verdict) => Ok(said(&verdict)),
        Err(error @ VerifyError::Export(_)) => Err(Failure::of(Exit::Usage, &error)),
        Err(error) => Err(Failure::of(Exit::Failed, &error)),
    }
}

/// The host's public key: its text, or a file that holds it.
fn public(given: &str) -> Result<HostPublic, Failure> {
    let path = Path::new(given);
    let text = if path.is_file() {
        files::read_plain_text(path, files::SECRET_BYTES_MAX)
            .map_err(|error| Failure::of(Exit::Usage, &error))?
    } else {
        given.to_owned()
    };
    HostPublic::parse(text.trim()).map_err(|error| Failure::of(Exit::Usage, &error))
}

fn said(verdict: &Verdict) -> Output {
    let counts = &verdict.counts;
    let mut out = String::new();
    let root = verdict.root.map(|root| root.to_string());
    if verdict.is_good() {
        let signed = verdict.signed_at.map(|at| at.clock()).unwrap_or_default();
        let _ = writeln!(
            out,
            "ok: {}, root {}, match the host's signed checkpoint of {signed}",
            entries(verdict.entries),
            root.as_deref().unwrap_or("none"),
        );
        if verdict.signed < verdict.entries {
            let _ = writeln!(
                out,
                "  the newest {} came after it: whole, and not signed yet",
                entries(verdict.entries - verdict.signed)
            );
        }
    } else {
        match &verdict.first_bad {
            Some(bad) if bad.first == bad.last => {
                let _ = writeln!(
                    out,
                    "denied: entry {} is not as it was signed: {}",
                    bad.first,
                    chain(&bad.what)
                );
            }
            Some(bad) => {
                let _ = writeln!(
                    out,
                    "denied: an entry from {} to {} is not as it was signed: {}",
                    bad.first,
                    bad.last,
                    chain(&bad.what)
                );
            }
            None => out.push_str("denied: the journal does not hold\n"),
        }
        for problem in &verdict.problems {
            let _ = writeln!(out, "  {problem}");
        }
    }
    let n = |n: u64, what: &str| count(usize::try_from(n).unwrap_or(usize::MAX), what);
    let outcomes: Vec<String> = counts
        .outcomes
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    let outcomes = if outcomes.is_empty() {
        String::new()
    } else {
        format!(" ({})", outcomes.join(", "))
    };
    let settled = counts.outcomes.values().sum();
    let _ = writeln!(
        out,
        "  {}, {}, {}, {} redeemed, {}, {}{outcomes}, {} in doubt",
        n(counts.runs, "run"),
        n(counts.plans, "plan"),
        n(counts.refusals, "refusal"),
        n(counts.redeemed, "approval"),
        n(counts.intents, "intent"),
        n(settled, "outcome"),
        counts.in_doubt,
    );
    if verdict.is_good() && counts.redeemed > 0 {
        out.push_str(
            "  every approval's signature, role and expiry were checked again from the journal's \
             own bytes\n",
        );
    }
    for one in &verdict.unverifiable {
        let _ = writeln!(out, "  unverifiable: {one}");
    }
    let assurance = match verdict.assurance {
        Assurance::None => "none: no checkpoint holds".to_owned(),
        Assurance::Local => "local. It does not show entries after that checkpoint, or that \
                             another host saw the same"
            .to_owned(),
        Assurance::Witnessed { size } => {
            format!(
                "witnessed: it extends what was kept outside, up to {}",
                entries(size)
            )
        }
    };
    let _ = writeln!(out, "assurance: {assurance}");
    let exit = if verdict.is_good() {
        Exit::Done
    } else {
        Exit::Failed
    };
    let document = VerifyJson {
        schema: "interlock.journal-verify.v1",
        exit: exit as u8,
        ok: verdict.is_good(),
        entries: verdict.entries,
        root,
        signed_entries: verdict.signed,
        signed_at: verdict.signed_at,
        first_bad: verdict.first_bad.as_ref().map(|bad| FirstBadJson {
            first: bad.first,
            last: bad.last,
            what: chain(&bad.what),
        }),
        problems: verdict.problems.clone(),
        unverifiable: verdict.unverifiable.clone(),
        runs: counts.runs,
        plans: counts.plans,
        refusals: counts.refusals,
        tokens: counts.tokens,
        redeemed: counts.redeemed,
        intents: counts.intents,
        outcomes: counts.outcomes.clone(),
        in_doubt: counts.in_doubt,
        assurance: verdict.assurance.word(),
    };
    let output = Output::new(exit, out, &document);
    match verdict.assurance {
        Assurance::Local if verdict.is_good() => {
            output.next("add an outside anchor with `--checkpoint FILE`")
        }
        _ => output,
    }
}

fn entries(n: u64) -> String {
    if n == 1 {
        "1 entry".to_owned()
    } else {
        format!("{n} entries")
    }
}

#[derive(Serialize)]
struct WrittenJson<'a> {
    schema: &'static str,
    file: Option<&'a Path>,
    host_key: String,
}

pub(crate) async fn export(out: &Path, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let host = runner.store().public();
    let mut bytes = Vec::new();
    export::export(&runner.config().state_dir, host, &mut bytes)
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    super::plan::write(out, &bytes)?;
    let text = format!("{}\nhost key  {}\n", out.display(), host.to_text());
    let document = WrittenJson {
        schema: "interlock.journal-export.v1",
        file: Some(out),
        host_key: host.to_text(),
    };
    Ok(Output::new(Exit::Done, text, &document).next(format!(
        "elsewhere: `interlock journal verify --file {} --host-key '{}'`",
        out.display(),
        host.to_text()
    )))
}

#[derive(Serialize)]
struct ProofJson<'a> {
    schema: &'static str,
    file: Option<&'a Path>,
    host_key: String,
    proof: String,
}

pub(crate) async fn prove(
    given: &str,
    out: Option<&Path>,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let host = runner.store().public();
    let plan = runner.find_plan(given).await?;
    let bytes = proof::prove(&runner.config().state_dir, host, &plan.id())
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    // What we could not check ourselves is not handed on.
    proof::check(&bytes, host).map_err(|error| Failure::of(Exit::Failed, &error))?;
    // A proof is JSON: UTF-8.
    let proof = String::from_utf8_lossy(&bytes).into_owned();
    let text = match out {
        Some(file) => {
            super::plan::write(file, &bytes)?;
            format!("{}\n", file.display())
        }
        None => format!("{}\n", proof.trim_end()),
    };
    let document = ProofJson {
        schema: "interlock.journal-proof.v1",
        file: out,
        host_key: host.to_text(),
        proof,
    };
    Ok(Output::new(Exit::Done, text, &document))
}
