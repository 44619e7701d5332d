//! People's accounts: listing, giving, ending.

use api::{Account, Accounts, NewAccount};
use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{Method, Response, StatusCode};
use ledger::time::Micros;
use serde::Deserialize;

use super::{PEOPLE, is_operator, listed, remove, require, roles, shell, tabs};
use crate::auth::Act;
use crate::ui::access::Choice;
use crate::ui::ask::{segment, with_parameters};
use crate::ui::confirm::{Confirm, Faults};
use crate::ui::form::Sent;
use crate::ui::moment::Moment;
use crate::ui::page::{redirect, render};
use crate::ui::problem::Refused;
use crate::ui::shell::Shell;
use crate::ui::visit::Visit;

/// Most accounts of a page.
const SHOWN_MAX: usize = 500;
const FIELDS: [&str; 5] = ["tenant", "email", "subject", "roles", "ends_at"];

/// Which accounts.
#[derive(Debug, Default, Deserialize)]
pub(in crate::ui) struct Which {
    #[serde(default)]
    of: String,
    #[serde(default)]
    ended: String,
    #[serde(default)]
    done: String,
}

#[derive(Debug, Template)]
#[template(path = "admin_accounts.html")]
struct AccountsPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    of: String,
    accounts: Vec<AccountView>,
    ended: usize,
    with_ended: bool,
    switch: String,
    left_out: usize,
    done: &'static str,
}

#[derive(Debug)]
struct AccountView {
    person: String,
    tenant: String,
    roles: String,
    made: Option<Moment>,
    /// When it ends by itself, or did.
    ends: Option<Moment>,
    /// When somebody ended it.
    ended: Option<Moment>,
    stands: bool,
    end: String,
}

/// Whether somebody may sign in by an account.
pub(super) fn stands(account: &Account, now: Micros) -> bool {
    let end = account
        .ends_at
        .as_deref()
        .and_then(|at| Micros::parse(at).ok());
    account.ended_at.is_none() && end.is_none_or(|end| end > now)
}

/// Whose an account is: an address, or what the identity provider says.
fn person(account: &Account) -> String {
    let named = account.email.as_ref().or(account.subject.as_ref());
    named.cloned().unwrap_or_else(|| account.id.clone())
}

fn view(account: &Account, visit: &Visit) -> AccountView {
    let moment = |at: &Option<String>| at.as_deref().and_then(|at| Moment::read(at, visit.now));
    let end = format!(
        "/admin/accounts/{}/{}/end",
        segment(&account.tenant),
        segment(&account.id)
    );
    AccountView {
        person: person(account),
        tenant: account.tenant.clone(),
        roles: account.roles.join(", "),
        made: Moment::read(&account.created_at, visit.now),
        ends: moment(&account.ends_at),
        ended: moment(&account.ended_at),
        stands: stands(account, visit.now),
        end: visit.path(&end),
    }
}

pub(in crate::ui) async fn list(visit: Visit, Query(which): Query<Which>) -> Response<Body> {
    let page = list_page(&visit, &which).await;
    visit.finish(page)
}

async fn list_page(visit: &Visit, which: &Which) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageAccounts)?;
    let known: Accounts = visit
        .ask()
        .get("/v1/accounts", &[("tenant", which.of.trim())])
        .await?;
    let with_ended = !which.ended.is_empty();
    let mut views: Vec<_> = known
        .accounts
        .iter()
        .map(|account| view(account, visit))
        .collect();
    let ended = views.iter().filter(|account| !account.stands).count();
    views.retain(|account| with_ended || account.stands);
    views.sort_by(|left, right| (&left.tenant, &left.person).cmp(&(&right.tenant, &right.person)));
    let left_out = views.len().saturating_sub(SHOWN_MAX);
    views.truncate(SHOWN_MAX);
    let switched = if with_ended { "" } else { "yes" };
    let page = AccountsPage {
        shell: shell(visit, "Accounts"),
        tabs: tabs(visit, "/admin/accounts"),
        operator: is_operator(visit),
        of: which.of.clone(),
        accounts: views,
        ended,
        with_ended,
        switch: visit.link("/admin/accounts", &[("of", &which.of), ("ended", switched)]),
        left_out,
        done: match which.done.as_str() {
            "given" => "The account is given: the person may sign in.",
            "ended" => "The account has ended: nobody is signed in by it any more.",
            _ => "",
        },
    };
    Ok(render(StatusCode::OK, &page))
}

