//! The answers to `POST /v1/events`, written by hand into one text: half a million receipts a minute leave this way.
//!
//! Promises: what is written reads into [`api::BatchAnswer`] and [`api::Outcome`]; a test holds it.

use std::collections::BTreeMap;
use std::fmt::Write;

use api::code;
use ledger::entry::{Entry, Kind, Opening};
use ledger::json::write_string;
use ledger::seal::Head;
use ledger::time::Micros;
use ledger::warning::Warning;
use store::{LogRef, Outcome, Receipt, Record};

use super::covered::{self, Covered};
use super::request::Request;
use super::withhold::elide_tags;
use crate::http::HttpError;
use crate::server::Server;

/// What the store said of the events it was given, in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Accepted<'a> {
    /// What became of each.
    pub(super) outcomes: &'a [Outcome],
    /// The remarks on each.
    pub(super) warnings: &'a [Vec<Warning>],
    /// What else was asked for.
    pub(super) extras: &'a Extras,
}

/// What a producer may ask for with its receipts.
#[derive(Debug)]
pub(super) struct Extras {
    elided: bool,
    records: BTreeMap<u64, Record>,
    covered: Option<Covered>,
}

impl Extras {
    /// Nothing more. `elided` for keys that may not read: mask tags would tell them what is equal.
    pub(super) fn none(elided: bool) -> Self {
        Self {
            elided,
            records: BTreeMap::new(),
            covered: None,
        }
    }

    /// Reads what was asked for. The events are stored whatever happens here, so a failure leaves the extras out.
    pub(super) async fn gather(
        &mut self,
        server: &Server,
        log: LogRef,
        outcomes: &[Outcome],
        wait: bool,
        entries: bool,
    ) {
        let receipts = outcomes.iter().filter_map(Outcome::receipt);
        let seqs: Vec<u64> = receipts.map(|receipt| receipt.seq).collect();
        if entries {
            match covered::records(server, log, &seqs).await {
                Ok(records) => self.records = records,
                Err(error) => tracing::warn!(%error, "entries were left out of receipts"),
            }
        }
        if wait {
            match covered::prove(server, log, &seqs).await {
                Ok(covered) => self.covered = Some(covered),
                Err(error) => tracing::warn!(%error, "proofs were left out of receipts"),
            }
        }
    }
}

/// The refusal of an event whose id is known with other content.
pub(super) fn conflict() -> HttpError {
    HttpError::new(
        code::CONFLICT,
        "expected an id that this source has not used, or the same event as before",
    )
    .at("/id")
}

/// The answer to one object that was stored, now or before.
pub(super) fn single(accepted: &Accepted<'_>) -> String {
    let mut out = String::with_capacity(512);
    out.push('{');
    push_accepted(&mut out, accepted, 0, &mut Times::default());
    out.push('}');
    out
}

/// The answer to an array or lines.
pub(super) fn batch(items: &[Result<(), HttpError>], accepted: &Accepted<'_>) -> String {
    let mut counts = [0_u64; 3];
    let mut results = String::with_capacity(items.len() * 288 + 64);
    let mut times = Times::default();
    let mut next = 0;
    for (index, item) in items.iter().enumerate() {
        push_index(&mut results, index);
        counts[match item {
            Ok(()) => {
                next += 1;
                push_accepted(&mut results, accepted, next - 1, &mut times)
            }
            Err(error) => {
                push_refused(&mut results, "refused", error);
                2
            }
        }] += 1;
        results.push('}');
    }
    finish(counts, &results)
}

/// The answer to a dry run.
pub(super) fn previews(request: &Request, log: LogRef, now: Micros, elided: bool) -> String {
    let mut sealer = Head::new(log.log());
    sealer.open(&Opening {
        log: log.log(),
        kind: Kind::Main,
        tenant: log.tenant(),
        origin: String::new(),
        vkey: String::new(),
        recorded_at: now,
        predecessor: None,
    });
    let mut events = request.events.iter();
    let mut push = |out: &mut String| {
        let Some(event) = events.next() else { return };
        let sealed = sealer.seal(event, now);
        let Ok(entry) = Entry::parse(&sealed.entry) else {
            return;
        };
        out.push_str("\"status\":\"dry_run\",\"id\":");
        write_string(entry.id, out);
        out.push_str(",\"operation\":");
        write_string(entry.operation, out);
        out.push_str(",\"flags\":[");
        for (index, flag) in entry.flags.iter().enumerate() {
            comma(out, index);
            write_string(flag, out);
        }
        out.push(']');
        push_warnings(out, &event.warnings);
        for (name, part) in [("person", &event.person), ("details", &event.details)] {
            push_text(
                out,
                name,
                part.as_ref().map(|part| part.bytes.as_slice()),
                elided,
            );
        }
    };
    if request.single {
        let mut out = String::from("{");
        push(&mut out);
        out.push('}');
        return out;
    }
    let mut counts = [0_u64; 3];
    let mut results = String::new();
    for (index, item) in request.items.iter().enumerate() {
        push_index(&mut results, index);
        match item {
            Ok(()) => push(&mut results),
            Err(error) => push_refused(&mut results, "refused", error),
        }
        counts[if item.is_ok() { 0 } else { 2 }] += 1;
        results.push('}');
    }
    finish(counts, &results)
}

