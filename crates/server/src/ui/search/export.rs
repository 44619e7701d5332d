//! `/t/{tenant}/search/export` and `…/manifest`: what a page shows as a file, and what proves it.
//!
//! Promises: the file is the API's export of the same query and times, with its record, its limits and its refusals.

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderName, Method, Response, StatusCode, header};

use super::question::Parameters;
use crate::ui::ask::{segment, with_parameters};
use crate::ui::page::guarded;
use crate::ui::problem::Refused;
use crate::ui::visit::Visit;

/// Digits of an export's name.
const NAME_DIGITS: usize = 32;
/// What of the API's answer goes to the browser.
const KEPT: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::CONTENT_DISPOSITION,
    HeaderName::from_static("veritrail-export"),
];

pub(in crate::ui) async fn show(
    visit: Visit,
    Query(parameters): Query<Parameters>,
) -> Response<Body> {
    let text = |name: &str| parameters.get(name).map_or("", String::as_str);
    let asked = [
        ("q", text("q")),
        ("since", text("since")),
        ("until", text("until")),
        ("format", text("format")),
    ];
    let file = download(&visit, &with_parameters("/v1/export", &asked), None).await;
    visit.finish(file)
}

pub(in crate::ui) async fn manifest(
    visit: Visit,
    Query(parameters): Query<Parameters>,
) -> Response<Body> {
    let name = parameters.get("export").map_or("", String::as_str);
    let manifest = async {
        let export = export_of(name).ok_or_else(Refused::not_found)?;
        let file = format!("attachment; filename=\"{export}.manifest\"");
        download(
            &visit,
            &format!("/v1/exports/{}/manifest", segment(&export)),
            Some(file),
        )
        .await
    };
    let manifest = manifest.await;
    visit.finish(manifest)
}

/// The export's name in its file's, or by itself.
fn export_of(name: &str) -> Option<String> {
    let digits = |part: &&str| {
        part.len() == NAME_DIGITS && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let mut parts = name.split(|sign: char| !sign.is_ascii_alphanumeric());
    parts.rfind(digits).map(str::to_ascii_lowercase)
}

async fn download(
    visit: &Visit,
    path: &str,
    file: Option<String>,
) -> Result<Response<Body>, Refused> {
    let answer = visit.ask().raw(Method::GET, path, Body::empty()).await?;
    let (parts, body) = answer.into_parts();
    let mut response = guarded(StatusCode::OK, "application/octet-stream", String::new());
    let headers = response.headers_mut();
    for name in KEPT {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    if let Some(file) = file.and_then(|file| file.parse().ok()) {
        headers.insert(header::CONTENT_DISPOSITION, file);
    }
    *response.body_mut() = body;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_known_by_its_file() {
        let (log, export) = ("0".repeat(32), "ab".repeat(16));
        for name in [
            export.clone(),
            format!("veritrail-{log}-{export}.ndjson"),
            format!(" {export} (1)"),
        ] {
            assert_eq!(export_of(&name), Some(export.clone()), "{name}");
        }
        for name in ["", "x", "../../v1/keys"] {
            assert_eq!(export_of(name), None);
        }
    }
}