#[derive(Debug, Template)]
#[template(path = "admin_account_new.html")]
struct NewAccountPage {
    shell: Shell,
    tabs: Vec<Choice>,
    operator: bool,
    faults: Faults,
    tenant: String,
    email: String,
    subject: String,
    ends_at: String,
    roles: Vec<(Choice, &'static str)>,
    back: String,
}

fn form(visit: &Visit, sent: &Sent, faults: Faults) -> Response<Body> {
    let operator = is_operator(visit);
    let status = faults.status();
    let text = |name| sent.get(name).to_owned();
    let page = NewAccountPage {
        shell: shell(visit, "Give an account"),
        tabs: tabs(visit, "/admin/accounts"),
        operator,
        tenant: text("tenant"),
        email: text("email"),
        subject: text("subject"),
        ends_at: text("ends_at"),
        roles: roles(visit, sent, PEOPLE),
        back: visit.path("/admin/accounts"),
        faults,
    };
    render(status, &page)
}

pub(in crate::ui) async fn form_to_give(visit: Visit) -> Response<Body> {
    let page = require(&visit, Act::ManageAccounts)
        .map(|()| form(&visit, &Sent::default(), Faults::default()));
    visit.finish(page)
}

pub(in crate::ui) async fn give(visit: Visit, sent: Sent) -> Response<Body> {
    let page = give_page(&visit, &sent).await;
    visit.finish(page)
}

async fn give_page(visit: &Visit, sent: &Sent) -> Result<Response<Body>, Refused> {
    require(visit, Act::ManageAccounts)?;
    sent.check(visit)?;
    let operator = is_operator(visit);
    let new = NewAccount {
        tenant: sent.text("tenant").filter(|_| operator),
        email: sent.text("email"),
        subject: sent.text("subject"),
        roles: sent.all("roles"),
        ends_at: sent.text("ends_at"),
    };
    if let Some(faults) = missing(&new, operator) {
        return Ok(form(visit, sent, faults));
    }
    let mut confirm = confirmation(visit, sent, &new);
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let made: Result<Account, Refused> = visit.ask().send(Method::POST, "/v1/accounts", &new).await;
    match made {
        Ok(_) => Ok(redirect(
            &visit.link("/admin/accounts", &[("done", "given")]),
        )),
        Err(refused) if refused.0.code == api::code::EXISTS => {
            let field = if new.email.is_some() {
                "email"
            } else {
                "subject"
            };
            Ok(form(
                visit,
                sent,
                Faults::at(
                    field,
                    "expected somebody who has no account in this tenant yet",
                ),
            ))
        }
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
fn missing(new: &NewAccount, operator: bool) -> Option<Faults> {
    let nobody = new.email.is_none() && new.subject.is_none();
    let both = new.email.is_some() && new.subject.is_some();
    for (field, missing, expected) in [
        (
            "email",
            nobody,
            "expected an address, or what the identity provider calls the person",
        ),
        ("subject", both, "expected an address or this, not both"),
        ("roles", new.roles.is_empty(), "expected one role at least"),
        (
            "tenant",
            operator && new.tenant.is_none(),
            "expected the name of a tenant",
        ),
    ] {
        if missing {
            return Some(Faults::at(field, expected));
        }
    }
    None
}

fn confirmation(visit: &Visit, sent: &Sent, new: &NewAccount) -> Confirm {
    let who = new
        .email
        .as_ref()
        .or(new.subject.as_ref())
        .cloned()
        .unwrap_or_default();
    let tenant = new.tenant.clone().unwrap_or_else(|| visit.tenant.clone());
    let until = match &new.ends_at {
        Some(end) => format!("until {end}"),
        None => String::from("without an end"),
    };
    let sentence = format!(
        "{who} may sign in and act as {} in the tenant {tenant}, {until}.",
        listed(&new.roles)
    );
    let mut confirm = Confirm::new(
        shell(visit, "Give this account?"),
        sentence,
        "Give the account",
    );
    confirm.back = visit.path("/admin/accounts/new");
    confirm.carried = sent.carried(&FIELDS);
    confirm.points.push(String::from(
        "They sign in with the identity provider. What its groups give them, they have besides.",
    ));
    confirm
}

/// The tenant and the id in an address.
type Named = (String, String, String);

/// The page that asks whether an account shall end; what is foreign or unknown is not there.
async fn question(visit: &Visit, of: &str, id: &str) -> Result<Confirm, Refused> {
    require(visit, Act::ManageAccounts)?;
    let known: Accounts = visit.ask().get("/v1/accounts", &[("tenant", of)]).await?;
    let account = known.accounts.iter().find(|account| account.id == id);
    let account = account.ok_or_else(Refused::not_found)?;
    let who = person(account);
    let sentence = format!(
        "The account of {who} ({} in {}) ends at once. Whoever is signed in by it may nothing from the next request on.",
        listed(&account.roles),
        account.tenant,
    );
    let mut confirm = Confirm::new(
        shell(visit, "End this account?"),
        sentence,
        "End the account",
    );
    confirm.danger = true;
    confirm.typed = who;
    confirm.back = visit.path("/admin/accounts");
    confirm.points.push(String::from("What groups of the identity provider give the person stays; another account may be given later."));
    if !stands(account, visit.now) {
        confirm
            .points
            .push(String::from("It ended before: nothing changes."));
    }
    Ok(confirm)
}

pub(in crate::ui) async fn form_to_end(
    visit: Visit,
    Path((_, of, id)): Path<Named>,
) -> Response<Body> {
    let page = question(&visit, &of, &id)
        .await
        .map(|confirm| confirm.show());
    visit.finish(page)
}

pub(in crate::ui) async fn end(
    visit: Visit,
    Path((_, of, id)): Path<Named>,
    sent: Sent,
) -> Response<Body> {
    let page = end_page(&visit, &of, &id, &sent).await;
    visit.finish(page)
}

async fn end_page(
    visit: &Visit,
    of: &str,
    id: &str,
    sent: &Sent,
) -> Result<Response<Body>, Refused> {
    let mut confirm = question(visit, of, id).await?;
    sent.check(visit)?;
    if !confirm.is_confirmed_by(sent) {
        return Ok(confirm.show());
    }
    let path = with_parameters(&format!("/v1/accounts/{}", segment(id)), &[("tenant", of)]);
    Ok(remove(visit, confirm, &path, ("/admin/accounts", "ended")).await)
}
