//! API keys: listing, making, revoking.

use api::{CreatedKey, Key, Keys, NewKey};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Method, Response, StatusCode};
use serde::Deserialize;

use super::{ROLES, is_operator, listed, remove, require, roles, shell, tabs};
use crate::auth::Act;
use crate::ui::access::Choice;
use crate::ui::ask::segment;
use crate::ui::confirm::{Confirm, Faults, Made};
use crate::ui::form::Sent;
use crate::ui::moment::Moment;
use crate::ui::page::render;
use crate::ui::problem::Refused;
use crate::ui::shell::Shell;
use crate::ui::visit::Visit;

/// Most keys of a page.
const SHOWN_MAX: usize = 500;
/// How long a key may live: seconds, and in words. The first is chosen.
const LIVES: [(&str, &str); 5] = [
    ("7776000", "90 days"),
    ("86400", "1 day"),
    ("2592000", "30 days"),
    ("31536000", "1 year"),
    ("", "for ever"),
];
const FIELDS: [&str; 8] = [
    "tenant",
    "platform",
    "create_tenants",
    "roles",
    "source",
    "owner",
    "expires_in_seconds",
    "expires",
];

/// Which keys.
#[derive(Debug, Default, Deserialize)]
pub(in crate::ui) struct Which {
    #[serde(default)]
    of: String,
    #[serde(default)]
    ended: String,
    #[serde(default)]
    done: String,
}

/// How a key stands.
#[derive(Clone, Debug)]
pub(super) enum State {
    /// It may be used, until then if ever.
    Stands(Option<Moment>),
    Expired(Option<Moment>),
    Revoked(Option<Moment>),
}

impl State {
    pub(super) fn is_standing(&self) -> bool {
        matches!(self, Self::Stands(_))
    }
}

/// How a key stands now.
pub(super) fn state(key: &Key, visit: &Visit) -> State {
    let moment = |at: &Option<String>| at.as_deref().and_then(|at| Moment::read(at, visit.now));
    if key.revoked_at.is_some() {
        return State::Revoked(moment(&key.revoked_at));
    }
    let end = moment(&key.expires_at);
    match &end {
        Some(at) if at.at <= visit.now => State::Expired(end),
        _ => State::Stands(end),
    }
}

#[derive(Debug, Template)]
#[template(path = "admin_keys.html")]
struct KeysPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    of: String,
    keys: Vec<KeyView>,
    ended: usize,
    with_ended: bool,
    switch: String,
    left_out: usize,
    done: &'static str,
}

#[derive(Debug)]
struct KeyView {
    id: String,
    owner: String,
    tenant: String,
    roles: String,
    source: String,
    made: Option<Moment>,
    state: State,
    revoke: String,
    own: bool,
}

pub(in crate::ui) async fn list(visit: Visit, Query(which): Query<Which>) -> Response<Body> {
    let page = list_page(&visit, &which).await;
    visit.finish(page)
}

async fn list_page(visit: &Visit, which: &Which) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageKeys)?;
    let known: Keys = visit
        .ask()
        .get("/v1/keys", &[("tenant", which.of.trim())])
        .await?;
    let with_ended = !which.ended.is_empty();
    let mut views: Vec<_> = known.keys.iter().map(|key| view(key, visit)).collect();
    let ended = views.iter().filter(|key| !key.state.is_standing()).count();
    views.retain(|key| with_ended || key.state.is_standing());
    views.sort_by(|left, right| {
        (&left.tenant, &left.owner, &left.id).cmp(&(&right.tenant, &right.owner, &right.id))
    });
    let left_out = views.len().saturating_sub(SHOWN_MAX);
    views.truncate(SHOWN_MAX);
    let switched = if with_ended { "" } else { "yes" };
    let page = KeysPage {
        shell: shell(visit, "Keys"),
        tabs: tabs(visit, "/admin/keys"),
        operator: is_operator(visit),
        of: which.of.clone(),
        keys: views,
        ended,
        with_ended,
        switch: visit.link("/admin/keys", &[("of", &which.of), ("ended", switched)]),
        left_out,
        done: if which.done == "revoked" {
            "The key is revoked: nobody can use it any more."
        } else {
            ""
        },
    };
    Ok(render(StatusCode::OK, &page))
}

