//! `GET /v1/export`: events as one file.

use std::sync::Arc;

use api::code;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use jiff::tz::TimeZone;
use ledger::export::manifest::Manifest;
use ledger::export::{Format, Kind, subtree_level};
use ledger::hash::Hash;
use ledger::tree::{CompactRange, root_plan};
use query::Filter;
use schemars::JsonSchema;
use serde::Deserialize;
use store::{LogRef, SignedHead, StoreError};

use super::feed::{Feed, Plan, not_signed};
use super::file::File;
use super::kept::{CutExport, ExportId};
use super::maker::{Finding, Maker, Rows};
use super::proofs::Prover;
use crate::auth::{Act, Caller};
use crate::http::HttpError;
use crate::http::asked::{TIME_BYTES_MAX, Texts, WhichLog, one_of};
use crate::http::extract::{Expected, Parameters};
use crate::http::json;
use crate::http::pulled::PulledBody;
use crate::server::Server;

/// Longest name of a zone in bytes.
const ZONE_BYTES_MAX: usize = 64;
/// Names the export, for its manifest.
const EXPORT: HeaderName = HeaderName::from_static("veritrail-export");
/// How many rows there will be, where that is known.
const ROWS: HeaderName = HeaderName::from_static("veritrail-export-rows");

/// Which events, and how they are written.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportParameters {
    /// The query. Without one, and without times, every entry of the log is exported.
    #[schemars(extend("maxLength" = query::limits::QUERY_BYTES_MAX, "example" = "operation:deployment.* outcome:failure"))]
    q: Option<String>,
    /// No event before this time, as `since:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "24h"))]
    since: Option<String>,
    /// No event at or after this time, as `until:` takes it.
    #[schemars(extend("maxLength" = TIME_BYTES_MAX, "example" = "2026-03-13"))]
    until: Option<String>,
    /// The first entry. Not together with a query or times.
    #[schemars(with = "Option<u64>", extend("minimum" = 0))]
    from_seq: Option<String>,
    /// The last entry. Not together with a query or times.
    #[schemars(with = "Option<u64>", extend("minimum" = 0))]
    to_seq: Option<String>,
    /// `ndjson` (by default): exact bytes that prove themselves. `csv`: readable columns.
    #[schemars(extend("enum" = ["ndjson", "csv"], "default" = "ndjson"))]
    format: Option<String>,
    /// The zone of readable times, by its name in the time zone database; UTC by default.
    #[schemars(extend("maxLength" = ZONE_BYTES_MAX, "default" = "UTC", "example" = "UTC"))]
    zone: Option<String>,
    /// `main` (by default) or `access`.
    #[schemars(extend("enum" = ["main", "access"], "default" = "main"))]
    log: Option<String>,
}

impl Expected for ExportParameters {
    const EXPECTED: &'static str = "expected no parameters but q, since, until, from_seq, to_seq, format, zone and log, each once";
}

/// What was asked, understood.
struct Asked {
    texts: Texts,
    filter: Filter,
    from_seq: Option<u64>,
    to_seq: Option<u64>,
    format: Format,
    zone: TimeZone,
    kind: Kind,
}

pub(crate) async fn export(
    State(server): State<Arc<Server>>,
    caller: Caller,
    Parameters(parameters): Parameters<ExportParameters>,
) -> Result<Response<Body>, HttpError> {
    caller.require(Act::Export)?;
    let log = caller.log_to_search(WhichLog::read(parameters.log.as_deref())?)?;
    let asked = understood(&server, &caller, &parameters)?;
    let slot = server.exports.enter(caller.tenant_id())?;
    let (head, entries) = pin(&server, log).await?;
    let range = match asked.kind {
        Kind::Filtered => None,
        Kind::Whole => Some(range(&asked, head.size)?),
    };
    let plan = plan(&server, &caller, &asked, log, head, entries).await?;
    let (plan, mut maker) = make(&server, &caller, asked, log, plan, range).await?;
    // An index that answers nothing now is told of before there is an answer to be cut.
    maker.look(&server).await?;
    server
        .record_export_started(&plan.asked, &plan.manifest)
        .await?;
    let mut response = json::text(
        StatusCode::OK,
        match plan.manifest.format {
            Format::Ndjson => "application/x-ndjson",
            Format::Csv => "text/csv; charset=utf-8; header=present",
        },
        Body::empty(),
    );
    name(&mut response, &plan, range);
    let feed = Feed::new(Arc::clone(&server), plan, maker, slot);
    *response.body_mut() = Body::new(PulledBody::new(feed));
    Ok(response)
}

