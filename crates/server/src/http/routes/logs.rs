//! Routes of logs.

use api::code;
use serde_json::json;

use super::{RECORDED, log_id};
use crate::auth::Act;
use crate::http::route::{Content, Parameter, Route, json, makes, reads};
use crate::http::{health, logs};

const TEXT: &str = "text/plain; charset=utf-8";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = of_service();
    routes.extend(of_care());
    routes
}

fn of_care() -> Vec<Route> {
    const JSON: &str = "application/json";
    vec![
        reads("/v1/health", health::show::show)
            .named(
                "health",
                "How the server is doing",
                "Writing, signing, searching, and the places outside that take anchors. Admins see the disk, operators \
                 figures of all tenants together.",
            )
            .needs(Act::ListLogs)
            .answers(200, "How it is doing.", JSON, json::<api::Health>()),
        makes("/v1/logs/{log}/verify", logs::verify::begin)
            .named(
                "verify_log",
                "Have the server check a log",
                "Every entry is hashed again, the root rebuilt and held against the signed checkpoint, parts against the \
                 digests in their entries. Answers at once; one log at a time. The server checks itself: whoever does not \
                 trust it runs `veritrail verify`.",
            )
            .needs(Act::TakeProofs)
            .segment(log_id())
            .answers(202, "It has begun, or was going on already.", JSON, json::<api::Verification>())
            .refuses(&[code::NOT_SIGNED_YET]),
        reads("/v1/logs/{log}/verify", logs::verify::show)
            .named(
                "show_log_verification",
                "How the last check of a log went",
                "How far it is while it runs. The result is an event, too: `veritrail.log.verified`.",
            )
            .needs(Act::TakeProofs)
            .segment(log_id())
            .answers(200, "The check.", JSON, json::<api::Verification>()),
    ]
}

fn of_service() -> Vec<Route> {
    vec![
        reads("/v1/logs", logs::list::list)
            .named("list_logs", "List logs", "The logs that the key may look at.")
            .needs(Act::ListLogs)
            .answers(200, "The logs.", "application/json", json::<api::Logs>()),
        reads("/v1/logs/{log}/checkpoint", logs::checkpoint::checkpoint)
            .named(
                "log_checkpoint",
                "The newest checkpoint of a log",
                "A C2SP signed note with the log's size and root.",
            )
            .needs(Act::TakeProofs)
            .segment(log_id())
            .answers(200, "The signed note.", TEXT, Content::Text)
            .refuses(RECORDED)
            .refuses(&[code::NOT_SIGNED_YET]),
        reads("/v1/logs/{log}/vkey", logs::vkey::vkey)
            .named(
                "log_vkey",
                "The key that verifies a log's checkpoints",
                "As C2SP writes it. Who verifies should have it from elsewhere.",
            )
            .needs(Act::TakeProofs)
            .segment(log_id())
            .answers(200, "The verifier key, a line.", TEXT, Content::Text),
        reads("/v1/logs/{log}/tile/{*path}", logs::tile::tile)
            .named(
                "log_tile",
                "A tile or entry bundle of a log",
                "Up to the signed size, as C2SP tlog-tiles has it. A tile never changes.",
            )
            .needs(Act::TakeProofs)
            .segment(log_id())
            .segment(Parameter {
                name: "path",
                description: "`<level>/<index>` or `entries/<index>`, with `.p/<width>` if partial. Slashes may stand as \
                              they are.",
                schema: json!({"type": "string", "pattern": "^([0-7]|entries)/(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$"}),
                example: "entries/000.p/1",
            })
            .answers(200, "The tile.", "application/octet-stream", Content::Bytes)
            .refuses(RECORDED),
    ]
}
