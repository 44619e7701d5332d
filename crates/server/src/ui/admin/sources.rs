//! Ways in for vendors: listing, making, a new secret, closing.

use api::{CreatedSource, NewSource, Source, Sources};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Method, Response, StatusCode};
use serde::Deserialize;

use super::{is_operator, remove, require, shell, tabs};
use crate::auth::Act;
use crate::ui::access::Choice;
use crate::ui::ask::{segment, with_parameters};
use crate::ui::confirm::{Confirm, Faults, Made};
use crate::ui::form::Sent;
use crate::ui::moment::Moment;
use crate::ui::page::render;
use crate::ui::problem::Refused;
use crate::ui::shell::Shell;
use crate::ui::visit::Visit;

/// Most sources of a page.
const SHOWN_MAX: usize = 500;
/// Vendors, and what people call them.
const VENDORS: [(&str, &str); 7] = [
    ("github", "GitHub: webhooks"),
    ("gitlab", "GitLab: webhooks and audit event streams"),
    ("kubernetes", "Kubernetes: audit webhook"),
    ("cloudtrail", "AWS CloudTrail"),
    ("argocd", "Argo CD: notifications"),
    ("cloudevents", "CloudEvents and CDEvents"),
    ("hec", "Splunk HTTP event collector"),
];
const FIELDS: [&str; 3] = ["tenant", "name", "vendor"];

/// What was done before.
#[derive(Debug, Default, Deserialize)]
pub(in crate::ui) struct Which {
    #[serde(default)]
    done: String,
    #[serde(default)]
    closed: String,
}

#[derive(Debug, Template)]
#[template(path = "admin_sources.html")]
struct SourcesPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    sources: Vec<SourceView>,
    closed: usize,
    with_closed: bool,
    switch: String,
    left_out: usize,
    done: &'static str,
}

#[derive(Debug)]
struct SourceView {
    name: String,
    tenant: String,
    vendor: String,
    path: String,
    rules: String,
    made: Option<Moment>,
    old_until: Option<Moment>,
    closed: Option<Moment>,
    is_open: bool,
    rotate: String,
    close: String,
}

pub(in crate::ui) async fn list(visit: Visit, Query(which): Query<Which>) -> Response<Body> {
    let page = list_page(&visit, &which).await;
    visit.finish(page)
}

async fn list_page(visit: &Visit, which: &Which) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageSources)?;
    let known: Sources = visit.ask().get("/v1/sources", &[]).await?;
    let with_closed = !which.closed.is_empty();
    let mut views: Vec<_> = known
        .sources
        .iter()
        .map(|source| view(source, visit))
        .collect();
    let closed = views.iter().filter(|source| !source.is_open).count();
    views.retain(|source| with_closed || source.is_open);
    let left_out = views.len().saturating_sub(SHOWN_MAX);
    views.truncate(SHOWN_MAX);
    let switched = if with_closed { "" } else { "yes" };
    let page = SourcesPage {
        shell: shell(visit, "Sources"),
        tabs: tabs(visit, "/admin/sources"),
        operator: is_operator(visit),
        sources: views,
        closed,
        with_closed,
        switch: visit.link("/admin/sources", &[("closed", switched)]),
        left_out,
        done: if which.done == "closed" {
            "The source is closed: what is delivered to it is refused."
        } else {
            ""
        },
    };
    Ok(render(StatusCode::OK, &page))
}

fn view(source: &Source, visit: &Visit) -> SourceView {
    let moment = |at: &Option<String>| at.as_deref().and_then(|at| Moment::read(at, visit.now));
    let rules = &source.rules;
    let count = rules.include.len() + rules.exclude.len() + rules.sample.len();
    let page = |act: &str| {
        visit.path(&format!(
            "/admin/sources/{}/{}/{act}",
            segment(&source.tenant),
            segment(&source.name)
        ))
    };
    SourceView {
        name: source.name.clone(),
        tenant: source.tenant.clone(),
        vendor: source.vendor.clone(),
        path: source.path.clone(),
        rules: if source.default_rules {
            format!("the vendor’s {count}")
        } else {
            format!("{count} of its own")
        },
        made: Moment::read(&source.created_at, visit.now),
        old_until: moment(&source.old_secret_until),
        closed: moment(&source.closed_at),
        is_open: source.closed_at.is_none(),
        rotate: page("rotate"),
        close: page("close"),
    }
}

