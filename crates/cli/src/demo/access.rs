//! Who may do what: people join, roles are granted and taken, keys are made and withdrawn.
//!
//! The roles of Jonas Weber are the fixture of docs/guide/demo.md: on the day before last Thursday viewer at 08:34,
//! editor at 09:40, admin at 16:05; on last Thursday viewer again at 15:10.

use serde_json::json;

use super::cast::{ADA, BRUNO, CHEN, DANA, HUGO, JONAS, KAVYA, LIAM, Person};
use super::event::{Event, Way, Who};
use super::places::{PRODUCTION, STAGING, Thing, project, service, variable};
use super::script::Script;
use super::sign_ins::{account, signed_in};

pub(super) fn tell(script: &mut Script) {
    contractor(script);
    colleague(script);
    permissions(script);
    keys(script);
    support(script);
}

/// Jonas joins, and is given more from hour to hour.
fn contractor(script: &mut Script) {
    let calendar = script.calendar;
    let day = calendar.last_thursday() + 1;
    let team = Thing::new("team", "team_payments", "Payments");
    let ada = |hour, minute, operation| {
        let at = calendar.at(day, hour, minute, 0);
        Event::new(
            at,
            operation,
            Who::Person(&ADA),
            &account(&JONAS),
            Way::Dashboard,
        )
    };
    invite(script, day, 8, &JONAS);
    script.add(signed_in(&JONAS, calendar.at(day, 8, 36, 0)));
    let at = calendar.at(day, 8, 40, 0);
    let added = Event::new(
        at,
        "team.member_added",
        Who::Person(&ADA),
        &team,
        Way::Dashboard,
    );
    script.add(added.about(&account(&JONAS)));
    let role = |event: Event, before, after| event.change("role", json!(before), json!(after));
    let granted = ada(9, 40, "user.role_changed").because("works on the checkout until Friday");
    script.add(role(granted, "viewer", "editor"));
    let variable = variable("checkout", STAGING, "LOG_LEVEL");
    let who = Who::Person(&JONAS);
    let at = calendar.at(day, 11, 2, 0);
    let set = Event::new(
        at,
        "environment_variable.updated",
        who,
        &variable,
        Way::Dashboard,
    );
    script.add(set.change("value", json!("info"), json!("debug")));
    let pull = Thing::new(
        "pull_request",
        "checkout#4215",
        "Prepare the move of the database",
    );
    let at = calendar.at(day, 14, 26, 0);
    script.add(Event::new(
        at,
        "pull_request.merged",
        who,
        &pull.of("checkout"),
        Way::Cli,
    ));
    let denied = Event::new(
        calendar.at(day, 15, 48, 0),
        "access.denied",
        who,
        &project("checkout").within(PRODUCTION),
        Way::Dashboard,
    );
    script.add(denied.ended("denied", "role_required", "admin is required in production"));
    let granted = ada(16, 5, "user.role_changed").because("moves the database on Thursday");
    script.add(role(granted.approved(&HUGO, "OPS-329"), "editor", "admin"));
    let at = calendar.at(day, 17, 31, 0);
    script.add(Event::new(
        at,
        "user.logged_out",
        who,
        &account(&JONAS),
        Way::SignIn,
    ));
}

/// An invitation, taken up minutes later.
fn invite(script: &mut Script, day: i64, hour: i64, person: &'static Person) {
    let at = |minute| script.calendar.at(day, hour, minute, 0);
    let (sent, taken, made) = (at(20), at(33), at(34));
    let invitation = Thing::new("invitation", &format!("inv_{}", person.id), person.email);
    let ada = Who::Person(&ADA);
    let who = Who::Person(person);
    let event = Event::new(sent, "invitation.created", ada, &invitation, Way::Dashboard);
    script.add(event.meta("role", json!("viewer")));
    let event = Event::new(taken, "invitation.accepted", who, &invitation, Way::SignIn);
    script.add(event);
    let event = Event::new(made, "user.created", who, &account(person), Way::SignIn);
    script.add(event.change("role", json!(null), json!("viewer")));
}

