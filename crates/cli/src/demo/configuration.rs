//! Switches are turned, variables and settings changed, secrets rotated.
//!
//! Must never: touch `DATABASE_URL` of `checkout` in production, which has its own story.

use serde_json::json;

use super::calendar::FIRST_DAY;
use super::cast::{ADA, HUGO, Person, STAFF};
use super::dice::Dice;
use super::event::{Event, Way, Who};
use super::places::{
    PRODUCTION, PROJECTS, STAGING, flag, project as the_project, secret, variable,
};
use super::script::{Script, seconds_after};

/// Switches that every project has.
const FLAGS: [&str; 6] = [
    "new-cart",
    "one-page-checkout",
    "dark-mode",
    "fast-search",
    "gift-cards",
    "guest-orders",
];
/// Variables and what they are set to.
const VARIABLES: [(&str, &str, &str); 5] = [
    ("LOG_LEVEL", "info", "debug"),
    ("CACHE_TTL_SECONDS", "300", "900"),
    ("PAYMENT_TIMEOUT_MS", "2000", "3500"),
    ("SMTP_HOST", "mail.example.com", "relay.example.com"),
    ("WORKER_COUNT", "4", "6"),
];

pub(super) fn tell(script: &mut Script) {
    for day in 0..=FIRST_DAY {
        let mut dice = Dice::of("configuration", script.calendar.number(day));
        let busy = !script.calendar.is_weekend(day);
        for _ in 0..if busy { dice.between(5, 9) } else { 1 } {
            turn(script, &mut dice, day);
        }
        for _ in 0..if busy { dice.between(3, 6) } else { 0 } {
            set(script, &mut dice, day);
        }
        if busy {
            look(script, &mut dice, day);
        }
    }
    rotate(script);
}

/// Somebody who works on a project, and that project.
fn somebody(dice: &mut Dice) -> (&'static Person, &'static str) {
    let person = dice.one_of(&STAFF);
    (person, dice.one_of(person.projects))
}

fn turn(script: &mut Script, dice: &mut Dice, day: i64) {
    let (person, project) = somebody(dice);
    let at = script.calendar.at(day, person.begins, 10, 0);
    let at = seconds_after(at, dice.between(0, 8 * 3_600));
    let flag = flag(project, dice.one_of(&FLAGS));
    let on = dice.percent(60);
    let (operation, before, after) = if on {
        ("feature_flag.enabled", false, true)
    } else {
        ("feature_flag.disabled", true, false)
    };
    let turned = Event::new(at, operation, Who::Person(person), &flag, Way::Dashboard);
    script.add(turned.change("enabled", json!(before), json!(after)));
}

fn set(script: &mut Script, dice: &mut Dice, day: i64) {
    let (person, project) = somebody(dice);
    let at = script.calendar.at(day, person.begins, 15, 0);
    let at = seconds_after(at, dice.between(0, 8 * 3_600));
    let environment = if dice.percent(30) {
        PRODUCTION
    } else {
        STAGING
    };
    let (name, before, after) = dice.one_of(&VARIABLES);
    let variable = variable(project, environment, name);
    let way = if dice.percent(50) {
        Way::Dashboard
    } else {
        Way::Cli
    };
    let mut changed = Event::new(
        at,
        "environment_variable.updated",
        Who::Person(person),
        &variable,
        way,
    )
    .change("value", json!(before), json!(after));
    if environment == PRODUCTION {
        changed = changed.because("tuning after the review");
    }
    script.add(changed);
}

/// Settings of a project, a look at a variable.
fn look(script: &mut Script, dice: &mut Dice, day: i64) {
    let (person, project) = somebody(dice);
    let at = script
        .calendar
        .at(day, person.begins + 2, dice.between(0, 59), 0);
    let minutes = dice.between(10, 40);
    let changed = Event::new(
        at,
        "setting.updated",
        Who::Person(person),
        &the_project(project),
        Way::Dashboard,
    );
    script.add(changed.change("build.timeout_minutes", json!(minutes), json!(minutes + 5)));
    let (person, project) = somebody(dice);
    let at = script
        .calendar
        .at(day, person.begins + 4, dice.between(0, 59), 0);
    let seen = variable(project, STAGING, "SMTP_HOST");
    let who = Who::Person(person);
    script.add(Event::new(
        at,
        "environment_variable.read",
        who,
        &seen,
        Way::Dashboard,
    ));
}

/// The rotation that is due, announced and approved: nothing to worry about.
fn rotate(script: &mut Script) {
    for (hour, project) in (9..).zip(PROJECTS) {
        let at = script.calendar.at(7, hour, 30, 0);
        let rotated = secret(project, PRODUCTION, "SESSION_SIGNING_KEY");
        let rotated = Event::new(at, "secret.rotated", Who::Person(&HUGO), &rotated, Way::Cli)
            .because("quarterly rotation")
            .approved(&ADA, "OPS-301")
            .change(
                "value",
                json!(format!("{project}-signing-not-a-real-secret-1")),
                json!(format!("{project}-signing-not-a-real-secret-2")),
            );
        script.add(rotated);
    }
}
