//! Routes of ways in for vendors.

use api::code;
use serde_json::json;

use super::{ANY, SMALL_BODY, UNREADABLE, WRITING, codes, plain_text};
use crate::auth::Act;
use crate::http::collector::{acknowledge, event, health};
use crate::http::route::{Content, Parameter, Route, ends, json, makes, reads};
use crate::http::sources::{TenantParameters, close, create, deliver, list, rotate, rules};

const JSON: &str = "application/json";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = administration();
    routes.push(delivery());
    routes.extend(collector());
    routes
}

fn administration() -> Vec<Route> {
    vec![
        makes("/v1/sources", create::create)
            .named(
                "create_source",
                "Make a source",
                "A way in for a vendor's webhooks or stream. Its secret is shown this once.",
            )
            .needs(Act::ManageSources)
            .takes::<api::NewSource>(json!({"tenant": "default", "name": "acme", "vendor": "github"}))
            .answers(201, "The source.", JSON, json::<api::CreatedSource>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
        reads("/v1/sources", list::list)
            .named(
                "list_sources",
                "List sources",
                "Without their secrets; closed ones, too. Without parameters an operator gets all of them, an admin the \
                 own tenant's.",
            )
            .needs(Act::ManageSources)
            .query::<TenantParameters>()
            .answers(200, "The sources.", JSON, json::<api::Sources>()),
        ends("/v1/sources/{name}", close::close)
            .named(
                "close_source",
                "Close a source",
                "At once, and for good. Its events stay, and its name may be taken again.",
            )
            .needs(Act::ManageSources)
            .segment(name())
            .query::<TenantParameters>()
            .answer(204, "It is closed.", Vec::new())
            .refuses(WRITING)
            .refuses(&[code::EXISTS]),
        makes("/v1/sources/{name}/rotate", rotate::rotate)
            .named(
                "rotate_source",
                "Give a source a new secret",
                "The secret before it is taken for another day.",
            )
            .needs(Act::ManageSources)
            .segment(name())
            .query::<TenantParameters>()
            .answers(200, "The source and its new secret.", JSON, json::<api::CreatedSource>())
            .refuses(WRITING)
            .refuses(&[code::EXISTS]),
        makes("/v1/sources/{name}/rules", rules::replace)
            .named(
                "set_source_rules",
                "Say what need not be kept",
                "From the next delivery on. What is left out is counted by rule and reported each hour in the tenant's log.",
            )
            .needs(Act::ManageSources)
            .segment(name())
            .query::<TenantParameters>()
            .takes::<rules::NewRules>(json!({"rules": null}))
            .answers(200, "The source.", JSON, json::<api::Source>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
    ]
}

fn delivery() -> Route {
    makes("/v1/sources/{name}", deliver::deliver)
        .named(
            "deliver",
            "Take a vendor's delivery",
            "What the vendor sends, as it sends it: signed with the source's secret (GitHub) or bearing it (GitLab in \
             `X-Gitlab-Token`, everybody else in `Authorization`). Sending the same again adds nothing.",
        )
        .needs_source()
        .segment(name())
        .query::<deliver::DeliverParameters>()
        .takes_anything()
        .answers(200, "It is durable.", JSON, json::<api::Delivered>())
        .refuses(ANY)
        .refuses(WRITING)
        .refuses(&codes(&UNREADABLE))
        .refuses(&[
            code::UNAUTHENTICATED,
            code::BAD_REQUEST,
            code::NOT_FOUND,
            code::BAD_BODY,
            code::BODY_TOO_LARGE,
            code::UNSUPPORTED_ENCODING,
            code::QUOTA_EXCEEDED,
            code::SHUTTING_DOWN,
            code::DAMAGED,
            code::INTERNAL,
        ])
}

/// Under every name that senders use.
fn collector() -> Vec<Route> {
    let events = [
        "/services/collector",
        "/services/collector/event",
        "/services/collector/event/1.0",
    ];
    let raw = ["/services/collector/raw", "/services/collector/raw/1.0"];
    let events = events.map(|path| makes(path, event::event));
    let raw = raw.map(|path| makes(path, event::raw));
    let ids = [
        "collect",
        "collect_events",
        "collect_events_1_0",
        "collect_raw",
        "collect_raw_1_0",
    ];
    let taken = events.into_iter().chain(raw).zip(ids).map(|(route, id)| {
        route
            .named(
                id,
                "Take events made for Splunk",
                "The HTTP event collector's form and answers. The token is the secret of a source of vendor `hec`.",
            )
            .needs_source()
            .takes_anything()
            .answers(200, "They are durable.", JSON, Content::Object)
            .answers(400, "One of them can't be read; those before it are durable.", JSON, Content::Object)
            .answers(401, "There is no token.", JSON, Content::Object)
            .answers(403, "The token is none of ours.", JSON, Content::Object)
            .answers(413, "They are too large.", JSON, Content::Object)
            .answers(500, "The server failed.", JSON, Content::Object)
            .answers(503, "Too much is waiting.", JSON, Content::Object)
    });
    let mut routes: Vec<Route> = taken.collect();
    let healths = [
        "/services/collector/health",
        "/services/collector/health/1.0",
    ];
    for (path, id) in healths
        .into_iter()
        .zip(["collector_health", "collector_health_1_0"])
    {
        let route = reads(path, health::health)
            .named(
                id,
                "Whether events made for Splunk are taken",
                "As Splunk says it.",
            )
            .answers(200, "They are.", JSON, Content::Object)
            .answers(503, "They are not.", JSON, Content::Object);
        routes.push(route);
    }
    let acknowledged = makes("/services/collector/ack", acknowledge::acknowledge)
        .named(
            "collector_ack",
            "Whether events made for Splunk are durable",
            "Whatever was answered with success is.",
        )
        .takes_anything()
        .answers(200, "They are.", JSON, Content::Object)
        .answers(400, "It is not what is asked here.", JSON, Content::Object);
    routes.push(acknowledged);
    routes
}

fn name() -> Parameter {
    Parameter {
        name: "name",
        description: "The source's name.",
        schema: plain_text(),
        example: "acme",
    }
}
