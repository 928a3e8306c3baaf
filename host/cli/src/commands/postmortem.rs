//! `postmortem`: what happened, drafted from the record, each sentence with its source.

use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_postmortem::{
    draft::{CannotDraft, DOCUMENT_BYTES_MAX, Draft, Template},
    front::Status,
    story::Story,
    template::TEMPLATE_BYTES_MAX,
};
use interlock_screens::{json, text};

use super::plan;
use crate::{args::PostmortemArgs, exit::Exit, failure::Failure, output::Output, setup};

pub(crate) async fn postmortem(
    args: &PostmortemArgs,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let template = args.template.as_deref().map(template).transpose()?;
    let standing = match &args.out {
        Some(out) if out.symlink_metadata().is_ok() => {
            let text = files::read_plain_text(out, DOCUMENT_BYTES_MAX);
            Some(text.map_err(|error| setup::open_error(&error))?)
        }
        _ => None,
    };
    let story = Story::of(&runner, &args.incident).await?;
    let chosen = match (&template, &args.template) {
        (Some(text), Some(file)) => Template { text, file },
        _ => Template::default(),
    };
    let over = standing.as_deref().zip(args.out.as_deref());
    let draft = Draft::of(&story, chosen, over).map_err(|error| failed(&error))?;
    written(args, &draft)
}

fn template(file: &Path) -> Result<String, Failure> {
    files::read_plain_text(file, TEMPLATE_BYTES_MAX).map_err(|error| setup::open_error(&error))
}

fn failed(error: &CannotDraft) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        CannotDraft::Template(_) => {
            failure.help("docs/postmortems.md says what a template is given")
        }
        CannotDraft::Front { .. } | CannotDraft::Blocks { .. } => failure.help(
            "nothing was written; mend that line, or name another file and bring your words over",
        ),
        CannotDraft::OtherIncident { .. } => failure.help("nothing was written; name another file"),
    }
}

/// Writes what is asked for and says so.
fn written(args: &PostmortemArgs, draft: &Draft) -> Result<Output, Failure> {
    if let Some(html) = &args.html {
        put(html, draft.html().as_bytes())?;
    }
    let html = args.html.as_ref().map(|path| path.display().to_string());
    let Some(out) = &args.out else {
        let document = json::postmortem::draft(draft, None, html.as_deref(), None);
        let output = Output::new(Exit::Done, draft.text.clone(), &document);
        return Ok(output.next(
            "name a file with `--out` to work on it: drafted again, it keeps what you changed",
        ));
    };
    put(out, draft.text.as_bytes())?;
    let file = out.display().to_string();
    let news = match draft.news() {
        Some(text) => {
            let mut name = out.clone().into_os_string();
            name.push(".new");
            let path = PathBuf::from(name);
            put(&path, text.as_bytes())?;
            Some(path.display().to_string())
        }
        None => None,
    };
    let document = json::postmortem::draft(draft, Some(&file), html.as_deref(), news.as_deref());
    let mut human = text::postmortem::drafted(draft, &file, news.as_deref());
    if let Some(html) = &html {
        human.push_str(&format!("wrote {}\n", text::words::foreign(html)));
    }
    let output = Output::new(Exit::Done, human, &document);
    Ok(match draft.front.status {
        Status::Final => output,
        Status::Draft => output.next(
            "write what is marked, move each factor that holds from `proposed` to `factors`, then \
             set `status: final`",
        ),
    })
}

/// Writes a file whole or not at all, in a folder that is made where it is missing.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::failed(format!("{} cannot be made: {error}", folder.display()))
        })?;
    }
    plan::write(path, bytes)
}
