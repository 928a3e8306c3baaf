//! A message about something observed. Target: `notify/<channel>`.

use interlock_gate::{
    action::{Notify, NotifyArguments},
    revision::Revision,
};

use super::{At, CannotAim, Found, bad_argument, target};

pub(super) fn notify(at: &At<'_>, channel: &str, message: String) -> Result<Found, CannotAim> {
    if !at.answer()?.has_item(at.item) {
        return Err(at.no_such_item());
    }
    if channel.is_empty() {
        return Err(bad_argument("channel", "is empty"));
    }
    if message.trim().is_empty() {
        return Err(bad_argument("message", "is empty"));
    }
    let action = Notify {
        target: target("notify", channel)?,
        arguments: NotifyArguments { message },
    };
    Ok((action.into(), Revision::Unconditional))
}
