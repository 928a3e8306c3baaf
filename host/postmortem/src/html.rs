//! A post-mortem as one HTML page that needs nothing else.
//! Invariant: HTML that stands in the Markdown is shown as text; nothing is loaded from anywhere,
//! and a link leads only where a person put one: to the web, to mail, or within the page.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use crate::{cite, front::Front, words::MARK};

const STYLE: &str = include_str!("postmortem.css");

/// The page of a post-mortem, from its header and the Markdown behind it.
pub fn page(front: &Front, markdown: &str) -> String {
    let mut body = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(&mut body, Inert::new(markdown));
    let title = escaped(&format!("Post-mortem of {}", front.incident));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}{body}</main>\n</body>\n</html>\n",
        header(front),
    )
}

/// The header's values, in a list of terms.
fn header(front: &Front) -> String {
    let mut out = format!(
        "<p class=\"status {0}\">{0}</p>\n<dl>\n",
        front.status.word()
    );
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(&value)));
        }
    };
    let words = |factors: &[crate::taxonomy::Factor]| {
        let words: Vec<String> = factors.iter().map(ToString::to_string).collect();
        words.join(", ")
    };
    put("severity", front.severity.clone().unwrap_or_default());
    put("services", front.services.join(", "));
    for (name, at) in [
        ("began", front.began),
        ("detected", front.detected),
        ("mitigated", front.mitigated),
        ("ended", front.ended),
    ] {
        put(name, at.map(crate::words::moment).unwrap_or_default());
    }
    put("factors", words(&front.factors));
    put("proposed", words(&front.proposed));
    put("causes", front.causes.join(", "));
    out.push_str("</dl>\n");
    out
}

/// Markdown's events, without what could act.
struct Inert<'a> {
    events: std::vec::IntoIter<Event<'a>>,
}

impl<'a> Inert<'a> {
    fn new(markdown: &'a str) -> Inert<'a> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES;
        let mut state = State::default();
        let mut out = Vec::new();
        for event in TextMergeStream::new(Parser::new_ext(markdown, options)) {
            state.push(event, &mut out);
        }
        Inert {
            events: out.into_iter(),
        }
    }
}

impl<'a> Iterator for Inert<'a> {
    type Item = Event<'a>;

    fn next(&mut self) -> Option<Event<'a>> {
        self.events.next()
    }
}

#[derive(Default)]
struct State {
    /// Links and images that are open, and whether each is shown as a link.
    links: Vec<bool>,
    /// Inside of a fenced or indented block of code.
    code: bool,
    /// The last event began an item of a list: a citation here is the one that is resolved.
    item: bool,
    /// The heading that has named the part of the page.
    sources: bool,
    heading: bool,
}

impl State {
    fn push<'a>(&mut self, event: Event<'a>, out: &mut Vec<Event<'a>>) {
        let item = std::mem::replace(&mut self.item, matches!(event, Event::Start(Tag::Item)));
        match event {
            // A block's own comments; what else is HTML is text.
            Event::Html(html) | Event::InlineHtml(html) => {
                let text = html.trim();
                let ours = text.starts_with("<!-- interlock:") && text.ends_with("-->");
                if !ours || text[4..].contains("<!--") {
                    out.push(Event::Text(html));
                }
            }
            Event::Start(Tag::Link {
                dest_url,
                title,
                link_type,
                id,
            }) => {
                let shown = leads_somewhere(&dest_url);
                self.links.push(shown);
                if shown {
                    out.push(Event::Start(Tag::Link {
                        dest_url,
                        title,
                        link_type,
                        id,
                    }));
                }
            }
            // A picture would be fetched: its text stands for it.
            Event::Start(Tag::Image { .. }) => self.links.push(false),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                if self.links.pop() == Some(true) {
                    out.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::CodeBlock(_)) | Event::End(TagEnd::CodeBlock) => {
                self.code = matches!(event, Event::Start(_));
                out.push(event);
            }
            Event::Start(Tag::Heading { .. }) | Event::End(TagEnd::Heading(_)) => {
                self.heading = matches!(event, Event::Start(_));
                out.push(event);
            }
            Event::Text(text) if !self.code => {
                if self.heading {
                    self.sources = text.trim() == "Sources";
                }
                cited(&text, item && self.sources, out);
            }
            // The mark is emphasised: it is made to be seen.
            Event::Start(Tag::Emphasis) | Event::End(TagEnd::Emphasis) => out.push(event),
            other => out.push(other),
        }
    }
}

