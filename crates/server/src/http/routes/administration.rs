//! Routes of administration.

use api::code;
use serde_json::json;

use super::{SMALL_BODY, UNREADABLE, WRITING, codes};
use crate::auth::Act;
use crate::http::managed::TenantParameters;
use crate::http::route::{Parameter, Route, ends, json, makes, reads};
use crate::http::{accounts, clock, index, keys, sessions, tenants};

const JSON: &str = "application/json";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = Vec::from(of_tenants());
    routes.extend(of_keys());
    routes.extend(of_accounts());
    routes.extend(of_sessions());
    routes.extend(of_server());
    routes
}

fn of_tenants() -> [Route; 4] {
    [
        makes("/v1/tenants", tenants::create::create)
            .named(
                "create_tenant",
                "Make a tenant",
                "With its logs, and recorded in the instance log in the same step.",
            )
            .needs(Act::ManageTenants)
            .takes::<api::NewTenant>(json!({"name": "acme"}))
            .answers(201, "It was made.", JSON, json::<api::Tenant>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
        reads("/v1/tenants", tenants::list::list)
            .named("list_tenants", "List tenants", "Every tenant, by name.")
            .needs(Act::ManageTenants)
            .answers(200, "The tenants.", JSON, json::<api::Tenants>()),
        reads("/v1/tenants/{name}", tenants::show::show)
            .named("show_tenant", "Show a tenant", "With its settings. An admin sees the own one.")
            .needs(Act::ManageSettings)
            .segment(tenant_name())
            .answers(200, "The tenant.", JSON, json::<api::Tenant>()),
        makes("/v1/tenants/{name}", tenants::change::change)
            .named(
                "change_tenant",
                "Change a tenant's settings",
                "What is left out stays. With a `revision`, a change that another one came before is refused.",
            )
            .needs(Act::ManageSettings)
            .segment(tenant_name())
            .takes::<api::TenantChange>(json!({"known_countries": ["DE", "PT"]}))
            .answers(200, "The tenant.", JSON, json::<api::Tenant>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
    ]
}

fn tenant_name() -> Parameter {
    Parameter {
        name: "name",
        description: "The tenant's readable name, or `_own` for the key's own.",
        schema: super::plain_text(),
        example: "acme",
    }
}

fn of_accounts() -> [Route; 3] {
    let example = json!({
        "tenant": "default",
        "email": "auditor@example.com",
        "roles": ["auditor"],
        "ends_at": "2999-12-31",
    });
    [
        makes("/v1/accounts", accounts::create::create)
            .named(
                "create_account",
                "Give a person an account",
                "They sign in with the identity provider; what groups give them, they have besides. Operators give accounts \
                 of any tenant, admins those of their own.",
            )
            .needs(Act::ManageAccounts)
            .takes::<api::NewAccount>(example)
            .answers(201, "The account.", JSON, json::<api::Account>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
        reads("/v1/accounts", accounts::list::list)
            .named(
                "list_accounts",
                "List people's accounts",
                "Those that have ended, too. Without parameters an operator gets all of them, an admin the own tenant's.",
            )
            .needs(Act::ManageAccounts)
            .query::<TenantParameters>()
            .answers(200, "The accounts.", JSON, json::<api::Accounts>()),
        ends("/v1/accounts/{id}", accounts::end::end)
            .named(
                "end_account",
                "End a person's account",
                "At once: whoever is signed in by it may nothing from their next request on, and streams and exports end. \
                 One that has ended before is answered alike.",
            )
            .needs(Act::ManageAccounts)
            .segment(Parameter {
                name: "id",
                description: "The account's public id, as `GET /v1/accounts` says.",
                schema: super::plain_text(),
                example: "A1b2C3d4E5f6",
            })
            .query::<TenantParameters>()
            .answer(204, "It has ended.", Vec::new())
            .refuses(WRITING)
            .refuses(&[code::BAD_FIELD, code::EXISTS]),
    ]
}

fn of_sessions() -> [Route; 2] {
    [
        reads("/v1/sessions", sessions::list::list)
            .named(
                "list_sessions",
                "List browsers that are signed in",
                "Those that may enter a tenant, at this node of the server. Without parameters an operator gets all of them, \
                 an admin those that may enter the own tenant.",
            )
            .needs(Act::ManageAccounts)
            .query::<TenantParameters>()
            .answers(200, "The sessions, the one used last first.", JSON, json::<api::Sessions>()),
        ends("/v1/sessions/{id}", sessions::end::end)
            .named(
                "end_session",
                "Sign a browser out",
                "At once; streams and exports of it end. Whoever may still sign in can do so again: end the account, or \
                 take the group away, first.",
            )
            .needs(Act::ManageAccounts)
            .segment(Parameter {
                name: "id",
                description: "The session's public id, as `GET /v1/sessions` and access records say.",
                schema: super::plain_text(),
                example: "ses_6f1d0a",
            })
            .query::<TenantParameters>()
            .answer(204, "It has ended.", Vec::new())
            .refuses(WRITING),
    ]
}

fn of_keys() -> [Route; 3] {
    let example = json!({
        "tenant": "default",
        "roles": ["writer"],
        "source": "ci",
        "owner": "Platform team",
        "expires_in_seconds": 86_400,
    });
    [
        makes("/v1/keys", keys::create::create)
            .named(
                "create_key",
                "Make an API key",
                "Operators make keys of any tenant, and platforms' keys; admins those of their own tenant. The key is shown \
                 this once.",
            )
            .needs(Act::ManageKeys)
            .takes::<api::NewKey>(example)
            .answers(201, "The key.", JSON, json::<api::CreatedKey>())
            .refuses(WRITING)
            .refuses(SMALL_BODY)
            .refuses(&codes(&UNREADABLE))
            .refuses(&[code::EXISTS]),
        reads("/v1/keys", keys::list::list)
            .named(
                "list_keys",
                "List API keys",
                "Without the keys themselves; revoked and expired ones, too. Without parameters an operator gets all of \
                 them, an admin the own tenant's.",
            )
            .needs(Act::ManageKeys)
            .query::<keys::list::ListParameters>()
            .answers(200, "The keys.", JSON, json::<api::Keys>()),
        ends("/v1/keys/{id}", keys::revoke::revoke)
            .named(
                "revoke_key",
                "Revoke an API key",
                "At once, and for good. A key that was revoked before is answered alike. A key may revoke itself.",
            )
            .needs(Act::ManageKeys)
            .segment(Parameter {
                name: "id",
                description: "The key's public id, as `GET /v1/keys` says.",
                schema: super::plain_text(),
                example: "A1b2C3d4",
            })
            .answer(204, "It is revoked.", Vec::new())
            .refuses(WRITING),
    ]
}

fn of_server() -> [Route; 3] {
    [
        makes("/v1/clock/confirm", clock::confirm::confirm)
            .named(
                "confirm_clock",
                "Vouch for the clock",
                "After the clock leapt, writes wait until an operator vouches for its present time.",
            )
            .needs(Act::ConfirmClock)
            .answer(204, "It is believed.", Vec::new())
            .refuses(WRITING),
        reads("/v1/index", index::show::show)
            .named("show_index", "How the index is doing", "What is searched, and how far a rebuild is.")
            .needs(Act::ManageIndex)
            .answers(200, "The index.", JSON, json::<api::Index>()),
        makes("/v1/index/rebuild", index::rebuild::rebuild)
            .named(
                "rebuild_index",
                "Build the index anew",
                "From the ledger. Answers at once; nothing can be searched until it is done.",
            )
            .needs(Act::ManageIndex)
            .answers(202, "It has begun.", JSON, json::<api::Index>())
            .refuses(WRITING)
            .refuses(&[code::INDEX_UNAVAILABLE]),
    ]
}
