//! `approvals` of a write rule: its groups, and the terms that hold for them.

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{self, Complaints, Fields, nearest, shown};
use super::model::Group;
use super::problem::Problem;
use super::words;
use crate::sshsig::Presence;

const APPROVALS: &str = "`approvals`";
const MAX_AGE_S_DEFAULT: u64 = 15 * 60;
const NEED_MAX: i64 = 20;
const GROUPS_MAX: usize = 16;

/// What stands beside `need` or `all` and holds for the groups below it.
#[derive(Clone, Copy)]
struct Terms {
    max_age_s: u64,
    presence: Presence,
    not_requester: bool,
}

pub(super) fn read_approvals(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Vec<Group> {
    let defaults = Terms {
        max_age_s: MAX_AGE_S_DEFAULT,
        presence: Presence::Unproven,
        not_requester: true,
    };
    let Some(table) = fields::table("approvals", value, out) else {
        return Vec::new();
    };
    let mut fields = Fields::new(APPROVALS, table, value.span());
    let all = fields.take("all");
    let terms = read_terms(&mut fields, defaults, out);
    let need = fields.take("need");
    let roles = fields.take("roles");
    let mut groups = Vec::new();
    match all {
        Some(all) => {
            if let Some(also) = need.or(roles) {
                let need = "`all` alone, or `need` and `roles`";
                out.add(
                    Problem::Either {
                        section: APPROVALS,
                        need,
                    },
                    also.span(),
                );
            }
            let items = fields::list("all", all, out).unwrap_or_default();
            if items.len() > GROUPS_MAX {
                let problem = Problem::TooMany {
                    what: "groups",
                    max: GROUPS_MAX,
                };
                out.add(problem, all.span());
            }
            for item in items.iter().take(GROUPS_MAX) {
                let Some(table) = fields::table("all", item, out) else {
                    continue;
                };
                let mut fields = Fields::new("a group of `all`", table, item.span());
                let terms = read_terms(&mut fields, terms, out);
                let (need, roles) = (fields.need("need", out), fields.need("roles", out));
                groups.extend(read_group(need, roles, terms, out));
                fields.finish(out);
            }
        }
        None => {
            for (key, value) in [("need", need), ("roles", roles)] {
                if value.is_none() {
                    out.add(
                        Problem::MissingKey {
                            key,
                            section: APPROVALS,
                        },
                        fields.span(),
                    );
                }
            }
            groups.extend(read_group(need, roles, terms, out));
        }
    }
    fields.finish(out);
    groups
}

fn read_terms(fields: &mut Fields<'_, '_>, above: Terms, out: &mut Complaints<'_>) -> Terms {
    let max_age_s = fields
        .take("max_age")
        .and_then(|value| fields::duration_ms("max_age", value, ("1s", "24h"), out))
        .map_or(above.max_age_s, |ms| ms / 1_000);
    let presence = fields
        .take("presence")
        .and_then(|value| read_presence(value, out))
        .unwrap_or(above.presence);
    let not_requester = fields
        .take("not_requester")
        .and_then(|value| fields::boolean("not_requester", value, out))
        .unwrap_or(above.not_requester);
    Terms {
        max_age_s,
        presence,
        not_requester,
    }
}

fn read_presence(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<Presence> {
    match fields::text("presence", value, out)? {
        "any" => Some(Presence::Unproven),
        "touch" => Some(Presence::Touch),
        "verified" => Some(Presence::Verified),
        other => {
            let problem = Problem::Word {
                value: shown(other),
                expected: "`any`, `touch` or `verified`",
                nearest: nearest(other, ["any", "touch", "verified"].into_iter()),
            };
            out.add(problem, value.span());
            None
        }
    }
}

fn read_group(
    need: Option<&Spanned<DeValue<'_>>>,
    roles: Option<&Spanned<DeValue<'_>>>,
    terms: Terms,
    out: &mut Complaints<'_>,
) -> Option<Group> {
    let need = need.and_then(|value| fields::integer("need", value, (1, NEED_MAX), out));
    let roles = roles.map(|value| words::words("roles", value, out));
    Some(Group {
        need: u32::try_from(need?).ok()?,
        roles: roles?,
        max_age_s: terms.max_age_s,
        presence: terms.presence,
        not_requester: terms.not_requester,
    })
}

/// The word that a policy uses.
pub(crate) fn presence_word(presence: Presence) -> &'static str {
    match presence {
        Presence::Unproven => "any",
        Presence::Touch => "touch",
        Presence::Verified => "verified",
    }
}
