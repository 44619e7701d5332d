//! Reading files: of events in Veritrail's own form, of rows that a map makes events of, and of vendors.
//!
//! Promises: a file that can't be read is named and counted, and the next one is read; what of it could be read is imported.
//! The same file gives the same events under the same ids, whatever it is called; events that have an id keep it. Memory
//! holds one line, or one file where its form has no lines, up to a named limit.

use std::io;
use std::path::Path;

use connectors::noise::{Decision, Rules};
use connectors::{Delivery, Item, Unreadable, Vendor};
use ledger::hash::Hash;
use ledger::json::{self, Bounds, JsonError, Problem, Value};

use super::intake::{EVENT_BYTES_MAX, Intake};
use super::map::Map;
use super::mapped;
use super::opened::{Line, Opened, WHOLE_BYTES_MAX};
use super::preset::Preset;
use super::row::Row;
use super::state::{FileDone, Mark};
use super::walk::Walk;
use crate::failure::Failure;

/// Most items of an array that is a whole file.
const ITEMS_MAX: usize = 5_000_000;
/// Of one row: larger and deeper than an event, for a map takes what it needs of it.
const ROW: Bounds = Bounds {
    depth_max: 64,
    values_max: 200_000,
};
/// What a file is called that nobody knows.
const UNKNOWN_FORM: &str = "unknown_form";

/// What a file holds.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// Events as Veritrail takes them.
    Events,
    /// Rows as JSON.
    Rows(Box<Map>),
    /// What a vendor writes.
    Vendor(Vendor),
}

/// What is read, and how.
#[derive(Debug)]
pub(crate) struct Files {
    /// Of all files; none: seen from each.
    pub(crate) form: Option<Form>,
    /// Whether what a vendor's sources leave out is left out here too.
    pub(crate) leaves_out_noise: bool,
    /// Which.
    pub(crate) walk: Walk,
}

/// One file on its way.
struct Current<'f> {
    shown: String,
    opened: Opened,
    form: &'f Form,
    rules: Rules,
    /// Events and lines so far.
    events: u64,
    line: u64,
    /// Why something of it could not be read, the first time.
    fault: Option<(&'static str, String)>,
}

/// Why reading ends before the file does.
enum Broken {
    /// The file's fault: why, and in words.
    File(&'static str, String),
    /// Ours, or the server's: everything ends.
    Import(Failure),
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Import(failure)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof => "truncated",
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::Other => {
                "damaged"
            }
            _ => "not_readable",
        };
        Self::File(reason, format!("can not be read to its end: {error}"))
    }
}

impl Files {
    /// Reads every file.
    pub(crate) fn read(&self, intake: &mut Intake<'_>) -> Result<(), Failure> {
        for (path, why) in &self.walk.unreachable {
            intake.file_broken("not_readable", &path.display().to_string(), why);
        }
        for path in &self.walk.others {
            intake.file_left_out(&path.display().to_string());
        }
        let mut before = 0;
        for path in &self.walk.files {
            if intake.stop().is_asked() {
                break;
            }
            let shown = path.display().to_string();
            match self.read_file(path, &shown, before, intake) {
                Ok(size) => before += size,
                Err(Broken::File(reason, words)) => {
                    intake.file_broken(reason, &shown, &words);
                    before += std::fs::metadata(path).map_or(0, |found| found.len());
                }
                Err(Broken::Import(failure)) => return Err(failure),
            }
        }
        Ok(())
    }

    /// Reads one file; answers its length on the disk.
    fn read_file(
        &self,
        path: &Path,
        shown: &str,
        before: u64,
        intake: &mut Intake<'_>,
    ) -> Result<u64, Broken> {
        let mut opened = Opened::open(path)?;
        let done = intake.state().and_then(|state| state.file(shown)).cloned();
        let (mut events, mut was_finished) = (0, false);
        if let Some(done) = done {
            // The same bytes up to there: what is behind them is new.
            if opened.pass_over(done.bytes)? && opened.digest() == done.digest {
                (events, was_finished) = (done.events, done.finished);
            } else {
                opened = Opened::open(path)?;
            }
        }
        let is_fresh = opened.bytes == 0;
        let known;
        let form = match &self.form {
            Some(form) => form,
            None if opened.head.trim_ascii().is_empty() => &Form::Events,
            None => {
                known = seen(&opened.head)?;
                &known
            }
        };
        let rules = match form {
            Form::Vendor(vendor) if self.leaves_out_noise => Rules::of_vendor(*vendor),
            _ => Rules::none(),
        };
        let is_whole = is_fresh && has_no_lines(&opened.head);
        let mut file = Current {
            shown: shown.to_owned(),
            opened,
            form,
            rules,
            events,
            line: 0,
            fault: None,
        };
        let is_read = if is_whole {
            file.whole(intake)?
        } else {
            file.lines(before, self.walk.bytes, intake)?
        };
        if !is_read {
            return Ok(0);
        }
        let size = file.opened.size;
        match file.fault.take() {
            Some((reason, words)) => intake.file_broken(reason, shown, &words),
            // Done by an earlier run, and counted then.
            None if was_finished && file.line == 0 => {}
            None => intake.file_done(),
        }
        if path != Path::new("-") {
            intake.passed(file.mark(true));
        }
        intake.tell(before + size, self.walk.bytes);
        Ok(size)
    }
}

