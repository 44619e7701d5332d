//! Routes of saved views.

use api::code;
use serde_json::json;

use super::{SMALL_BODY, UNREADABLE, WRITING, codes, plain_text};
use crate::auth::Act;
use crate::http::route::{Parameter, Route, ends, json, makes, reads};
use crate::http::views::{create, delete, list};

const JSON: &str = "application/json";

pub(super) fn routes() -> Vec<Route> {
    vec![
        reads("/v1/views", list::list)
            .named(
                "list_views",
                "List saved views",
                "Queries with a name, shared by everybody of the tenant.",
            )
            .needs(Act::ReadEvents)
            .answers(200, "The views, by name.", JSON, json::<api::Views>()),
        makes("/v1/views", create::create)
            .named(
                "create_view",
                "Save a view",
                "Recorded in the tenant's access log, with who saved it.",
            )
            .needs(Act::ManageViews)
            .takes::<api::NewView>(json!({
                "name": "Production deletions",
                "q": "operation:environment_variable.deleted env:production"
            }))
            .answers(201, "The view.", JSON, json::<api::View>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
        ends("/v1/views/{name}", delete::delete)
            .named(
                "delete_view",
                "Delete a view",
                "At once; its name may be taken again.",
            )
            .needs(Act::ManageViews)
            .segment(Parameter {
                name: "name",
                description: "The view's name.",
                schema: plain_text(),
                example: "deletions",
            })
            .answer(204, "It is deleted.", Vec::new())
            .refuses(WRITING)
            .refuses(&[code::EXISTS]),
    ]
}