fn view(key: &Key, visit: &Visit) -> KeyView {
    KeyView {
        id: key.id.clone(),
        owner: key.owner.clone(),
        tenant: whose(key),
        roles: key.roles.join(", "),
        source: key.source.clone(),
        made: Moment::read(&key.created_at, visit.now),
        state: state(key, visit),
        revoke: visit.path(&format!("/admin/keys/{}/revoke", segment(&key.id))),
        own: key.id == visit.caller.key_id(),
    }
}

/// Where a key counts.
fn whose(key: &Key) -> String {
    key.tenant
        .clone()
        .unwrap_or_else(|| String::from("every tenant"))
}

#[derive(Debug, Template)]
#[template(path = "admin_key_new.html")]
struct NewKeyPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    faults: Faults,
    tenant: String,
    platform: bool,
    create_tenants: bool,
    owner: String,
    source: String,
    roles: Vec<(Choice, &'static str)>,
    lives: Vec<Choice>,
    back: String,
}

fn form(visit: &Visit, sent: &Sent, faults: Faults) -> Response<Body> {
    let operator = is_operator(visit);
    let life = sent.get("expires");
    let untouched = sent.get("csrf").is_empty();
    let lives = LIVES
        .iter()
        .enumerate()
        .map(|(index, (value, label))| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            chosen: if untouched {
                index == 0
            } else {
                *value == life
            },
        });
    let status = faults.status();
    let page = NewKeyPage {
        shell: shell(visit, "Make a key"),
        tabs: tabs(visit, "/admin/keys"),
        operator,
        tenant: sent.get("tenant").to_owned(),
        platform: sent.ticked("platform"),
        create_tenants: sent.ticked("create_tenants"),
        owner: sent.get("owner").to_owned(),
        source: sent.get("source").to_owned(),
        roles: roles(visit, sent, &ROLES),
        lives: lives.collect(),
        back: visit.path("/admin/keys"),
        faults,
    };
    render(status, &page)
}

pub(in crate::ui) async fn form_to_make(visit: Visit) -> Response<Body> {
    let page = require(&visit, Act::ManageKeys)
        .map(|()| form(&visit, &Sent::default(), Faults::default()));
    visit.finish(page)
}

pub(in crate::ui) async fn make(visit: Visit, sent: Sent) -> Response<Body> {
    let page = make_page(&visit, &sent).await;
    visit.finish(page)
}

async fn make_page(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageKeys)?;
    sent.check(visit)?;
    let operator = is_operator(visit);
    let platform = operator && sent.ticked("platform");
    let new = NewKey {
        tenant: sent.text("tenant").filter(|_| operator && !platform),
        platform,
        create_tenants: operator && sent.ticked("create_tenants"),
        roles: sent.all("roles"),
        source: sent.get("source").to_owned(),
        owner: sent.get("owner").to_owned(),
        expires_in_seconds: sent.get("expires").parse().ok(),
    };
    if let Some(faults) = missing(&new, operator) {
        return Ok(form(visit, sent, faults));
    }
    let mut confirm = confirmation(visit, sent, &new);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let made: Result<CreatedKey, Refused> = visit.ask().send(Method::POST, "/v1/keys", &new).await;
    let made = match made {
        Ok(made) => made,
        Err(refused) if matches!(refused.0.status, 409 | 422) => {
            return Ok(form(visit, sent, Faults::of(&refused, &FIELDS)));
        }
        // A tenant that is not there.
        Err(refused) if refused.0.status == 404 => {
            return Ok(form(
                visit,
                sent,
                Faults::at("tenant", "expected a tenant that exists"),
            ));
        }
        Err(refused) => return Err(refused),
    };
    let page = Made {
        shell: shell(visit, "The key is made"),
        sentence: format!(
            "The key {} is made for {}.",
            made.stored.id, made.stored.owner
        ),
        label: "API key",
        secret: made.key,
        points: vec![
            String::from(
                "It goes into the header Authorization: Bearer …, or into a file for --key-file.",
            ),
            String::from("Lost it? Revoke it and make another."),
        ],
        back: visit.path("/admin/keys"),
    };
    Ok(render(StatusCode::CREATED, &page))
}