/// Liam joins in an orderly way.
fn colleague(script: &mut Script) {
    let calendar = script.calendar;
    invite(script, 5, 9, &LIAM);
    let who = Who::Person(&LIAM);
    let at = calendar.at(5, 9, 37, 0);
    script.add(Event::new(
        at,
        "mfa.enabled",
        who,
        &account(&LIAM),
        Way::SignIn,
    ));
    script.add(signed_in(&LIAM, calendar.at(5, 9, 41, 0)));
    let team = Thing::new("team", "team_search", "Search");
    let at = calendar.at(5, 10, 2, 0);
    let added = Event::new(
        at,
        "team.member_added",
        Who::Person(&ADA),
        &team,
        Way::Dashboard,
    );
    script.add(added.about(&account(&LIAM)));
    let at = calendar.at(4, 11, 15, 0);
    let by = Who::Person(&ADA);
    let granted = Event::new(at, "user.role_changed", by, &account(&LIAM), Way::Dashboard);
    script.add(granted.because("first week is over").change(
        "role",
        json!("viewer"),
        json!("editor"),
    ));
}

/// Dana may read production's logs for a day.
fn permissions(script: &mut Script) {
    let calendar = script.calendar;
    let granted = |day, operation| {
        let at = calendar.at(day, 10, 5, 0);
        let dana = account(&DANA).of("checkout");
        Event::new(at, operation, Who::Person(&HUGO), &dana, Way::Dashboard)
    };
    let right = json!("production-logs:read");
    let given = granted(7, "permission.granted").change("permission", json!(null), right.clone());
    script.add(
        given
            .because("looks for a slow query")
            .approved(&ADA, "OPS-318"),
    );
    let taken = granted(6, "permission.revoked").change("permission", right, json!(null));
    script.add(taken.because("a day is over"));
}

/// Keys and tokens: made, replaced, withdrawn.
fn keys(script: &mut Script) {
    let calendar = script.calendar;
    let mut key = |day, hour, person, operation, kind, id, name| {
        let thing = Thing::new(kind, id, name);
        let at = calendar.at(day, hour, 12, 0);
        let event = Event::new(at, operation, Who::Person(person), &thing, Way::Cli);
        script.add(event.meta("scopes", json!(["deployments", "builds"])));
    };
    key(
        8,
        9,
        &BRUNO,
        "api_key.created",
        "api_key",
        "key_301",
        "status page",
    );
    key(
        6,
        3,
        &CHEN,
        "api_key.rotated",
        "api_key",
        "key_204",
        "search crawler",
    );
    key(
        4,
        10,
        &HUGO,
        "api_key.revoked",
        "api_key",
        "key_117",
        "old runner",
    );
    key(
        7,
        8,
        &DANA,
        "access_token.created",
        "access_token",
        "tok_51",
        "laptop",
    );
    key(
        5,
        15,
        &HUGO,
        "access_token.revoked",
        "access_token",
        "tok_38",
        "lost phone",
    );
    key(
        1,
        9,
        &BRUNO,
        "access_token.created",
        "access_token",
        "tok_52",
        "on call",
    );
}

/// Kavya acts for a customer, and is refused what is not hers.
fn support(script: &mut Script) {
    let calendar = script.calendar;
    for (day, hour, customer) in [(6, 5, "cus_8841"), (4, 7, "cus_1290"), (1, 6, "cus_7735")] {
        let at = calendar.at(day, hour, 22, 0);
        let thing = Thing::new("user", customer, "a customer");
        let event = Event::new(
            at,
            "user.impersonated",
            Who::Person(&KAVYA),
            &thing,
            Way::Dashboard,
        );
        let ticket = format!("SUP-{}", 900 + day);
        script.add(
            event
                .for_user(customer)
                .because(&format!("{ticket}: order is missing")),
        );
    }
    let at = calendar.at(4, 7, 31, 0);
    let who = Who::Person(&KAVYA);
    let denied = service("billing", PRODUCTION);
    let denied = Event::new(at, "access.denied", who, &denied, Way::Dashboard);
    script.add(denied.ended("denied", "role_required", "editor is required for billing"));
}