fn finish([stored, repeated, refused]: [u64; 3], results: &str) -> String {
    let mut out = String::with_capacity(results.len() + 96);
    _ = write!(
        out,
        "{{\"stored\":{stored},\"repeated\":{repeated},\"refused\":{refused},\"results\":["
    );
    out.push_str(results);
    out.push_str("]}");
    out
}

fn push_index(out: &mut String, index: usize) {
    comma(out, index);
    _ = write!(out, "{{\"index\":{index},");
}

/// Writes the members of one outcome; answers where it is counted.
fn push_accepted(out: &mut String, accepted: &Accepted<'_>, at: usize, times: &mut Times) -> usize {
    let warnings = accepted.warnings.get(at).map_or(&[][..], Vec::as_slice);
    let (status, receipt, place) = match accepted.outcomes.get(at) {
        Some(Outcome::Stored(receipt)) => ("stored", receipt, 0),
        Some(Outcome::Repeated(receipt)) => ("repeated", receipt, 1),
        _ => {
            push_refused(out, "conflict", &conflict());
            return 2;
        }
    };
    let Receipt {
        log,
        seq,
        id,
        leaf,
        recorded_at,
    } = receipt;
    _ = write!(out, "\"status\":\"{status}\",\"id\":");
    write_string(id, out);
    _ = write!(out, ",\"log\":\"{log}\",\"seq\":{seq},\"leaf_hash\":\"");
    push_hex(out, &leaf.0);
    out.push_str("\",\"recorded_at\":\"");
    out.push_str(times.text(*recorded_at));
    out.push('"');
    push_warnings(out, warnings);
    push_extras(out, accepted.extras, *seq);
    place
}

fn push_extras(out: &mut String, extras: &Extras, seq: u64) {
    if let Some(record) = extras.records.get(&seq) {
        push_text(out, "entry", Some(&record.entry), false);
        push_text(out, "person", record.person.as_deref(), extras.elided);
        push_text(out, "details", record.details.as_deref(), extras.elided);
    }
    let Some(covered) = &extras.covered else {
        return;
    };
    let Some(hashes) = covered.hashes(seq) else {
        return;
    };
    out.push_str(",\"checkpoint\":");
    write_string(covered.note(), out);
    out.push_str(",\"proof\":[");
    for (index, hash) in covered::base64_of(hashes).enumerate() {
        comma(out, index);
        write_string(&hash, out);
    }
    out.push(']');
    if let Ok(text) = covered.tlog_proof(seq, None) {
        out.push_str(",\"tlog_proof\":");
        write_string(&text, out);
    }
}

fn push_text(out: &mut String, name: &str, bytes: Option<&[u8]>, elided: bool) {
    // Entries and parts are UTF-8 by construction; anything else is found by verification, not here.
    let Some(text) = bytes.and_then(|bytes| str::from_utf8(bytes).ok()) else {
        return;
    };
    _ = write!(out, ",\"{name}\":");
    if elided {
        write_string(&elide_tags(text), out);
    } else {
        write_string(text, out);
    }
}

fn push_warnings(out: &mut String, warnings: &[Warning]) {
    out.push_str(",\"warnings\":[");
    for (index, warning) in warnings.iter().enumerate() {
        comma(out, index);
        _ = write!(out, "{{\"code\":\"{}\",\"pointer\":", warning.code);
        write_string(&warning.pointer, out);
        out.push_str(",\"detail\":");
        write_string(&warning.detail, out);
        out.push('}');
    }
    out.push(']');
}

fn push_refused(out: &mut String, status: &str, error: &HttpError) {
    // A problem is plain strings and numbers: it always serialises.
    let problem = serde_json::to_string(error.problem()).unwrap_or_default();
    _ = write!(out, "\"status\":\"{status}\",\"error\":{problem}");
}

fn comma(out: &mut String, index: usize) {
    if index > 0 {
        out.push(',');
    }
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The text of the time last asked for: neighbours share theirs.
#[derive(Default)]
struct Times {
    at: Option<Micros>,
    text: String,
}

impl Times {
    fn text(&mut self, at: Micros) -> &str {
        if self.at != Some(at) {
            self.at = Some(at);
            self.text = at.to_string();
        }
        &self.text
    }
}