#[derive(Debug, Template)]
#[template(path = "admin_source_new.html")]
struct NewSourcePage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    faults: Faults,
    tenant: String,
    name: String,
    vendors: Vec<Choice>,
    back: String,
}

fn form(visit: &Visit, sent: &Sent, faults: Faults) -> Response<Body> {
    let vendor = sent.get("vendor");
    let vendors = VENDORS.iter().map(|(value, label)| Choice {
        value: (*value).to_owned(),
        label: (*label).to_owned(),
        chosen: *value == vendor,
    });
    let status = faults.status();
    let page = NewSourcePage {
        shell: shell(visit, "Make a source"),
        tabs: tabs(visit, "/admin/sources"),
        operator: is_operator(visit),
        tenant: sent.get("tenant").to_owned(),
        name: sent.get("name").to_owned(),
        vendors: vendors.collect(),
        back: visit.path("/admin/sources"),
        faults,
    };
    render(status, &page)
}

pub(in crate::ui) async fn form_to_make(visit: Visit) -> Response<Body> {
    let page = require(&visit, Act::ManageSources)
        .map(|()| form(&visit, &Sent::default(), Faults::default()));
    visit.finish(page)
}

pub(in crate::ui) async fn make(visit: Visit, sent: Sent) -> Response<Body> {
    let page = make_page(&visit, &sent).await;
    visit.finish(page)
}

async fn make_page(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageSources)?;
    sent.check(visit)?;
    let operator = is_operator(visit);
    let new = NewSource {
        tenant: sent.text("tenant").filter(|_| operator),
        name: sent.get("name").to_owned(),
        vendor: sent.get("vendor").to_owned(),
        rules: None,
    };
    if let Some(faults) = missing(&new, operator) {
        return Ok(form(visit, sent, faults));
    }
    let mut confirm = confirmation(visit, sent, &new);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let made: Result<CreatedSource, Refused> =
        visit.ask().send(Method::POST, "/v1/sources", &new).await;
    match made {
        Ok(made) => Ok(revealed(
            visit,
            StatusCode::CREATED,
            "The source is made",
            made,
        )),
        Err(refused) if refused.0.code == api::code::EXISTS => Ok(form(
            visit,
            sent,
            Faults::at(
                "name",
                "expected a name that no open source of the tenant has",
            ),
        )),
        Err(refused) if refused.0.status == 422 => {
            Ok(form(visit, sent, Faults::of(&refused, &FIELDS)))
        }
        Err(refused) if refused.0.status == 404 => Ok(form(
            visit,
            sent,
            Faults::at("tenant", "expected a tenant that exists"),
        )),
        Err(refused) => Err(refused),
    }
}

/// What is missing before the API is asked.
fn missing(new: &NewSource, operator: bool) -> Option<Faults> {
    for (field, missing, expected) in [
        (
            "tenant",
            operator && new.tenant.is_none(),
            "expected the name of a tenant",
        ),
        (
            "name",
            new.name.is_empty(),
            "expected a name, such as github-acme",
        ),
        (
            "vendor",
            new.vendor.is_empty(),
            "expected one of the vendors",
        ),
    ] {
        if missing {
            return Some(Faults::at(field, expected));
        }
    }
    None
}

fn confirmation(visit: &Visit, sent: &Sent, new: &NewSource) -> Confirm {
    let tenant = new.tenant.clone().unwrap_or_else(|| visit.tenant.clone());
    let sentence = format!(
        "A source {} is made: whoever has its secret may deliver events of {} to the tenant {tenant}.",
        new.name, new.vendor,
    );
    let mut confirm = Confirm::new(
        shell(visit, "Make this source?"),
        sentence,
        "Make the source",
    );
    confirm.back = visit.path("/admin/sources/new");
    confirm.carried = sent.carried(&FIELDS);
    confirm
        .points
        .push(String::from("Its secret is shown once, on the next page."));
    confirm.points.push(String::from(
        "The vendor’s own rules say what need not be kept; what is left out is counted.",
    ));
    confirm
}

