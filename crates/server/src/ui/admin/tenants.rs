//! Tenants: listing and making them, and a tenant's settings.

use api::{NewTenant, Tenant, TenantChange, Tenants};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Method, Response, StatusCode};
use serde::Deserialize;

use super::{is_operator, listed, require, shell, tabs};
use crate::auth::Act;
use crate::ui::access::Choice;
use crate::ui::ask::segment;
use crate::ui::confirm::{Confirm, Faults};
use crate::ui::form::Sent;
use crate::ui::moment::Moment;
use crate::ui::page::{redirect, render};
use crate::ui::problem::Refused;
use crate::ui::shell::Shell;
use crate::ui::visit::Visit;

/// Most tenants of a page.
const SHOWN_MAX: usize = 500;
const NEW_FIELDS: [&str; 2] = ["name", "strict"];
const FIELDS: [&str; 3] = ["known_countries", "strict", "revision"];

/// Which tenants.
#[derive(Debug, Default, Deserialize)]
pub(in crate::ui) struct Which {
    #[serde(default)]
    name: String,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Template)]
#[template(path = "admin_tenants.html")]
struct TenantsPage {
    shell: Shell,
    tabs: Vec<Choice>,
    name: String,
    tenants: Vec<TenantView>,
    total: usize,
    left_out: usize,
    done: &'static str,
}

#[derive(Debug)]
struct TenantView {
    name: String,
    id: String,
    strict: bool,
    operations: usize,
    made: Option<Moment>,
    href: String,
    keys: String,
}

pub(in crate::ui) async fn list(visit: Visit, Query(which): Query<Which>) -> Response<Body> {
    let page = list_page(&visit, &which).await;
    visit.finish(page)
}

async fn list_page(visit: &Visit, which: &Which) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageTenants)?;
    let known: Tenants = visit.ask().get("/v1/tenants", &[]).await?;
    let sought = which.name.trim().to_lowercase();
    let total = known.tenants.len();
    let found = known
        .tenants
        .iter()
        .filter(|tenant| tenant.name.contains(&sought));
    let mut views: Vec<_> = found.map(|tenant| view(tenant, visit)).collect();
    let left_out = views.len().saturating_sub(SHOWN_MAX);
    views.truncate(SHOWN_MAX);
    let page = TenantsPage {
        shell: shell(visit, "Tenants"),
        tabs: tabs(visit, "/admin/tenants"),
        name: which.name.clone(),
        tenants: views,
        total,
        left_out,
        done: if which.done == "made" {
            "The tenant is made, with its logs. It needs a key next."
        } else {
            ""
        },
    };
    Ok(render(StatusCode::OK, &page))
}

fn view(tenant: &Tenant, visit: &Visit) -> TenantView {
    let own = tenant.name == store::registry::INSTANCE_TENANT;
    TenantView {
        name: tenant.name.clone(),
        id: tenant.id.clone(),
        strict: tenant.strict,
        operations: tenant.vocabulary.len(),
        made: Moment::read(&tenant.created_at, visit.now),
        // The instance's own tenant has no settings.
        href: if own {
            String::new()
        } else {
            visit.path(&format!("/admin/tenants/{}", segment(&tenant.name)))
        },
        keys: visit.link("/admin/keys", &[("of", &tenant.name)]),
    }
}

#[derive(Debug, Template)]
#[template(path = "admin_tenant_new.html")]
struct NewTenantPage {
    shell: Shell,
    tabs: Vec<Choice>,
    faults: Faults,
    name: String,
    strict: bool,
    back: String,
}

fn form(visit: &Visit, sent: &Sent, faults: Faults) -> Response<Body> {
    let status = faults.status();
    let page = NewTenantPage {
        shell: shell(visit, "Make a tenant"),
        tabs: tabs(visit, "/admin/tenants"),
        name: sent.get("name").to_owned(),
        strict: sent.ticked("strict"),
        back: visit.path("/admin/tenants"),
        faults,
    };
    render(status, &page)
}

pub(in crate::ui) async fn form_to_make(visit: Visit) -> Response<Body> {
    let page = require(&visit, Act::ManageTenants)
        .map(|()| form(&visit, &Sent::default(), Faults::default()));
    visit.finish(page)
}

pub(in crate::ui) async fn make(visit: Visit, sent: Sent) -> Response<Body> {
    let page = make_page(&visit, &sent).await;
    visit.finish(page)
}

async fn make_page(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageTenants)?;
    sent.check(visit)?;
    let new = NewTenant {
        name: sent.get("name").to_owned(),
        strict: sent.ticked("strict"),
        mask_exceptions: Vec::new(),
    };
    if new.name.is_empty() {
        return Ok(form(
            visit,
            sent,
            Faults::at("name", "expected a name, such as acme"),
        ));
    }
    let sentence = format!(
        "A tenant {} is made, with a log of events and an access log of its own. It can’t be removed again.",
        new.name,
    );
    let mut confirm = Confirm::new(
        shell(visit, "Make this tenant?"),
        sentence,
        "Make the tenant",
    );
    confirm.back = visit.path("/admin/tenants/_new");
    confirm.carried = sent.carried(&NEW_FIELDS);
    confirm.danger = true;
    confirm.typed.clone_from(&new.name);
    if new.strict {
        confirm.points.push(String::from(
            "Operations outside the vocabulary are refused.",
        ));
    }
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let made: Result<Tenant, Refused> = visit.ask().send(Method::POST, "/v1/tenants", &new).await;
    match made {
        Ok(_) => Ok(redirect(&visit.link("/admin/tenants", &[("done", "made")]))),
        Err(refused) if refused.0.code == api::code::EXISTS => Ok(form(
            visit,
            sent,
            Faults::at("name", "expected a name that no tenant has"),
        )),
        Err(refused) if refused.0.status == 422 => {
            Ok(form(visit, sent, Faults::of(&refused, &NEW_FIELDS)))
        }
        Err(refused) => Err(refused),
    }
}