fn understood(
    server: &Server,
    caller: &Caller,
    parameters: &ExportParameters,
) -> Result<Asked, HttpError> {
    let formats = [("ndjson", Format::Ndjson), ("csv", Format::Csv)];
    let format = one_of("format", parameters.format.as_deref(), &formats)?;
    let ExportParameters {
        q, since, until, ..
    } = parameters;
    let texts = Texts::new(q.clone(), since.clone(), until.clone());
    let filter = texts.filter(server.clock.wall(), caller.known_countries())?;
    let from_seq = seq("from_seq", parameters.from_seq.as_deref())?;
    let to_seq = seq("to_seq", parameters.to_seq.as_deref())?;
    let kind = if texts.is_empty() {
        Kind::Whole
    } else {
        Kind::Filtered
    };
    if kind == Kind::Filtered && (from_seq.is_some() || to_seq.is_some()) {
        let name = if from_seq.is_some() {
            "from_seq"
        } else {
            "to_seq"
        };
        let expected = "either a query and times, or a range of seqs";
        return Err(HttpError::bad_parameter(name, expected));
    }
    Ok(Asked {
        texts,
        filter,
        from_seq,
        to_seq,
        format,
        zone: zone(parameters.zone.as_deref())?,
        kind,
    })
}

fn seq(name: &'static str, sent: Option<&str>) -> Result<Option<u64>, HttpError> {
    let Some(text) = sent.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seq) if digits => Ok(Some(seq)),
        _ => Err(HttpError::bad_parameter(
            name,
            "a seq, which is a whole number from 0",
        )),
    }
}

fn zone(sent: Option<&str>) -> Result<TimeZone, HttpError> {
    let Some(name) = sent.filter(|name| !name.is_empty() && *name != "UTC") else {
        return Ok(TimeZone::UTC);
    };
    let is_name = name.len() <= ZONE_BYTES_MAX
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_+-/".contains(&byte));
    let zone = is_name.then(|| TimeZone::get(name).ok()).flatten();
    // What has no name of its own could not be told in the manifest.
    zone.filter(|zone| zone.iana_name().is_some())
        .ok_or_else(|| {
            HttpError::bad_parameter(
                "zone",
                "a name of this server's time zone database, such as UTC or Europe/Berlin",
            )
        })
}

/// The checkpoint that rows are held to, and how many entries there are. One that covers everything is waited for.
async fn pin(server: &Server, log: LogRef) -> Result<(SignedHead, u64), HttpError> {
    let entries = server.store.head(log).await?.size;
    let last = entries.saturating_sub(1);
    let newest = async || server.store.head(log).await?.signed.ok_or_else(not_signed);
    let head = match server.covering(log, last).await? {
        Some(head) => head,
        None => newest().await?,
    };
    let entries = entries.max(head.size);
    Ok((head, entries))
}

/// The range asked for, within the checkpoint: the first seq and the one behind the last.
fn range(asked: &Asked, size: u64) -> Result<(u64, u64), HttpError> {
    let first = asked.from_seq.unwrap_or(0);
    let last = asked.to_seq.unwrap_or(u64::MAX).min(size.saturating_sub(1));
    if first > last {
        let expected = "a seq of an entry that a checkpoint covers, and none above to_seq";
        return Err(HttpError::bad_parameter("from_seq", expected));
    }
    Ok((first, last + 1))
}

