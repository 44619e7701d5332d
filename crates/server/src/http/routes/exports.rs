//! Routes of exports.

use serde_json::json;

use super::{ASKED, RECORDED};
use crate::auth::Act;
use crate::http::exports::{begin, manifest};
use crate::http::route::{Content, Parameter, Route, reads};

pub(super) fn routes() -> Vec<Route> {
    vec![export_events(), export_manifest()]
}

fn export_events() -> Route {
    reads("/v1/export", begin::export)
        .named(
            "export_events",
            "Export events",
            "Events as one file. Without a query every entry of the log, or of a range of it, by seq: together with the \
             manifest it proves that these are all. With a query what it finds, oldest first, each line with its inclusion \
             proof: it proves that these are genuine, and can't prove that none is missing. Held to one signed checkpoint, \
             for which up to five seconds are waited. A transfer that is cut is no export and has no manifest. Begin and \
             end are recorded in the tenant's access log.",
        )
        .needs(Act::Export)
        .query::<begin::ExportParameters>()
        .answer(
            200,
            "The file.",
            vec![
                ("application/x-ndjson", Content::Text),
                ("text/csv; charset=utf-8; header=present", Content::Text),
            ],
        )
        .tells("Veritrail-Export", "The export's id; its manifest is there when the body has ended.")
        .tells("Veritrail-Export-Rows", "How many rows there will be, where that is known.")
        .tells("Content-Disposition", "A name for the file.")
        .refuses(RECORDED)
        .refuses(ASKED)
        .refuses(begin::REFUSALS)
}

fn export_manifest() -> Route {
    reads("/v1/exports/{id}/manifest", manifest::manifest)
        .named(
            "export_manifest",
            "The manifest of an export",
            "A C2SP signed note whose text begins with `veritrail/export/1`, signed by the log's key: what was asked, by whom, \
             the checkpoint, count, range, length and hash of the file. Kept for a day after the export ended, in memory.",
        )
        .needs(Act::Export)
        .segment(Parameter {
            name: "id",
            description: "The export's id, as `Veritrail-Export` said.",
            schema: json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
            example: "b44d9e52ff24fdc3de0a940c9dfda3d0",
        })
        .answers(200, "The signed note.", "text/plain; charset=utf-8", Content::Text)
}