#[derive(Debug, Template)]
#[template(path = "admin_tenant.html")]
struct SettingsPage {
    shell: Shell,
    tabs: Vec<Choice>,
    faults: Faults,
    action: String,
    tenant: Tenant,
    made: Option<Moment>,
    countries: String,
    strict: bool,
    done: &'static str,
}

fn settings(
    visit: &Visit,
    tenant: Tenant,
    typed: Option<&Sent>,
    faults: Faults,
    done: &'static str,
) -> Response<Body> {
    let status = faults.status();
    let at = if is_operator(visit) {
        String::from("/admin/tenants")
    } else {
        format!("/admin/tenants/{}", tenant.name)
    };
    let page = SettingsPage {
        shell: shell(visit, &format!("Settings of {}", tenant.name)),
        tabs: tabs(visit, &at),
        action: visit.path(&format!("/admin/tenants/{}", segment(&tenant.name))),
        countries: typed.map_or_else(
            || tenant.known_countries.join(", "),
            |sent| sent.get("known_countries").to_owned(),
        ),
        strict: typed.map_or(tenant.strict, |sent| sent.ticked("strict")),
        made: Moment::read(&tenant.created_at, visit.now),
        tenant,
        faults,
        done,
    };
    render(status, &page)
}

async fn known(visit: &Visit, name: &str) -> Result<Tenant, Refused> {
    require(visit, Act::ManageSettings)?;
    visit
        .ask()
        .get(&format!("/v1/tenants/{}", segment(name)), &[])
        .await
}

pub(in crate::ui) async fn show(
    visit: Visit,
    Path((_, name)): Path<(String, String)>,
    Query(which): Query<Which>,
) -> Response<Body> {
    let done = if which.done == "changed" {
        "The settings are changed."
    } else {
        ""
    };
    let page = known(&visit, &name).await;
    let page = page.map(|tenant| settings(&visit, tenant, None, Faults::default(), done));
    visit.finish(page)
}

pub(in crate::ui) async fn change(
    visit: Visit,
    Path((_, name)): Path<(String, String)>,
    sent: Sent,
) -> Response<Body> {
    let page = change_page(&visit, &name, &sent).await;
    visit.finish(page)
}

async fn change_page(visit: &Visit, name: &str, sent: &Sent) -> Result<Response<Body>, Refused> {
    let tenant = known(visit, name).await?;
    sent.check(visit)?;
    let countries = sent.get("known_countries").split([',', '\n', ';']);
    let countries: Vec<_> = countries
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let strict = sent.ticked("strict");
    let points = differences(&tenant, &countries, strict);
    if points.is_empty() {
        return Ok(settings(
            visit,
            tenant,
            None,
            Faults::default(),
            "Nothing was changed: this is how it was.",
        ));
    }
    let sentence = format!("The settings of the tenant {} are changed.", tenant.name);
    let mut confirm = Confirm::new(
        shell(visit, "Change these settings?"),
        sentence,
        "Change the settings",
    );
    confirm.points = points;
    confirm.carried = sent.carried(&FIELDS);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let change = TenantChange {
        revision: sent.get("revision").parse().ok(),
        strict: Some(strict),
        known_countries: Some(countries),
        ..TenantChange::default()
    };
    let path = format!("/v1/tenants/{}", segment(name));
    let changed: Result<Tenant, Refused> = visit.ask().send(Method::POST, &path, &change).await;
    match changed {
        Ok(_) => {
            let page = format!("/admin/tenants/{}", segment(name));
            Ok(redirect(&visit.link(&page, &[("done", "changed")])))
        }
        Err(refused) if refused.0.code == api::code::EXISTS => {
            let newer = "somebody changed these settings meanwhile; look at them, and try again";
            Ok(settings(visit, tenant, None, Faults::at("", newer), ""))
        }
        Err(refused) if refused.0.status == 422 => Ok(settings(
            visit,
            tenant,
            Some(sent),
            Faults::of(&refused, &FIELDS),
            "",
        )),
        Err(refused) => Err(refused),
    }
}

/// What would be different, in sentences.
fn differences(tenant: &Tenant, countries: &[String], strict: bool) -> Vec<String> {
    let mut points = Vec::new();
    if countries != tenant.known_countries {
        points.push(if countries.is_empty() {
            String::from("No country is known any more: no event is from an unfamiliar one.")
        } else {
            format!("Nothing is unusual from {}.", listed(countries))
        });
    }
    if strict != tenant.strict {
        points.push(String::from(if strict {
            "Events with operations outside the vocabulary are refused from now on."
        } else {
            "Events with operations outside the vocabulary are taken from now on, and flagged."
        }));
    }
    points
}
