//! `/t/{tenant}/admin`: tenants, accounts, sessions, keys and sources, for whoever administers one tenant or all of them.
//!
//! Promises: every act is asked once more in a sentence before it is done, and done by the API, which records it; a foreign
//! tenant, account, session, key or source is answered as one that does not exist.

pub(super) mod accounts;
pub(super) mod keys;
pub(super) mod sessions;
pub(super) mod sources;
pub(super) mod tenants;

use api::Keys;
use askama::Template;
use axum::body::Body;
use axum::http::{Method, Response, StatusCode};

use super::access::Choice;
use super::confirm::Confirm;
use super::form::Sent;
use super::page::{redirect, render};
use super::problem::Refused;
use super::shell::{Section, Shell};
use super::visit::Visit;
use crate::auth::Act;
use crate::http::HttpError;

/// The overview.
#[derive(Debug, Template)]
#[template(path = "admin.html")]
struct AdminPage {
    shell: Shell,
    tabs: Vec<Choice>,
    cards: Vec<Card>,
}

/// One thing to administer.
#[derive(Debug)]
struct Card {
    title: &'static str,
    figure: String,
    says: &'static str,
    href: String,
    act: &'static str,
    act_href: String,
}

/// Refuses who may not do `act`, before anything is looked up.
fn require(visit: &Visit, act: Act) -> Result<(), Refused> {
    if visit.may(act) {
        return Ok(());
    }
    let detail = "this takes the role of an administrator";
    Err(HttpError::new(api::code::FORBIDDEN, detail).into())
}

/// Whether the visitor administers every tenant.
fn is_operator(visit: &Visit) -> bool {
    visit.may(Act::ManageTenants)
}

/// The page's frame.
fn shell(visit: &Visit, title: &str) -> Shell {
    visit.shell(title, Section::Admin)
}

/// The pages of administration.
fn tabs(visit: &Visit, at: &str) -> Vec<Choice> {
    let own = format!("/admin/tenants/{}", visit.tenant);
    let mut tabs = vec![("/admin", "Overview")];
    if is_operator(visit) {
        tabs.push(("/admin/tenants", "Tenants"));
    } else {
        tabs.push((own.as_str(), "Settings"));
    }
    tabs.push(("/admin/accounts", "Accounts"));
    tabs.push(("/admin/sessions", "Signed in"));
    tabs.push(("/admin/keys", "Keys"));
    tabs.push(("/admin/sources", "Sources"));
    let tab = |(page, label): (&str, &str)| Choice {
        value: visit.path(page),
        label: label.to_owned(),
        chosen: page == at,
    };
    tabs.into_iter().map(tab).collect()
}

pub(super) async fn show(visit: Visit) -> Response<Body> {
    let page = overview(&visit).await;
    visit.finish(page)
}

async fn overview(visit: &Visit) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageKeys)?;
    let ask = visit.ask();
    let keys: Keys = ask.get("/v1/keys", &[]).await?;
    let standing = keys
        .keys
        .iter()
        .filter(|key| keys::state(key, visit).is_standing());
    let known: api::Sources = ask.get("/v1/sources", &[]).await?;
    let open = known
        .sources
        .iter()
        .filter(|source| source.closed_at.is_none());
    let mut cards = Vec::new();
    if is_operator(visit) {
        let known: api::Tenants = ask.get("/v1/tenants", &[]).await?;
        cards.push(Card {
            title: "Tenants",
            figure: known.tenants.len().to_string(),
            says: "Each with its own logs, keys and pseudonyms; nothing reaches from one to another.",
            href: visit.path("/admin/tenants"),
            act: "Make a tenant",
            act_href: visit.path("/admin/tenants/_new"),
        });
    } else {
        cards.push(Card {
            title: "Settings",
            figure: visit.tenant.clone(),
            says: "Known countries, whether unknown operations are refused, operations of your own.",
            href: visit.path(&format!("/admin/tenants/{}", visit.tenant)),
            act: "",
            act_href: String::new(),
        });
    }
    let known: api::Accounts = ask.get("/v1/accounts", &[]).await?;
    let people = known
        .accounts
        .iter()
        .filter(|account| accounts::stands(account, visit.now));
    cards.push(Card {
        title: "Accounts",
        figure: people.count().to_string(),
        says: "People who may sign in with the identity provider, by name and with an end.",
        href: visit.path("/admin/accounts"),
        act: "Give an account",
        act_href: visit.path("/admin/accounts/new"),
    });
    cards.push(Card {
        title: "Keys",
        figure: standing.count().to_string(),
        says: "API keys that stand. Each has its roles, its source and somebody whose it is.",
        href: visit.path("/admin/keys"),
        act: "Make a key",
        act_href: visit.path("/admin/keys/new"),
    });
    cards.push(Card {
        title: "Sources",
        figure: open.count().to_string(),
        says: "Ways in for vendors: webhooks and streams of GitHub, GitLab, Kubernetes and others.",
        href: visit.path("/admin/sources"),
        act: "Make a source",
        act_href: visit.path("/admin/sources/new"),
    });
    let page = AdminPage {
        shell: shell(visit, "Administration"),
        tabs: tabs(visit, "/admin"),
        cards,
    };
    Ok(render(StatusCode::OK, &page))
}

/// Has the API remove what is at `path`, after it was confirmed: back to a page that says what was done, or the question
/// with what was refused.
async fn remove(
    visit: &Visit,
    confirm: Confirm,
    path: &str,
    (page, done): (&str, &str),
) -> Response<Body> {
    let nothing = serde_json::Map::new();
    match visit.ask().tell(Method::DELETE, path, &nothing).await {
        Ok(()) => redirect(&visit.link(page, &[("done", done)])),
        Err(refused) => confirm.refused(&refused),
    }
}

/// A role and what it may.
type RoleSays = (&'static str, &'static str);

/// The roles of keys, the least first.
const ROLES: [RoleSays; 6] = [
    ("writer", "sends events, and sees none"),
    (
        "analyst",
        "sees events without persons: not who acted or from where, and no e-mail or IP address",
    ),
    ("reader", "sees events"),
    (
        "auditor",
        "sees events and who read them, takes proofs and exports",
    ),
    (
        "admin",
        "the same, and looks after accounts, keys, sources and settings of the tenant",
    ),
    (
        "operator",
        "looks after the instance and every tenant; of _instance only",
    ),
];
/// Those of people, who send nothing.
const PEOPLE: &[RoleSays] = {
    let [_writer, people @ ..] = &ROLES;
    people
};

/// The boxes of roles in a form, as they were ticked. Only operators make operators.
fn roles(visit: &Visit, sent: &Sent, known: &[RoleSays]) -> Vec<(Choice, &'static str)> {
    let operator = is_operator(visit);
    let ticked = sent.all("roles");
    let offered = known
        .iter()
        .filter(|(role, _)| operator || *role != "operator");
    let choice = |(role, says): &RoleSays| {
        let choice = Choice {
            value: (*role).to_owned(),
            label: (*role).to_owned(),
            chosen: ticked.iter().any(|ticked| ticked == role),
        };
        (choice, *says)
    };
    offered.map(choice).collect()
}

/// Names of several things in a sentence: `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}