/// What is missing before the API is asked.
fn missing(new: &NewKey, operator: bool) -> Option<Faults> {
    for (field, missing, expected) in [
        (
            "owner",
            new.owner.is_empty(),
            "expected a name: whose key it is",
        ),
        ("roles", new.roles.is_empty(), "expected one role at least"),
        (
            "source",
            new.source.is_empty(),
            "expected a name, such as ci",
        ),
        (
            "tenant",
            operator && !new.platform && new.tenant.is_none(),
            "expected the name of a tenant",
        ),
    ] {
        if missing {
            return Some(Faults::at(field, expected));
        }
    }
    None
}

fn confirmation(visit: &Visit, sent: &Sent, new: &NewKey) -> Confirm {
    let tenant = match (&new.tenant, new.platform) {
        (_, true) => String::from("every tenant"),
        (Some(name), _) => format!("the tenant {name}"),
        (None, _) => format!("the tenant {}", visit.tenant),
    };
    let life = LIVES
        .iter()
        .find(|(value, _)| *value == sent.get("expires"));
    let life = life.map_or("for as long as was chosen", |(_, label)| *label);
    let sentence = format!(
        "A key is made for {}. Whoever has it may act as {} in {tenant}, under the source {}: {life}.",
        new.owner,
        listed(&new.roles),
        new.source,
    );
    let mut confirm = Confirm::new(shell(visit, "Make this key?"), sentence, "Make the key");
    confirm.back = visit.path("/admin/keys/new");
    confirm.carried = sent.carried(&FIELDS);
    confirm
        .points
        .push(String::from("It is shown once, on the next page."));
    if new.platform {
        confirm.points.push(String::from(
            "It names the tenant of each request itself, and reaches all of them.",
        ));
    }
    confirm
}

/// The page that asks whether a key shall be revoked.
async fn question(visit: &Visit, id: &str) -> Result<Confirm, Refused> {
    require(visit, Act::ManageKeys)?;
    let known: Keys = visit.ask().get("/v1/keys", &[]).await?;
    let key = known
        .keys
        .iter()
        .find(|key| key.id == id)
        .ok_or_else(Refused::not_found)?;
    let sentence = format!(
        "The key {} of {} ({} in {}) is revoked at once and for good. Whatever uses it gets no answer any more.",
        key.id,
        key.owner,
        listed(&key.roles),
        whose(key),
    );
    let mut confirm = Confirm::new(shell(visit, "Revoke this key?"), sentence, "Revoke the key");
    confirm.danger = true;
    confirm.typed.clone_from(&key.id);
    confirm.back = visit.path("/admin/keys");
    if key.id == visit.caller.key_id() {
        confirm.points.push(String::from(
            "It is the key that you are signed in with: you are signed out.",
        ));
    }
    if key.revoked_at.is_some() {
        confirm
            .points
            .push(String::from("It was revoked before: nothing changes."));
    }
    Ok(confirm)
}

pub(in crate::ui) async fn form_to_revoke(
    visit: Visit,
    Path((_, id)): Path<(String, String)>,
) -> Response<Body> {
    let page = question(&visit, &id).await.map(|confirm| confirm.show());
    visit.finish(page)
}

pub(in crate::ui) async fn revoke(
    visit: Visit,
    Path((_, id)): Path<(String, String)>,
    sent: Sent,
) -> Response<Body> {
    let page = revoke_page(&visit, &id, &sent).await;
    visit.finish(page)
}

async fn revoke_page(visit: &Visit, id: &str, sent: &Sent) -> Result<Response<Body>, Refused> {
    let mut confirm = question(visit, id).await?;
    sent.check(visit)?;
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let path = format!("/v1/keys/{}", segment(id));
    Ok(remove(visit, confirm, &path, ("/admin/keys", "revoked")).await)
}
