//! The words of a message, safe for Slack's mrkdwn and for the Markdown of those that take the same
//! webhook.

use interlock_gate::escape;

/// Text that somebody else wrote, as a quotation of at most `chars_max` characters. Nothing in it
/// can format, link, mention anybody or end the quotation: what could is spelled out.
pub(super) fn foreign(text: &str, chars_max: usize) -> String {
    let all = text.chars().count();
    let mut out = String::from("\u{201c}");
    for character in text.chars().take(chars_max) {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Bold, italics, code, struck out, links, tables, mentions, channels, emoji, headings,
            // the escape itself and both kinds of quotation mark.
            '*' | '`' | '~' | '[' | ']' | '|' | '@' | '#' | ':' | '!' | '"' | '\u{201c}'
            | '\u{201d}' | '^' | '$' | '{' | '}' => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            }
            // A bare domain is a link too where it begins with these letters.
            '.' if out.to_ascii_lowercase().ends_with("www") => out.push_str("\\u{2e}"),
            other => out.push_str(&escape::foreign(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('\u{201d}');
    if all > chars_max {
        out.push_str(&format!(" and {} characters more", all - chars_max));
    }
    out
}

/// The host's own words, or a name that the policy or the contract fixes, in code. They hold
/// printable ASCII only, and no backtick.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", plain(text).replace('`', "'"))
}

/// The host's own words.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in escape::foreign(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_formats_links_and_mentions_nothing() {
        assert_eq!(
            foreign("<!channel> @here approve *now* at https://evil.example", 80),
            "\u{201c}&lt;\\u{21}channel&gt; \\u{40}here approve \\u{2a}now\\u{2a} at \
             https\\u{3a}//evil.example\u{201d}"
        );
        assert_eq!(
            foreign("<https://evil|run `this`> www.evil.example", 80),
            "\u{201c}&lt;https\\u{3a}//evil\\u{7c}run \\u{60}this\\u{60}&gt; www\\u{2e}evil.example\u{201d}"
        );
        assert_eq!(
            foreign("a\u{201d}\nWHAT YOU SIGN\u{202e}", 80),
            "\u{201c}a\\u{201d}\\nWHAT YOU SIGN\\u{202e}\u{201d}"
        );
        assert_eq!(
            foreign("abcdef", 3),
            "\u{201c}abc\u{201d} and 3 characters more"
        );
        assert_eq!(
            foreign("PgHigh_2 (caf\u{e9})", 80),
            "\u{201c}PgHigh_2 (caf\u{e9})\u{201d}"
        );
    }

    #[test]
    fn no_foreign_text_leaves_a_character_that_a_receiver_acts_on() {
        let every: String = (0_u32..0x3000).filter_map(char::from_u32).collect();
        let shown = foreign(&every, usize::MAX);
        let inner = shown
            .strip_prefix('\u{201c}')
            .and_then(|it| it.strip_suffix('\u{201d}'))
            .unwrap();
        for active in [
            '<', '>', '*', '`', '~', '[', '|', '@', '#', ':', '!', '\n', '\u{201d}',
        ] {
            assert!(!inner.contains(active), "{active:?}");
        }
    }
}
