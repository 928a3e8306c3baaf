//! What can be wrong with a policy's text, each with its place.
//! Not a renderer: message, span, label and help are for the command line to draw.

use super::glob::PatternError;
use crate::key::KeyError;

/// One thing that is wrong. A policy with any is refused whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Over the bound on length.
    #[error("the policy is longer than {max_bytes} bytes")]
    TooLong {
        /// The bound.
        max_bytes: usize,
    },
    /// Not TOML, in the parser's words.
    #[error("{words}")]
    Syntax {
        /// What the parser said.
        words: String,
    },
    /// A key that this section does not have.
    #[error("`{key}` is not a key of {section}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The section, as it is written.
        section: &'static str,
        /// The key that was probably meant.
        nearest: Option<String>,
    },
    /// A key that must be there and is not.
    #[error("{section} has no `{key}`")]
    MissingKey {
        /// The missing key.
        key: &'static str,
        /// The section, as it is written.
        section: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, not {found}")]
    Type {
        /// The key.
        key: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A version of the format that this program does not read.
    #[error("`version` must be 1")]
    Version,
    /// A list without items: it could only be a mistake.
    #[error("`{key}` is an empty list")]
    EmptyList {
        /// The key.
        key: String,
    },
    /// Text that must not be empty, or is too long, or holds what it must not.
    #[error("`{value}` is not a name: {expected}")]
    Name {
        /// The text, escaped.
        value: String,
        /// What a name may hold.
        expected: &'static str,
    },
    /// A word outside a closed list.
    #[error("`{value}` is not {expected}")]
    Word {
        /// The word, escaped.
        value: String,
        /// What it should have been one of.
        expected: &'static str,
        /// The word that was probably meant.
        nearest: Option<String>,
    },
    /// A number outside its bounds.
    #[error("`{key}` must be from {min} to {max}")]
    Range {
        /// The key.
        key: String,
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// Not a duration, or outside its bounds.
    #[error("`{key}` must be a duration from {min} to {max}")]
    Duration {
        /// The key.
        key: String,
        /// Shortest, as people write it.
        min: &'static str,
        /// Longest, as people write it.
        max: &'static str,
    },
    /// Not a size, or outside its bounds.
    #[error("`{key}` must be a size from {min} to {max}")]
    Size {
        /// The key.
        key: String,
        /// Smallest, as people write it.
        min: &'static str,
        /// Largest, as people write it.
        max: &'static str,
    },
    /// The same name for two things.
    #[error("{what} `{name}` stands here twice")]
    Twice {
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A public key that cannot be used.
    #[error("a key of `{approver}` cannot be used")]
    Key {
        /// Whose key.
        approver: String,
        /// What is wrong with it.
        #[source]
        why: KeyError,
    },
    /// One key for two people, or twice for one.
    #[error("a key of `{approver}` already stands under `{other}`")]
    KeyTwice {
        /// Whose key.
        approver: String,
        /// Where it stood first.
        other: String,
    },
    /// The host could approve what it carries out.
    #[error("a key of `{approver}` is the key of this host")]
    HostKey {
        /// Whose key.
        approver: String,
    },
    /// A revoked key that is neither a key line nor a fingerprint.
    #[error("a revoked key is written as a public key or as `SHA256:` and its fingerprint")]
    RevokedKey,
    /// Not a digest.
    #[error("`{key}` must be {expected}")]
    Digest {
        /// The key.
        key: String,
        /// The form.
        expected: &'static str,
    },
    /// The digest of a token that anybody can present.
    #[error("`{key}` is the digest of {what}")]
    NoToken {
        /// The key.
        key: &'static str,
        /// Of what.
        what: &'static str,
    },
    /// A pattern that is no pattern.
    #[error("the pattern `{pattern}` can match nothing")]
    Pattern {
        /// The pattern, escaped.
        pattern: String,
        /// Why.
        #[source]
        why: PatternError,
    },
    /// A pattern that matches no target of its capability.
    #[error("the pattern `{pattern}` can match no target of `{capability}`")]
    Unmatchable {
        /// The pattern.
        pattern: String,
        /// The capability, or what else the pattern is for.
        capability: String,
        /// Its targets, as its documentation writes them.
        grammar: &'static str,
    },
    /// An argument that the capability does not have.
    #[error("`{argument}` is not an argument of `{capability}`")]
    Argument {
        /// The argument as written.
        argument: String,
        /// The capability.
        capability: String,
        /// The argument that was probably meant.
        nearest: Option<String>,
    },
    /// A limit that does not fit the argument's type.
    #[error("`{limit}` does not apply to `{argument}`, which is {kind}")]
    ArgumentKind {
        /// The kind of limit.
        limit: &'static str,
        /// The argument.
        argument: String,
        /// The argument's type.
        kind: &'static str,
    },
    /// A limit that no value can meet.
    #[error("no value of `{argument}` can meet this")]
    Unmeetable {
        /// The argument.
        argument: String,
    },
    /// Two keys that exclude each other, or neither of two of which one is needed.
    #[error("{section} needs {need}")]
    Either {
        /// The section, as it is written.
        section: &'static str,
        /// What it needs.
        need: &'static str,
    },
    /// A date without offset means another instant elsewhere.
    #[error("`{key}` has no offset")]
    NoOffset {
        /// The key.
        key: &'static str,
    },
    /// A date that does not exist or cannot be represented.
    #[error("`{key}` is not a date that exists")]
    Date {
        /// The key.
        key: &'static str,
    },
    /// A freeze that ends before it begins.
    #[error("`from` is not before `until`")]
    Backwards,
    /// An act that observes nothing, in a rule that does not say so.
    #[error("`{capability}` observes no target: the rule must say `unconditional = true`")]
    Unconditional {
        /// The capability.
        capability: String,
    },
    /// `unconditional` where the act is conditioned on what it observed.
    #[error("`{capability}` acts only on what it observed: `unconditional` does not apply")]
    Conditional {
        /// The capability.
        capability: String,
    },
    /// A rule for what no plan asks for by itself.
    #[error("`{capability}` only takes another act back: the rule of that act permits it")]
    OnlyUndo {
        /// The capability.
        capability: String,
    },
    /// A section that is described and not built yet.
    #[error("[[trust]] is not supported yet")]
    Trust,
    /// Too many of something.
    #[error("more than {max} {what}")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        max: usize,
    },
}

impl Problem {
    /// The word that was probably meant, to stand under the one that was written.
    pub fn meant(&self) -> Option<String> {
        let nearest = match self {
            Self::UnknownKey { nearest, .. }
            | Self::Word { nearest, .. }
            | Self::Argument { nearest, .. } => nearest.as_ref(),
            _says_what_it_wants => None,
        };
        nearest.map(|word| format!("did you mean `{word}`?"))
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Pattern { why, .. } => Some(why.to_string()),
            Self::Key { why, .. } => Some(why.to_string()),
            Self::Unmatchable { grammar, .. } => Some(format!("its targets are {grammar}")),
            Self::NoOffset { .. } => Some("write `Z` or `+02:00` after it".to_owned()),
            Self::EmptyList { .. } => Some("leave the key out, or put something in".to_owned()),
            Self::KeyTwice { .. } => {
                Some("a person counts once, and a key is one person's".to_owned())
            }
            Self::HostKey { .. } => Some("a host carries out; it never approves".to_owned()),
            Self::NoToken { .. } => {
                Some("make a token of at least 32 random bytes, and digest that".to_owned())
            }
            Self::Trust => Some("remove it: every approval is asked for until then".to_owned()),
            Self::UnknownKey { .. }
            | Self::Word { .. }
            | Self::Argument { .. }
            | Self::TooLong { .. }
            | Self::Syntax { .. }
            | Self::MissingKey { .. }
            | Self::Type { .. }
            | Self::Version
            | Self::Name { .. }
            | Self::Range { .. }
            | Self::Duration { .. }
            | Self::Size { .. }
            | Self::Twice { .. }
            | Self::RevokedKey
            | Self::Digest { .. }
            | Self::ArgumentKind { .. }
            | Self::Unmeetable { .. }
            | Self::Either { .. }
            | Self::Date { .. }
            | Self::Backwards
            | Self::Unconditional { .. }
            | Self::Conditional { .. }
            | Self::OnlyUndo { .. }
            | Self::TooMany { .. } => None,
        }
    }
}