impl Current<'_> {
    fn mark(&self, finished: bool) -> Mark {
        Mark::File {
            path: self.shown.clone(),
            done: FileDone {
                size: self.opened.size,
                bytes: self.opened.bytes,
                events: self.events,
                finished,
                digest: self.opened.digest(),
            },
        }
    }

    /// Reads line by line. Whether it came to the end.
    fn lines(&mut self, before: u64, total: u64, intake: &mut Intake<'_>) -> Result<bool, Broken> {
        let most = match self.form {
            Form::Vendor(_) => usize::try_from(WHOLE_BYTES_MAX).unwrap_or(usize::MAX),
            Form::Events | Form::Rows(_) => EVENT_BYTES_MAX,
        };
        let mut line = Vec::new();
        while !intake.stop().is_asked() {
            let offset = self.opened.bytes;
            match self.opened.line(&mut line, most)? {
                Line::End => return Ok(true),
                Line::TooLong => {
                    self.line += 1;
                    self.unreadable("too_large", b"", intake)?;
                }
                Line::Whole => {
                    self.line += 1;
                    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&line);
                    if !text.trim_ascii().is_empty() {
                        self.piece(text, offset, intake)?;
                    }
                }
            }
            let Self { opened, .. } = &*self;
            intake.tell(before + opened.taken(), total);
            if self.shown != "-" {
                intake.reached(|| self.mark(false))?;
            }
        }
        Ok(false)
    }

    /// Reads a file that has no lines. Whether it came to the end.
    fn whole(&mut self, intake: &mut Intake<'_>) -> Result<bool, Broken> {
        let Some(text) = self.opened.rest()? else {
            let words = format!(
                "longer than {WHOLE_BYTES_MAX} bytes, and of a form that has to be read whole"
            );
            return Err(Broken::File("too_large", words));
        };
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        if matches!(self.form, Form::Vendor(_)) || !text.trim_ascii_start().starts_with(b"[") {
            self.line = 1;
            self.piece(text, 0, intake)?;
            return Ok(true);
        }
        let items = json::split_array(text, ITEMS_MAX)
            .map_err(|error| Broken::File(reason_of(&error), format!("no JSON array: {error}")))?;
        if items.len() > ITEMS_MAX {
            return Err(Broken::File(
                "too_large",
                format!("more than {ITEMS_MAX} items"),
            ));
        }
        for item in items {
            if intake.stop().is_asked() {
                return Ok(false);
            }
            self.line += 1;
            self.piece(item.text, item.offset as u64, intake)?;
        }
        Ok(true)
    }

    /// Makes events of one line, item or file, which begins at `offset`.
    fn piece(&mut self, text: &[u8], offset: u64, intake: &mut Intake<'_>) -> Result<(), Broken> {
        match self.form {
            Form::Events => match own_event(text, offset) {
                Ok(event) => self.event(&event, intake),
                Err(reason) => self.unreadable(reason, text, intake),
            },
            Form::Rows(map) => match mapped_row(map, text) {
                Ok(event) => self.event(&event, intake),
                Err(reason) => self.unreadable(reason, text, intake),
            },
            Form::Vendor(vendor) => self.delivery(*vendor, text, intake),
        }
    }

    fn delivery(
        &mut self,
        vendor: Vendor,
        text: &[u8],
        intake: &mut Intake<'_>,
    ) -> Result<(), Broken> {
        let reading = match vendor.read(&Delivery::file(text)) {
            Ok(reading) => reading,
            Err(Unreadable::Json(error)) => {
                return self.unreadable(reason_of(&error), text, intake);
            }
            Err(Unreadable::Shape { .. }) => return self.unreadable("wrong_shape", text, intake),
            Err(Unreadable::Header { .. }) => return self.unreadable("no_header", text, intake),
            Err(_) => return self.unreadable("too_large", b"", intake),
        };
        for item in reading.items {
            match item {
                Item::Event(event) => match self.rules.decide(&event) {
                    Decision::Keep => self.event(&event.to_value().to_compact(), intake)?,
                    Decision::LeaveOut { rule } => intake.excluded(rule),
                },
                Item::Passed { rule } => intake.excluded(rule),
                Item::Refused(refusal) => {
                    let place = format!(
                        "{} line {} item {}: expected {}",
                        self.shown, self.line, refusal.index, refusal.expected
                    );
                    intake.unreadable(refusal.rule, &place, b"")?;
                }
            }
        }
        Ok(())
    }

    fn event(&mut self, event: &str, intake: &mut Intake<'_>) -> Result<(), Broken> {
        self.events += 1;
        Ok(intake.event(event, &self.place())?)
    }

    fn unreadable(
        &mut self,
        reason: &'static str,
        text: &[u8],
        intake: &mut Intake<'_>,
    ) -> Result<(), Broken> {
        let place = self.place();
        let words = format!(
            "something in it can not be read, first at line {} ({reason})",
            self.line
        );
        self.fault.get_or_insert((reason, words));
        Ok(intake.unreadable(reason, &place, text)?)
    }

    fn place(&self) -> String {
        format!("{} line {}", self.shown, self.line)
    }
}

