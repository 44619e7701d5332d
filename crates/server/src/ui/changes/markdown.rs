//! The timeline as Markdown, for the post-mortem: oldest first.
//!
//! Promises: whatever events hold, they add no markup, link, picture, mention or line to the text. Must never: name a host.

use std::fmt::Write;

use super::shown::{Entry, Fold, Row, Section};
use super::window::{offset, plain};
use crate::ui::telling::Stretch;
use ledger::time::Micros;

/// What stands above the timeline.
pub(super) struct Head<'a> {
    pub(super) tenant: &'a str,
    pub(super) since: Micros,
    pub(super) until: Micros,
    pub(super) query: &'a str,
    pub(super) t0: Option<Micros>,
    /// How many there are and how many are told.
    pub(super) counts: &'a str,
    pub(super) now: Micros,
}

/// The whole text. `sections` are newest first, as the page shows them.
pub(super) fn write(head: &Head<'_>, sections: &[Section]) -> String {
    let mut text = format!("# What changed: {}\n\n", escaped(head.tenant));
    // Writing to a String cannot fail.
    let (since, until) = (plain(head.since), plain(head.until));
    // A window that has not ended says nothing of its rest.
    let so_far = if head.until > head.now {
        format!(", as far as it was recorded at {} UTC", plain(head.now))
    } else {
        String::new()
    };
    _ = writeln!(text, "* From {since} to {until} UTC{so_far}");
    if !head.query.is_empty() {
        _ = writeln!(text, "* Query: {}", code(head.query));
    }
    if let Some(t0) = head.t0 {
        _ = writeln!(text, "* T0: {} UTC", plain(t0));
    }
    _ = writeln!(text, "* {}", escaped(head.counts));
    _ = writeln!(
        text,
        "* Written {} UTC by Veritrail; oldest first",
        plain(head.now)
    );
    let writer = Writer { t0: head.t0 };
    // From the top each day stands before what happened in it: turned round, the day must still come first.
    let mut days: Vec<(&str, Vec<&Section>)> = vec![("", Vec::new())];
    for section in sections {
        match section {
            Section::Day(name) => days.push((name, Vec::new())),
            other => days
                .last_mut()
                .into_iter()
                .for_each(|(_, parts)| parts.push(other)),
        }
    }
    for (name, parts) in days
        .iter()
        .rev()
        .filter(|(name, parts)| !(name.is_empty() && parts.is_empty()))
    {
        if !name.is_empty() {
            _ = writeln!(text, "\n## {name}\n");
        }
        for part in parts.iter().rev() {
            match part {
                Section::Entries(entries) => entries
                    .iter()
                    .rev()
                    .for_each(|entry| writer.entry(entry, "", &mut text)),
                _ => text.push_str("* **T0**\n"),
            }
        }
    }
    text
}

struct Writer {
    t0: Option<Micros>,
}

impl Writer {
    fn entry(&self, entry: &Entry, indent: &str, text: &mut String) {
        match entry {
            Entry::Row(row) => self.row(row, indent, "", text),
            Entry::Fold(fold) => self.fold(fold, indent, text),
            Entry::Group { lead, about, lines } => {
                self.row(lead, indent, about, text);
                for line in lines.iter().rev() {
                    self.entry(line, "  ", text);
                }
            }
        }
    }

    fn row(&self, row: &Row, indent: &str, about: &str, text: &mut String) {
        _ = write!(text, "{indent}* {}{} ", row.clock, self.offset(&row.iso));
        row.sentence.iter().for_each(|stretch| push(stretch, text));
        if let Some((_, _, word)) = row.mark {
            _ = write!(text, " **{word}**");
        }
        if let Some(before) = &row.before {
            let (length, name, word) = (&before.length, code(&before.name), before.word);
            _ = write!(text, ", {length} before the deployment {name} {word}");
        }
        if !row.note.is_empty() {
            _ = write!(text, ": “{}”", escaped(&row.note));
        }
        if !about.is_empty() {
            _ = write!(text, " ({})", escaped(about));
        }
        _ = writeln!(text, " ({})", code(&row.id));
    }

    fn fold(&self, fold: &Fold, indent: &str, text: &mut String) {
        let count = format!("{}: {}, {}", fold.actor, fold.what, fold.span);
        if let Some(lead) = &fold.lead {
            self.row(lead, indent, &count, text);
            return;
        }
        let clock = fold.span.split('–').next().unwrap_or_default();
        let offset = self.offset(&fold.iso);
        _ = writeln!(text, "{indent}* {clock}{offset} {}", escaped(&count));
    }

    fn offset(&self, iso: &str) -> String {
        match (self.t0, Micros::parse(iso)) {
            (Some(t0), Ok(at)) => format!(" ({})", offset(at, t0)),
            _ => String::new(),
        }
    }
}

fn push(stretch: &Stretch, text: &mut String) {
    match stretch.kind {
        "resource" => text.push_str(&code(&stretch.text)),
        _ => text.push_str(&escaped(&stretch.text)),
    }
}

/// A text on one line that is nothing but text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            // Mentions and addresses are found behind escapes, too: nothing visible parts them.
            '@' => out.push_str("@\u{2060}"),
            c if c.is_control() => out.push(' '),
            // A full stop alone makes no markup, but `www.` and a name with a number before it do.
            c if c.is_ascii_punctuation()
                && !matches!(c, ',' | '"' | '\'' | '/' | ';' | '?' | '%' | '=') =>
            {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// A text on one line as code, whatever it holds.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (hostile, shown) in [
            (
                "[x](http://evil.example)",
                "\\[x\\]\\(http\\://evil\\.example\\)",
            ),
            ("<script>", "\\<script\\>"),
            ("![](//a)", "\\!\\[\\]\\(//a\\)"),
            ("a\n# b", "a \\# b"),
            (
                "*b* _c_ ~~d~~ | `e`",
                "\\*b\\* \\_c\\_ \\~\\~d\\~\\~ \\| \\`e\\`",
            ),
            ("&lt;", "\\&lt;"),
            ("@team", "@\u{2060}team"),
            ("www.evil.example", "www\\.evil\\.example"),
        ] {
            assert_eq!(escaped(hostile), shown);
        }
    }

    #[test]
    fn nothing_breaks_out_of_code() {
        assert_eq!(code("DATABASE_URL"), "`DATABASE_URL`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code("a\n\n# b"), "`a  # b`");
        assert_eq!(code(""), "`  `");
    }
}