/// A source's secret, this once.
fn revealed(visit: &Visit, status: StatusCode, title: &str, made: CreatedSource) -> Response<Body> {
    let source = made.source;
    let mut points = vec![format!(
        "Deliveries go to {} behind this server’s own address.",
        source.path
    )];
    if let Some(until) = source
        .old_secret_until
        .as_deref()
        .and_then(|at| Moment::read(at, visit.now))
    {
        points.push(format!(
            "The secret before it is taken until {} {} UTC.",
            until.day, until.clock
        ));
    }
    let page = Made {
        shell: shell(visit, title),
        sentence: format!(
            "This is the secret of {} ({}) of {}.",
            source.name, source.vendor, source.tenant
        ),
        label: "Secret",
        secret: made.secret,
        points,
        back: visit.path("/admin/sources"),
    };
    render(status, &page)
}

/// The tenant and the name in an address.
type Named = (String, String, String);

/// An open source that the visitor looks after; what is foreign, unknown or closed is not there.
async fn open_source(visit: &Visit, of: &str, name: &str) -> Result<Source, Refused> {
    require(visit, Act::ManageSources)?;
    let known: Sources = visit.ask().get("/v1/sources", &[("tenant", of)]).await?;
    let mut sources = known.sources.into_iter();
    let found = sources.find(|source| source.name == name && source.closed_at.is_none());
    found.ok_or_else(Refused::not_found)
}

fn question(visit: &Visit, source: &Source, closing: bool) -> Confirm {
    let Source {
        name,
        vendor,
        tenant,
        ..
    } = source;
    if closing {
        let sentence = format!(
            "The source {name} ({vendor}) of {tenant} is closed at once and for good. What is delivered to it is refused; \
             events that it brought stay.",
        );
        let mut confirm = Confirm::new(
            shell(visit, "Close this source?"),
            sentence,
            "Close the source",
        );
        confirm.danger = true;
        confirm.typed.clone_from(name);
        confirm.back = visit.path("/admin/sources");
        return confirm;
    }
    let sentence = format!(
        "The source {name} ({vendor}) of {tenant} gets a new secret. The one before is taken for another day, so that there \
         is time to put the new one in its place.",
    );
    let mut confirm = Confirm::new(shell(visit, "A new secret?"), sentence, "Make a new secret");
    confirm.back = visit.path("/admin/sources");
    confirm
}

pub(in crate::ui) async fn form_to_rotate(
    visit: Visit,
    Path((_, of, name)): Path<Named>,
) -> Response<Body> {
    let found = open_source(&visit, &of, &name).await;
    let page = found.map(|source| question(&visit, &source, false).show());
    visit.finish(page)
}

pub(in crate::ui) async fn form_to_close(
    visit: Visit,
    Path((_, of, name)): Path<Named>,
) -> Response<Body> {
    let found = open_source(&visit, &of, &name).await;
    let page = found.map(|source| question(&visit, &source, true).show());
    visit.finish(page)
}

pub(in crate::ui) async fn rotate(
    visit: Visit,
    Path((_, of, name)): Path<Named>,
    sent: Sent,
) -> Response<Body> {
    let page = rotate_page(&visit, &of, &name, &sent).await;
    visit.finish(page)
}

async fn rotate_page(
    visit: &Visit,
    of: &str,
    name: &str,
    sent: &Sent,
) -> Result<Response<Body>, Refused> {
    let source = open_source(visit, of, name).await?;
    sent.check(visit)?;
    let mut confirm = question(visit, &source, false);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let path = with_parameters(
        &format!("/v1/sources/{}/rotate", segment(name)),
        &[("tenant", of)],
    );
    let made: Result<CreatedSource, Refused> = visit
        .ask()
        .send(Method::POST, &path, &serde_json::Map::new())
        .await;
    match made {
        Ok(made) => Ok(revealed(visit, StatusCode::OK, "The new secret", made)),
        Err(refused) => Ok(confirm.refused(&refused)),
    }
}

pub(in crate::ui) async fn close(
    visit: Visit,
    Path((_, of, name)): Path<Named>,
    sent: Sent,
) -> Response<Body> {
    let page = close_page(&visit, &of, &name, &sent).await;
    visit.finish(page)
}

async fn close_page(
    visit: &Visit,
    of: &str,
    name: &str,
    sent: &Sent,
) -> Result<Response<Body>, Refused> {
    let source = open_source(visit, of, name).await?;
    sent.check(visit)?;
    let mut confirm = question(visit, &source, true);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let path = with_parameters(&format!("/v1/sources/{}", segment(name)), &[("tenant", of)]);
    Ok(remove(visit, confirm, &path, ("/admin/sources", "closed")).await)
}
