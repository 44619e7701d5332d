//! The same question for other ways in: as a file, as a call of the API, as a command.
//!
//! Promises: what is shown can be pasted into a POSIX shell as it stands, whatever the query holds.

use super::question::Question;

/// Ways to take the same question elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Commands {
    /// Files: what they are called, and where they are. Empty where the viewer may take none.
    pub(super) files: Vec<(&'static str, String)>,
    /// Where a file's manifest is asked for.
    pub(super) api: String,
    pub(super) cli: String,
    /// The command that exports; empty where the viewer may not.
    pub(super) export: String,
}

impl Commands {
    pub(super) fn new(question: &Question, may_export: bool) -> Self {
        let [(_, q), (_, since), (_, until)] = question.parameters();
        let of = |format: &str| question.at("export", &[("format", format)]);
        let order = if question.oldest_first {
            " -d order=oldest"
        } else {
            ""
        };
        let data = if q.is_empty() {
            String::new()
        } else {
            format!(" --data-urlencode {}", quoted(&format!("q={q}")))
        };
        let order_flag = if question.oldest_first {
            " --order oldest"
        } else {
            ""
        };
        // What begins with a `-` is a flag to a command, in quotes too.
        let query = if q.is_empty() {
            String::new()
        } else {
            format!(" -- {}", quoted(&q))
        };
        let files = [("NDJSON", of("ndjson")), ("CSV", of("csv"))];
        let export =
            format!("veritrail export --since {since} --until {until} -o events.ndjson{query}");
        Self {
            files: files.into_iter().filter(|_| may_export).collect(),
            api: format!(
                "curl -G -H \"Authorization: Bearer $VERITRAIL_KEY\" $VERITRAIL_URL/v1/events{data} -d since={since} -d until={until}{order}"
            ),
            cli: format!(
                "veritrail list --since {since} --until {until}{order_flag} --limit 50{query}"
            ),
            export: if may_export { export } else { String::new() },
        }
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_query_ends_its_quotes() {
        assert_eq!(
            quoted("it's; rm -rf $HOME `x` \"y\""),
            "'it'\\''s; rm -rf $HOME `x` \"y\"'"
        );
    }
}