/// Text with each citation as a link to its source, or as the source itself.
fn cited<'a>(text: &str, resolves: bool, out: &mut Vec<Event<'a>>) {
    let mut from = 0;
    for (range, source) in cite::find(text) {
        put(&text[from..range.start], out);
        let name = source.to_string();
        let html = if resolves && range.start == 0 {
            format!("<b class=\"cite\" id=\"{name}\">{name}</b>")
        } else {
            format!("<a class=\"cite\" href=\"#{name}\">{name}</a>")
        };
        // Letters, digits, `-` and `:` only: the citation was read.
        out.push(Event::InlineHtml(CowStr::from(html)));
        from = range.end;
    }
    put(&text[from..], out);
}

fn put(text: &str, out: &mut Vec<Event<'_>>) {
    let word = MARK.trim_matches('_');
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        out.push(Event::Text(rest[..at].to_owned().into()));
        let html = format!("<mark>{word}</mark>");
        out.push(Event::InlineHtml(html.into()));
        rest = &rest[at + word.len()..];
    }
    if !rest.is_empty() {
        out.push(Event::Text(rest.to_owned().into()));
    }
}

fn leads_somewhere(url: &str) -> bool {
    ["https://", "http://", "mailto:", "#"]
        .iter()
        .any(|start| url.starts_with(start))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in interlock_gate::escape::foreign(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::words::code;

    fn drawn(markdown: &str) -> String {
        let mut body = String::new();
        pulldown_cmark::html::push_html(&mut body, Inert::new(markdown));
        body
    }

    #[test]
    fn html_in_the_markdown_is_text_and_pictures_are_not_fetched() {
        let html = drawn(
            "<script>alert(1)</script>\n\nA <b onclick=x>b</b> ![p](https://x/y.png) \
             [bad](javascript:alert(1)) [good](https://example.org)\n\n\
             <!-- interlock:end a --><img src=x>\n",
        );
        for tag in ["<script", "<b onclick", "<img", "javascript:"] {
            assert!(!html.contains(tag), "{tag}: {html}");
        }
        assert!(html.contains("<a href=\"https://example.org\">good</a>"));
    }

    #[test]
    fn citations_lead_to_their_sources() {
        let html = drawn("It rang [j3].\n\n## Sources\n\n- [j3] an alert, after [slack:2]\n");
        assert!(
            html.contains("<a class=\"cite\" href=\"#j3\">j3</a>"),
            "{html}"
        );
        assert!(
            html.contains("<b class=\"cite\" id=\"j3\">j3</b>"),
            "{html}"
        );
        assert!(html.contains("href=\"#slack:2\""), "{html}");
    }

    proptest! {
        /// Whatever others wrote: a reader of Markdown sees code, and a browser sees text.
        #[test]
        fn others_words_are_inert_in_markdown_and_html(
            text in prop_oneof![
                ".{0,80}",
                "[`<>!\\[\\]()#*_~|:/\\\\\n\r\t &;.a-z0-9=\"'-]{0,80}",
                "(```|\n|<!-- interlock:end a -->|-->|\\[x\\]\\(javascript:1\\)|<img src=x>|https://e.vil|# h|- |> |@all|`){0,12}",
            ],
            place in 0..4_usize,
        ) {
            let span = code(&text);
            prop_assert!(!span.contains(['\n', '\r']));
            let line = match place {
                0 => format!("- 03:12:08Z {span} rang [j3].\n"),
                1 => format!("{span}\n"),
                2 => format!("> said {span} and `more` [j3].\n"),
                _ => format!("**x** (proposed): {span}; {span} [j3].\n"),
            };
            let options = Options::all();
            let mut events = Vec::new();
            for event in Parser::new_ext(&line, options) {
                match event {
                    Event::Html(_) | Event::InlineHtml(_) => prop_assert!(false, "html in {line}"),
                    Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::Heading { .. } | Tag::CodeBlock(_)) => {
                        prop_assert!(false, "{event:?} in {line}");
                    }
                    other => events.push(other),
                }
            }
            let html = drawn(&line);
            prop_assert!(!html.contains("<img") && !html.contains("<script") && !html.contains("href=\"j"));
            let bad = ["<a href", "<h1", "<!--"];
            prop_assert!(bad.iter().all(|tag| !html.contains(tag)), "{html}");
            let document = format!("{}\n{line}", crate::blocks::Block::new("a", "x").write());
            prop_assert_eq!(crate::blocks::read(&document).unwrap().len(), 2);
        }
    }
}
