//! Routes of periodic review.

use api::code;
use serde_json::json;

use super::{ASKED, RECORDED, SMALL_BODY, UNREADABLE, WRITING, codes};
use crate::auth::Act;
use crate::http::reviews;
use crate::http::route::{Route, json, makes, reads};

const JSON: &str = "application/json";

pub(super) fn routes() -> Vec<Route> {
    vec![
        makes("/v1/reviews", reviews::record::record)
            .named(
                "record_review",
                "Mark a day or a view as reviewed",
                "Recorded in the tenant's access log as `veritrail.review.recorded`, with how many events it covers and the \
                 log's signed size and root at that time. Waits up to five seconds for a checkpoint that covers everything that \
                 was acknowledged before; a view without `until` ends at the time of the mark.",
            )
            .needs(Act::ReviewEvents)
            .takes::<api::NewReview>(json!({"day": "2026-03-12", "note": "Nothing unusual."}))
            .answers(201, "The mark.", JSON, json::<api::Review>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(ASKED)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::BAD_QUERY, code::NOT_SIGNED_YET]),
        reads("/v1/reviews", reviews::list::list)
            .named(
                "list_reviews",
                "List what was reviewed",
                "The newest first, at most 1000. Reading it is recorded like any reading of the access log.",
            )
            .needs(Act::ReviewEvents)
            .query::<reviews::list::ReviewParameters>()
            .answers(200, "The marks.", JSON, json::<api::Reviews>())
            .refuses(RECORDED)
            .refuses(ASKED),
    ]
}
