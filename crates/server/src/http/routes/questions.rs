//! Routes of what events say together.

use api::code;
use ledger::limits::ID_BYTES_MAX;
use serde_json::json;

use super::{ASKED, RECORDED};
use crate::auth::Act;
use crate::http::route::{Parameter, Route, json, reads};
use crate::http::{deployments, fields, producers, resources, stats};

pub(super) fn routes() -> Vec<Route> {
    let routes = vec![
        count(),
        list_fields(),
        list_producers(),
        state(),
        list_deployments(),
        deployment_figures(),
    ];
    let asked = |route: Route| {
        route
            .needs(Act::ReadEvents)
            .refuses(RECORDED)
            .refuses(ASKED)
    };
    routes.into_iter().map(asked).collect()
}

fn count() -> Route {
    reads("/v1/stats", stats::count::count)
        .named(
            "count_events",
            "Count events",
            "How many events a query finds, when, and with which values. Buckets begin on Mondays and at midnight, UTC; empty \
             ones are left out.",
        )
        .query::<stats::count::CountParameters>()
        .answers(200, "The counts.", "application/json", json::<api::Statistics>())
        .refuses(&[code::BAD_QUERY])
}

fn list_fields() -> Route {
    reads("/v1/fields", fields::list::list)
        .named(
            "list_fields",
            "List fields, or complete a value",
            "Without `field`: what a query can name. With it: values of that field which begin with `prefix`, the most \
             frequent first.",
        )
        .query::<fields::list::FieldParameters>()
        .answers(
            200,
            "The fields, or the values.",
            "application/json",
            json::<FieldsOrValues>(),
        )
}

/// What `GET /v1/fields` answers.
#[derive(schemars::JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "a form, never a value")]
enum FieldsOrValues {
    Fields(api::Fields),
    Values(api::Completions),
}

fn list_producers() -> Route {
    reads("/v1/producers", producers::list::list)
        .named(
            "list_producers",
            "List producers and what of theirs is missing",
            "Every producer that counts its own events (`producer.seq`): counts that are missing, came late or twice.",
        )
        .query::<producers::list::ProducerParameters>()
        .answers(200, "The producers.", "application/json", json::<api::Producers>())
}

fn state() -> Route {
    reads("/v1/resources/{type}/{id}/state", resources::state::state)
        .named(
            "state_of_resource",
            "What is known of a resource at a time",
            "Folded from the `changes` that its events tell. Resources that stand for persons take a key that may see \
             persons.",
        )
        .segment(Parameter {
            name: "type",
            description: "The resource's type. No resource has one of another form.",
            schema: json!({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}),
            example: "deployment",
        })
        .segment(Parameter {
            name: "id",
            description: "The resource's id.",
            schema: json!({"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX}),
            example: "dpl_1",
        })
        .query::<resources::state::StateParameters>()
        .answers(200, "The state.", "application/json", json::<api::ResourceState>())
}

fn list_deployments() -> Route {
    reads("/v1/deployments", deployments::list::list)
        .named(
            "list_deployments",
            "List deployments",
            "Deployments as their events tell them, the latest first: how each ended, who asked for it, and what changed before \
             it. `definitions` says what counts.",
        )
        .query::<deployments::list::DeploymentParameters>()
        .answers(200, "The deployments.", "application/json", json::<api::Deployments>())
        .refuses(&[code::BAD_QUERY])
}

fn deployment_figures() -> Route {
    reads("/v1/deployments/figures", deployments::figures::figures)
        .named(
            "deployment_figures",
            "Figures of deployments",
            "Deployment frequency, change failure rate, rollback rate, median time to restore and median duration: of the window, by \
             project and environment, and by day or week. `definitions` says what counts.",
        )
        .query::<deployments::figures::FigureParameters>()
        .answers(200, "The figures.", "application/json", json::<api::DeploymentTrends>())
        .refuses(&[code::BAD_QUERY])
}
