//! A Slack channel export: the channel's folder of `DATE.json` with `users.json` in it or above it,
//! the export's folder where it holds one channel, or one day's file.

mod words;

use std::collections::BTreeMap;
use std::path::Path;

use interlock_bundle::{About, Bundle, Folder, Observed, Room, TimelineLine};
use interlock_gate::time::Time;
use serde::Deserialize;

use crate::json::Json;
use crate::source::{FILE_BYTES_MAX, file, name_of_path};
use crate::{Format, ImportError, Imported, Progress};

/// Most messages of a channel.
const MESSAGES_MAX: usize = 1_000_000;

const USERS_FILE: &str = "users.json";

/// What people are called, by their ids.
type Users = BTreeMap<String, String>;

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    profile: Option<Profile>,
}

#[derive(Default, Deserialize)]
struct Profile {
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
}

impl Profile {
    fn called(self) -> Option<String> {
        let names = [self.display_name, self.real_name, self.name];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    subtype: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    user_profile: Option<Profile>,
    #[serde(default)]
    text: String,
    ts: String,
}

fn users(path: &Path, bytes: &[u8]) -> Result<Users, ImportError> {
    let mut users = Users::new();
    Json::new(path, bytes).items(|json| {
        let user: User = json.value()?;
        let called = user.profile.unwrap_or_default().called();
        let name = called.or(user.real_name).or(user.name);
        if let Some(name) = name {
            users.insert(user.id, name);
        }
        Ok(())
    })?;
    Ok(users)
}

/// One day's messages, in the order of the file.
fn day(
    path: &Path,
    bytes: &[u8],
    users: &Users,
    source: &str,
    all: &mut Vec<TimelineLine>,
) -> Result<(), ImportError> {
    Json::new(path, bytes).items(|json| {
        let line = json.line();
        let it: Message = json.value()?;
        let at = stamp(&it.ts).ok_or_else(|| {
            let why = format!("`ts` is `{}`, and not seconds since 1970", it.ts);
            json.wrong_at(line, &why)
        })?;
        if all.len() == MESSAGES_MAX {
            return Err(ImportError::TooMuch {
                path: path.to_owned(),
                what: "messages",
                most: MESSAGES_MAX as u64,
            });
        }
        let known = it.user.as_ref().and_then(|id| users.get(id).cloned());
        let profile = || it.user_profile.and_then(Profile::called);
        let author = known.or_else(profile).or(it.username).or(it.user);
        let kind = match it.subtype.as_deref() {
            None | Some("bot_message" | "thread_broadcast" | "file_share" | "me_message") => {
                "message"
            }
            // Somebody joined, a topic was set.
            Some(_) => "other",
        };
        all.push(TimelineLine {
            at,
            kind: kind.to_owned(),
            source: source.to_owned(),
            author,
            text: words::plain(&it.text, users),
            line,
        });
        Ok(())
    })
}

/// Seconds since 1970 with a fraction, as Slack writes them: `1512085950.000216`.
fn stamp(text: &str) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let micros: u64 = format!("{fraction:0<6}").parse().ok()?;
    let seconds: u64 = whole.parse().ok()?;
    Time::from_micros(seconds.checked_mul(1_000_000)?.checked_add(micros)?)
}

/// The messages of one day's file.
pub(crate) fn timeline(path: &Path, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    let mut all = Vec::new();
    let source = Format::Slack.name();
    day(path, bytes, &Users::new(), source, &mut all)?;
    all.sort_by_key(|line| line.at);
    Ok(all)
}

/// The messages of a file or of a channel's folder; a line's source then names its file too.
pub(crate) fn timeline_of(path: &Path) -> Result<Vec<TimelineLine>, ImportError> {
    let Ok(mut folder) = Folder::open(path) else {
        return timeline(path, &file(path)?);
    };
    let mut people = users_of(&folder)?;
    let mut days = days(&folder)?;
    if days.is_empty() {
        let channels: Vec<String> = folder
            .names()?
            .into_iter()
            .filter(|name| folder.has_folder(name))
            .collect();
        folder = match channels.as_slice() {
            [only] => folder.folder(only)?,
            [] => return Err(whole(path, "it holds no `DATE.json`")),
            several => {
                let some: Vec<&str> = several.iter().take(5).map(String::as_str).collect();
                let why = format!(
                    "name the folder of one channel, such as {}",
                    some.join(", ")
                );
                return Err(whole(path, &why));
            }
        };
        days = self::days(&folder)?;
    } else if people.is_empty() {
        people = match path.parent() {
            Some(above) if above != Path::new("") => users_of(&Folder::open(above)?)?,
            Some(_) | None => users_of(&Folder::open(Path::new("."))?)?,
        };
    }
    let mut room = Room::new(FILE_BYTES_MAX);
    let mut all = Vec::new();
    for name in days {
        let bytes = folder.read(&name, &mut room)?.unwrap_or_default();
        let source = format!("{}/{name}", Format::Slack);
        day(
            &folder.path().join(&name),
            &bytes,
            &people,
            &source,
            &mut all,
        )?;
    }
    all.sort_by_key(|line| line.at);
    Ok(all)
}

fn whole(path: &Path, why: &str) -> ImportError {
    ImportError::Whole {
        path: path.to_owned(),
        format: Format::Slack,
        why: why.to_owned(),
    }
}

fn users_of(folder: &Folder) -> Result<Users, ImportError> {
    match folder.read(USERS_FILE, &mut Room::new(FILE_BYTES_MAX))? {
        Some(bytes) => users(&folder.path().join(USERS_FILE), &bytes),
        None => Ok(Users::new()),
    }
}

/// The days' files: `YYYY-MM-DD.json`.
fn days(folder: &Folder) -> Result<Vec<String>, ImportError> {
    let is_day = |name: &String| {
        let stem = name.strip_suffix(".json").unwrap_or_default();
        stem.len() == 10
            && stem.bytes().enumerate().all(|(at, b)| match at {
                4 | 7 => b == b'-',
                _digit => b.is_ascii_digit(),
            })
    };
    Ok(folder.names()?.into_iter().filter(is_day).collect())
}

pub(crate) fn import(
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let timeline = timeline_of(path)?;
    let (Some(first), Some(last)) = (timeline.first(), timeline.last()) else {
        return Err(whole(path, "it holds no message"));
    };
    let name = name_of_path(path);
    // A single message still takes a moment.
    let end = last.at.plus_seconds(1);
    let mut about = About::new(&name, first.at, end);
    about.title = format!("channel {name}");
    let observed = Observed {
        timeline,
        ..Observed::default()
    };
    Bundle::new(about, observed).write(&out.join(&name))?;
    progress(1, Some(1), &name);
    Ok(Imported {
        bundles: vec![name],
        notes: vec!["a channel tells no run anything: its lines are for the timeline".to_owned()],
        ..Imported::default()
    })
}