/// An event of our own form, in one line. One without an id gets one that is made of what it says and where it stands: the
/// same file again adds nothing.
fn own_event(text: &[u8], offset: u64) -> Result<String, &'static str> {
    let value = json::parse(text).map_err(|error| reason_of(&error))?;
    let Value::Object(mut members) = value else {
        return Err("no_object");
    };
    if members.iter().any(|(name, _)| name == "id") {
        // As it stands, where it is one line.
        let text = str::from_utf8(text).map_err(|_| "not_utf8")?.trim();
        if !text.contains(['\n', '\r']) {
            return Ok(text.to_owned());
        }
    } else {
        let mut bytes = offset.to_be_bytes().to_vec();
        bytes.extend_from_slice(text.trim_ascii());
        let digest = Hash::of(&bytes).to_hex();
        let id = format!("import-{}", digest.get(..40).unwrap_or_default());
        members.insert(0, ("id".into(), Value::string(id)));
    }
    Ok(Value::Object(members).to_compact())
}

/// An event made of a row in JSON: its columns are the members, and `doc` the whole.
fn mapped_row(map: &Map, text: &[u8]) -> Result<String, &'static str> {
    let value = json::parse_within(text, ROW).map_err(|error| reason_of(&error))?;
    let Value::Object(members) = &value else {
        return Err("no_object");
    };
    let mut row = Row::default();
    for (name, member) in members {
        let inner = match member {
            Value::String(text) if map.parsed.contains(name.as_ref()) => {
                json::parse_within(text.as_bytes(), ROW)
                    .ok()
                    .map(Value::into_owned)
            }
            _ => None,
        };
        row.put(name.clone(), inner.unwrap_or_else(|| member.clone()));
    }
    if row.column("doc").is_none() {
        row.put("doc", value.clone());
    }
    mapped::event(map, &row)
}

fn reason_of(error: &JsonError) -> &'static str {
    match error.problem {
        Problem::NotUtf8 => "not_utf8",
        Problem::TooDeep(_) | Problem::TooManyValues(_) => "too_large",
        _ => "bad_json",
    }
}

/// Whether a file is one value over many lines, and not one value a line.
fn has_no_lines(head: &[u8]) -> bool {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    if text.starts_with(b"[") {
        return true;
    }
    let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
        return false;
    };
    let (first, rest) = text.split_at(end);
    // A first line that is closed but broken is one of many, and does not spoil them.
    let is_closed = first.trim_ascii_end().ends_with(b"}");
    text.starts_with(b"{") && !rest.trim_ascii().is_empty() && !is_closed
}

/// What a file holds, by its first bytes.
fn seen(head: &[u8]) -> Result<Form, Broken> {
    let has = |name: &str| {
        let quoted = format!("\"{name}\"");
        head.windows(quoted.len())
            .any(|window| window == quoted.as_bytes())
    };
    let head_text = String::from_utf8_lossy(head);
    let first = head_text.trim_start_matches('\u{feff}').trim_start();
    let vendor = if has("eventSource") && has("eventName") && has("eventVersion") {
        Some(Vendor::Cloudtrail)
    } else if head_text.contains("audit.k8s.io/") && (has("auditID") || has("EventList")) {
        Some(Vendor::Kubernetes)
    } else if has("specversion") && has("source") {
        Some(Vendor::Cloudevents)
    } else {
        None
    };
    // An event of ours may hold any of these words; its own first members decide.
    let ours = first_members(first);
    let is_ours = |name: &str| ours.iter().any(|known| known == name);
    if (is_ours("operation") || is_ours("action"))
        && is_ours("actor")
        && !is_ours("crud")
        && !is_ours("canonical_time")
    {
        return Ok(Form::Events);
    }
    if is_ours("action") && (is_ours("crud") || is_ours("canonical_time") || is_ours("is_failure"))
    {
        let map = Preset::Retraced.map().map_err(Broken::Import)?;
        return Ok(Form::Rows(Box::new(map)));
    }
    match vendor {
        Some(vendor) => Ok(Form::Vendor(vendor)),
        None if std::str::from_utf8(head).is_err_and(|error| error.error_len().is_some()) => {
            Err(Broken::File("not_utf8", "not UTF-8".to_owned()))
        }
        None => Err(Broken::File(
            UNKNOWN_FORM,
            "of no form that is known by its look; --format names one".to_owned(),
        )),
    }
}