async fn plan(
    server: &Server,
    caller: &Caller,
    asked: &Asked,
    log: LogRef,
    head: SignedHead,
    entries: u64,
) -> Result<Plan, HttpError> {
    let id = ExportId::random(&*server.rng);
    let origin = crate::http::logs::opening(server, log).await?.origin;
    let Texts { q, since, until } = &asked.texts;
    let seqs = [asked.from_seq, asked.to_seq].map(|seq| seq.map(|seq| seq.to_string()));
    let [from_seq, to_seq] = &seqs;
    let texts = [
        ("q", q),
        ("since", since),
        ("until", until),
        ("from_seq", from_seq),
        ("to_seq", to_seq),
    ];
    let said = texts
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), text.clone()?)));
    let manifest = Manifest {
        export: id.to_string(),
        kind: asked.kind,
        format: asked.format,
        origin,
        log: log.log(),
        log_kind: log.kind(),
        tenant: log.tenant(),
        asked: said.collect(),
        query: asked.filter.to_string(),
        key: caller.key_id().to_owned(),
        owner: caller.owner().to_owned(),
        zone: asked.zone.iana_name().unwrap_or("UTC").to_owned(),
        begun_at: server.clock.wall(),
        ended_at: server.clock.wall(),
        entries,
        checkpoint: head.note.clone(),
        count: 0,
        first: None,
        last: None,
        chain: None,
        bytes: 0,
        sha256: Hash::default(),
        left: Vec::new(),
        right: Vec::new(),
        subtree_level: 0,
        subtrees: Vec::new(),
    };
    let asked = CutExport {
        id,
        standing: caller.standing(),
        log,
        destination: caller.destination(log, &server.instance),
        rows: 0,
        failed: false,
    };
    Ok(Plan {
        manifest,
        head,
        asked,
    })
}

async fn make(
    server: &Server,
    caller: &Caller,
    asked: Asked,
    log: LogRef,
    mut plan: Plan,
    range: Option<(u64, u64)>,
) -> Result<(Plan, Maker), HttpError> {
    let Asked {
        filter,
        format,
        zone,
        kind,
        ..
    } = asked;
    let size = plan.head.size;
    let Some((first, end)) = range else {
        let finding = Finding {
            filter,
            viewer: caller.viewer(),
            size,
            after: None,
            ended: false,
            ahead: None,
            prover: Prover::new(log, size),
            proves: format == Format::Ndjson,
        };
        let maker = Maker {
            log,
            file: File::new(kind, format, zone, CompactRange::new()),
            rows: Rows::Query(Box::new(finding)),
        };
        return Ok((plan, maker));
    };
    let left = server.store.nodes(log, root_plan(first).nodes()).await?;
    plan.manifest.left.clone_from(&left);
    let edge = CompactRange::from_parts(first, left)
        .map_err(|error| StoreError::engine("beginning an export", error))?;
    let mut file = File::new(kind, format, zone, edge);
    file.level = subtree_level(first, end);
    let rows = Rows::Range { next: first, end };
    Ok((plan, Maker { log, file, rows }))
}

/// Says which export it is, how many rows there will be, and how to call the file.
fn name(response: &mut Response<Body>, plan: &Plan, range: Option<(u64, u64)>) {
    let headers = response.headers_mut();
    let Manifest { export, log, .. } = &plan.manifest;
    let format = plan.manifest.format.name();
    let file = format!("attachment; filename=\"veritrail-{log}-{export}.{format}\"");
    let rows = range.map(|(first, end)| HeaderValue::from(end - first));
    headers.extend(rows.map(|rows| (ROWS, rows)));
    // Hexadecimal digits and names of ours.
    headers.extend(HeaderValue::from_str(export).map(|id| (EXPORT, id)));
    headers.extend(HeaderValue::from_str(&file).map(|file| (header::CONTENT_DISPOSITION, file)));
}

/// What exports are refused with, besides what questions are.
pub(crate) const REFUSALS: &[&str] = &[
    code::BAD_QUERY,
    code::NOT_SIGNED_YET,
    code::TOO_MANY_STREAMS,
];
