//! How a series is named: `name{label="value",...}`, as in PromQL.

use interlock_capabilities::read::Label;

/// The label that holds a metric's name.
pub(crate) const NAME: &str = "__name__";

/// Most labels of a series.
const LABELS_MAX: usize = 64;

/// Longest name of a series, in bytes.
const SERIES_BYTES_MAX: usize = 8 << 10;

/// A text that names no series.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` names no series: {why}",
    interlock_gate::escape::foreign_short(text, 80)
)]
pub struct BadSeries {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// The text that names a series; labels in any order, the name of the metric among them as
/// `__name__`. [`labels_of`] reads it back.
pub fn series_text(labels: &[Label]) -> String {
    let mut sorted: Vec<&Label> = labels.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let metric = sorted
        .iter()
        .find(|label| label.name == NAME && is_metric(&label.value));
    let mut text = metric.map_or(String::new(), |label| label.value.clone());
    let named = metric.is_some();
    let mut rest = sorted
        .into_iter()
        .filter(|label| !(named && label.name == NAME))
        .peekable();
    if rest.peek().is_none() && named {
        return text;
    }
    text.push('{');
    for (index, label) in rest.enumerate() {
        if index > 0 {
            text.push(',');
        }
        if is_label(&label.name) {
            text += &label.name;
        } else {
            quote(&mut text, &label.name);
        }
        text.push('=');
        quote(&mut text, &label.value);
    }
    text.push('}');
    text
}

fn quote(text: &mut String, value: &str) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => *text += "\\\"",
            '\\' => *text += "\\\\",
            '\n' => *text += "\\n",
            '\r' => *text += "\\r",
            other => text.push(other),
        }
    }
    text.push('"');
}

fn is_label(text: &str) -> bool {
    is_word(text, false)
}

fn is_metric(text: &str) -> bool {
    is_word(text, true)
}

fn is_word(text: &str, colons: bool) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || (colons && b == b':');
    text.bytes().next().is_some_and(|b| !b.is_ascii_digit()) && text.bytes().all(good)
}

/// The labels of a series, sorted by name, each name once.
pub fn labels_of(text: &str) -> Result<Vec<Label>, BadSeries> {
    let bad = |why| BadSeries {
        text: text.chars().take(200).collect(),
        why,
    };
    if text.len() > SERIES_BYTES_MAX {
        return Err(bad("it is over 8 KiB long"));
    }
    let mut labels = Vec::new();
    let (metric, mut rest) = match text.find('{') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let metric = metric.trim();
    if is_metric(metric) {
        labels.push(Label {
            name: NAME.to_owned(),
            value: metric.to_owned(),
        });
    } else if !metric.is_empty() || rest.is_none() {
        return Err(bad("a metric's name is letters, digits, `_` and `:`"));
    }
    while let Some(open) = rest {
        let open = open.trim_start();
        if let Some(after) = open.strip_prefix('}') {
            if !after.trim().is_empty() {
                return Err(bad("it goes on after its `}`"));
            }
            rest = None;
            continue;
        }
        let (name, after) = match open.strip_prefix('"') {
            Some(quoted) => unquote(quoted).ok_or_else(|| bad("a quote is not closed"))?,
            None => {
                let end = open.find('=').ok_or_else(|| bad("a label has no `=`"))?;
                let name = open[..end].trim();
                if !is_label(name) {
                    return Err(bad("a label's name is letters, digits and `_`, or quoted"));
                }
                (name.to_owned(), &open[end..])
            }
        };
        let value = after
            .trim_start()
            .strip_prefix('=')
            .map(str::trim_start)
            .and_then(|after| after.strip_prefix('"'))
            .ok_or_else(|| bad("a label's value stands in double quotes after `=`"))?;
        let (value, after) = unquote(value).ok_or_else(|| bad("a quote is not closed"))?;
        labels.push(Label { name, value });
        if labels.len() > LABELS_MAX {
            return Err(bad("it has over 64 labels"));
        }
        let after = after.trim_start();
        rest = Some(match after.strip_prefix(',') {
            Some(after) => after,
            None if after.starts_with('}') => after,
            None => return Err(bad("its labels are parted by `,` and end with `}`")),
        });
    }
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    if labels.windows(2).any(|two| two[0].name == two[1].name) {
        return Err(bad("a label stands in it twice"));
    }
    Ok(labels)
}

/// What stands before the closing quote, and what after it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}
