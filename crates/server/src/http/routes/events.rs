//! Routes of events.

use api::code;
use ledger::limits::{
    BATCH_BYTES_MAX, BATCH_EVENTS_MAX, IDEMPOTENCY_KEY_BYTES_MAX, JSON_DEPTH_MAX,
};
use serde_json::json;

use super::{ASKED, RECORDED, UNACCEPTABLE, UNREADABLE, WRITING, codes, event_id};
use crate::auth::Act;
use crate::http::events::{append, find, list, prove, show, stream};
use crate::http::route::{Content, Parameter, Route, json, makes, reads};

pub(super) fn routes() -> Vec<Route> {
    vec![
        append_events(),
        search(),
        stream_events(),
        show_event(),
        prove_event(),
    ]
}

fn append_events() -> Route {
    let description = format!(
        "Takes one event, an array, or one a line. At most {BATCH_EVENTS_MAX} events and {BATCH_BYTES_MAX} bytes after \
         decompression, each event nested at most {JSON_DEPTH_MAX} deep. `GET /v1/schema/event.json` is the schema of \
         one event. A receipt means durable and visible.\n\nOne object is answered alone; its refusal is a problem. \
         Events of an array or of lines are accepted and refused each for itself, and the status is 200.\n\nThe same \
         event sent again gets the same receipt; another one under its id is a conflict. Secrets are replaced before \
         anything is stored."
    );
    let tells = [
        (
            "RateLimit-Policy",
            "The tenant's quota of events, if it has one.",
        ),
        ("RateLimit", "What is left of it."),
    ];
    let mut route = makes("/v1/events", append::append)
        .named("append_events", "Send events", description)
        .needs(Act::AppendEvents)
        .header(Parameter {
            name: "Idempotency-Key",
            description: "Makes the ids of events that have none: the same key makes the same ids.",
            schema: json!({
                "type": "string",
                "pattern": format!("^[\\x20-\\x7e]{{1,{IDEMPOTENCY_KEY_BYTES_MAX}}}$"),
            }),
            example: "deploy-77",
        })
        .header(Parameter {
            name: "Content-Encoding",
            description: "How the body is compressed.",
            schema: json!({"type": "string", "enum": ["identity", "gzip", "zstd"]}),
            example: "identity",
        })
        .query::<append::AppendParameters>()
        .takes_events();
    let answers = [
        (
            200,
            "What became of each event of an array or of lines; of one object: it was stored before, or it was a dry run.",
        ),
        (201, "One object was stored."),
    ];
    for (status, said) in answers {
        let content = if status == 200 {
            json::<OneOrMany>()
        } else {
            json::<api::Outcome>()
        };
        route = route.answers(status, said, "application/json", content);
        for (name, told) in tells {
            route = route.tells(name, told);
        }
    }
    route
        .refuses(WRITING)
        .refuses(&codes(&UNREADABLE))
        .refuses(&codes(&UNACCEPTABLE))
        .refuses(&[
            code::BAD_BODY,
            code::BODY_TOO_LARGE,
            code::TOO_MANY_EVENTS,
            code::UNSUPPORTED_ENCODING,
            code::UNSUPPORTED_TYPE,
            code::CONFLICT,
            code::TOO_MANY_CONFLICTS,
            code::QUOTA_EXCEEDED,
            code::TOO_MANY_TENANTS,
        ])
}

/// What `POST /v1/events` answers with 200.
#[derive(schemars::JsonSchema)]
#[schemars(untagged, inline)]
#[expect(
    dead_code,
    clippy::large_enum_variant,
    reason = "a form, never a value: answers are written by hand"
)]
enum OneOrMany {
    One(api::Outcome),
    Many(api::BatchAnswer),
}

fn search() -> Route {
    reads("/v1/events", list::list)
        .named(
            "search_events",
            "Find events",
            "One page of the events that a query finds, newest first. All pages of a search agree with each other, \
             whatever is written meanwhile; a cursor is good for 15 minutes. The question is recorded in the tenant's \
             access log before it is answered.",
        )
        .needs(Act::ReadEvents)
        .query::<list::SearchParameters>()
        .answers(200, "The page.", "application/json", json::<api::Events>())
        .tells("Link", "The next page, with `rel=\"next\"`; absent when nothing follows.")
        .refuses(RECORDED)
        .refuses(ASKED)
        .refuses(&[code::BAD_QUERY, code::BAD_CURSOR, code::CURSOR_EXPIRED])
}

fn stream_events() -> Route {
    reads("/v1/events/stream", stream::stream)
        .named(
            "stream_events",
            "Follow events",
            "Server-sent events, each event of the log once. With `since`, what is there comes first, oldest first, then \
             what comes; without it the stream begins with what comes. The data of a message is an event as `GET \
             /v1/events/{id}` shows it, its `id` a place to go on from. Comments each 15 seconds show that the stream \
             lives. The last message of a stream that was ended is `event: end`, its data a `StreamEnd`; one that stops \
             without it was cut.",
        )
        .needs(Act::ReadEvents)
        .header(Parameter {
            name: "Last-Event-ID",
            description: "The id of the last message that was seen, as browsers send it.",
            schema: json!({"type": "string"}),
            example: "",
        })
        .query::<stream::StreamParameters>()
        .answers(200, "The stream; it has no end of its own.", "text/event-stream", Content::Text)
        .refuses(RECORDED)
        .refuses(&[code::BAD_QUERY, code::BAD_CURSOR, code::TOO_MANY_STREAMS])
}

fn show_event() -> Route {
    reads("/v1/events/{id}", show::show)
        .named(
            "show_event",
            "See one event",
            "The event in the shape that producers send, with what the ledger knows of it. Recorded in the tenant's \
             access log before it is answered, found or not.",
        )
        .needs(Act::ReadEvents)
        .segment(event_id())
        .query::<show::ShowParameters>()
        .answers(200, "The event.", "application/json", json::<api::Event>())
        .refuses(RECORDED)
        .refuses(&[code::AMBIGUOUS_ID])
}

fn prove_event() -> Route {
    reads("/v1/events/{id}/proof", prove::prove)
        .named(
            "prove_event",
            "Prove one event",
            "The event's inclusion proof under a signed checkpoint, with the entry and the parts that still stand: a C2SP \
             `.tlog-proof` text, or JSON with `Accept: application/json`. Waits up to five seconds for a checkpoint.",
        )
        .needs(Act::TakeProofs)
        .segment(event_id())
        .query::<find::Choice>()
        .answer(
            200,
            "The proof.",
            vec![
                ("text/plain; charset=utf-8", Content::Text),
                ("application/json", json::<api::Proof>()),
            ],
        )
        .refuses(RECORDED)
        .refuses(&[code::AMBIGUOUS_ID, code::NOT_SIGNED_YET])
}