/// Names of the members of the first object, as far as the text goes: it may be cut anywhere.
fn first_members(text: &str) -> Vec<String> {
    let text = text.strip_prefix('[').unwrap_or(text).trim_start();
    let (mut names, mut depth, mut is_name) = (Vec::new(), 0_usize, false);
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let mut end = at + 1;
                while let Some((place, byte)) = bytes.next() {
                    end = place;
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
                if std::mem::take(&mut is_name) {
                    names.extend(text.get(at + 1..end).map(str::to_owned));
                }
            }
            b'{' | b'[' => {
                depth += 1;
                is_name = depth == 1 && byte == b'{';
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b',' => is_name = depth == 1,
            _ if depth == 0 && !byte.is_ascii_whitespace() => break,
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(head: &str) -> String {
        match seen(head.as_bytes()) {
            Ok(Form::Events) => "events".to_owned(),
            Ok(Form::Rows(map)) => map.name,
            Ok(Form::Vendor(vendor)) => vendor.to_string(),
            Err(Broken::File(reason, _)) => reason.to_owned(),
            Err(Broken::Import(failure)) => failure.message,
        }
    }

    #[test]
    fn files_are_known_by_their_look() {
        for (head, expected) in [
            (
                "{\"operation\":\"a.b\",\"actor\":{},\"metadata\":{\"eventSource\":1,\"eventName\":1,\"eventVersion\":1}}\n",
                "events",
            ),
            ("[{\"action\":\"a.b\",\"actor\":{\"id\":1}},", "events"),
            (
                "{\"Records\":[{\"eventVersion\":\"1\",\"eventName\":\"x\",\"eventSource\":\"y\"}]}",
                "cloudtrail",
            ),
            (
                "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"items\":[",
                "kubernetes",
            ),
            ("{\"specversion\":\"1.0\",\"source\":\"x\"}", "cloudevents"),
            ("{\"action\":\"a\",\"actor\":{},\"crud\":\"c\"}", "retraced"),
            (
                "{\"id\":\"\\\"x\",\"operation\":\"a.b\",\"actor\":{},\"metadata\":{\"long\":\"cut he",
                "events",
            ),
            ("{\"metadata\":{\"operation\":1,\"actor\":2}}", UNKNOWN_FORM),
            ("plain text\n", UNKNOWN_FORM),
            ("{}", UNKNOWN_FORM),
        ] {
            assert_eq!(form(head), expected, "{head}");
        }
    }

    #[test]
    fn lines_are_told_from_one_value_over_many() {
        for (head, expected) in [
            ("{\"a\":1}\n{\"a\":2}\n", false),
            ("{\"a\":}\n{\"a\":2}\n", false),
            ("{\n  \"a\": 1\n}\n", true),
            ("{\"Records\": [\n{}\n]}", true),
            (" [1]", true),
            ("{\"Records\":[{}]}", false),
            ("", false),
        ] {
            assert_eq!(has_no_lines(head.as_bytes()), expected, "{head}");
        }
    }

    #[test]
    fn events_keep_their_id_and_get_one_that_stays() {
        let kept = "{\"id\":\"e\", \"x\": 1.0}";
        assert_eq!(own_event(kept.as_bytes(), 0).unwrap(), kept);
        let made = own_event(b"{ \"x\": 1.0 }", 7).unwrap();
        assert_eq!(made, own_event(b"{ \"x\": 1.0 }\n", 7).unwrap());
        assert_ne!(made, own_event(b"{ \"x\": 1.0 }", 8).unwrap());
        assert!(
            made.starts_with("{\"id\":\"import-") && made.ends_with("\",\"x\":1.0}"),
            "{made}"
        );
        for (text, reason) in [
            (&b"{"[..], "bad_json"),
            (b"{\"a\":\"\xff\"}", "not_utf8"),
            (b"[1]", "no_object"),
            (b"{\"a\":1,\"a\":2}", "bad_json"),
            ("[".repeat(100).as_bytes(), "too_large"),
        ] {
            assert_eq!(own_event(text, 0), Err(reason));
        }
    }
}
