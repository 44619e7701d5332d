//! Style sheet, scripts and icon: built in, served under a name that changes with them.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use ledger::name::to_hex;
use sha2::{Digest, Sha256};

/// Name, media type, bytes.
type Asset = (&'static str, &'static str, &'static [u8]);

const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// Every asset.
const ASSETS: &[Asset] = &[
    ("app.css", CSS, include_bytes!("../../assets/app.css")),
    ("app.js", JS, include_bytes!("../../assets/app.js")),
    ("brush.js", JS, include_bytes!("../../assets/brush.js")),
    (
        "timeline.js",
        JS,
        include_bytes!("../../assets/timeline.js"),
    ),
    (
        "complete.js",
        JS,
        include_bytes!("../../assets/complete.js"),
    ),
    ("live.js", JS, include_bytes!("../../assets/live.js")),
    ("search.js", JS, include_bytes!("../../assets/search.js")),
    ("bytes.js", JS, include_bytes!("../../assets/bytes.js")),
    ("entry.js", JS, include_bytes!("../../assets/entry.js")),
    ("event.js", JS, include_bytes!("../../assets/event.js")),
    ("fault.js", JS, include_bytes!("../../assets/fault.js")),
    ("json.js", JS, include_bytes!("../../assets/json.js")),
    ("memory.js", JS, include_bytes!("../../assets/memory.js")),
    ("merkle.js", JS, include_bytes!("../../assets/merkle.js")),
    ("note.js", JS, include_bytes!("../../assets/note.js")),
    ("proof.js", JS, include_bytes!("../../assets/proof.js")),
    ("reading.js", JS, include_bytes!("../../assets/reading.js")),
    ("shown.js", JS, include_bytes!("../../assets/shown.js")),
    ("tiles.js", JS, include_bytes!("../../assets/tiles.js")),
    (
        "tlog_proof.js",
        JS,
        include_bytes!("../../assets/tlog_proof.js"),
    ),
    ("health.js", JS, include_bytes!("../../assets/health.js")),
    (
        "icon.svg",
        "image/svg+xml",
        include_bytes!("../../assets/icon.svg"),
    ),
];

/// One name for all of them together, since modules name each other without it.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut all = Sha256::new();
    for (name, _, bytes) in ASSETS {
        all.update(name.as_bytes());
        all.update(bytes);
    }
    let digest: [u8; 32] = all.finalize().into();
    to_hex(&digest[..8])
});

/// Each asset compressed, in the order of the table.
static COMPRESSED: LazyLock<Vec<Vec<u8>>> =
    LazyLock::new(|| ASSETS.iter().map(|(_, _, bytes)| compress(bytes)).collect());

fn compress(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing to memory can't fail; an empty answer is never taken for a compressed asset.
    _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// What stands in pages before an asset's name.
pub(super) fn base() -> String {
    format!("/assets/{}/", *VERSION)
}

/// The icon, where browsers ask for it that were told of none.
pub(super) async fn icon(headers: HeaderMap) -> Response<Body> {
    show(Path((String::new(), "icon.svg".to_owned())), headers).await
}

/// One asset. Under another version's name it is served, too, but not to be kept: a page of the server before an upgrade
/// asks for it.
pub(super) async fn show(
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(index) = ASSETS.iter().position(|(known, ..)| *known == name) else {
        return super::page::guarded(
            StatusCode::NOT_FOUND,
            "text/plain; charset=utf-8",
            String::new(),
        );
    };
    let (_, media_type, bytes) = ASSETS[index];
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let compressed = accepted.contains("gzip") && !COMPRESSED[index].is_empty();
    let body = if compressed {
        &COMPRESSED[index]
    } else {
        bytes
    };
    let mut response = Response::new(Body::from(body));
    let kept = if version == *VERSION {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let fields = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, kept),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::VARY, "Accept-Encoding"),
    ];
    for (name, value) in fields {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    if compressed {
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}
