//! People come and go; strangers knock.

use ledger::time::Micros;
use serde_json::json;

use super::calendar::FIRST_DAY;
use super::cast::{Person, STAFF};
use super::dice::Dice;
use super::event::{Event, Way, Who};
use super::places::Thing;
use super::script::{Script, seconds_after};

/// Addresses that nobody of the platform uses.
const ELSEWHERE: [&str; 4] = [
    "203.0.113.9",
    "203.0.113.41",
    "203.0.113.150",
    "2001:db8:bad::7",
];
/// The night on which somebody tries too often.
const KNOCKING_DAY: i64 = 6;

pub(super) fn tell(script: &mut Script) {
    for day in 0..=FIRST_DAY {
        let mut dice = Dice::of("sign-ins", script.calendar.number(day));
        let present = if script.calendar.is_weekend(day) {
            20
        } else {
            92
        };
        for person in STAFF {
            if dice.percent(present) {
                come_and_go(script, &mut dice, person, day);
            }
        }
        knock(script, &mut dice, day);
    }
}

/// The account of a person.
pub(super) fn account(person: &Person) -> Thing {
    Thing::new("user", person.id, person.name)
}

/// A sign-in that goes well.
pub(super) fn signed_in(person: &'static Person, at: Micros) -> Event {
    let way = Way::SignIn;
    Event::new(
        at,
        "user.logged_in",
        Who::Person(person),
        &account(person),
        way,
    )
    .meta("method", json!("sso"))
    .meta("second_factor", json!(true))
}

fn come_and_go(script: &mut Script, dice: &mut Dice, person: &'static Person, day: i64) {
    let who = Who::Person(person);
    let account = account(person);
    let mut at = script.calendar.at(day, person.begins, 0, 0);
    at = seconds_after(at, dice.between(-1_200, 3_000));
    let event = |at, operation| Event::new(at, operation, who, &account, Way::SignIn);
    if dice.percent(18) {
        let failed = event(at, "user.login_failed");
        script.add(failed.ended("failure", "wrong_password", "the password was wrong"));
        at = seconds_after(at, dice.between(6, 40));
    }
    if dice.percent(12) {
        let failed = event(at, "mfa.challenge_failed");
        script.add(failed.ended("failure", "wrong_code", "the code was wrong or too old"));
        at = seconds_after(at, dice.between(15, 60));
    }
    let request = format!("req_{}", dice.hex(12));
    script.add(signed_in(person, at).requested(&request));
    let session = super::event::session(person, at);
    let opened = Thing::new("session", &session, person.name);
    script.add(Event::new(at, "session.created", who, &opened, Way::SignIn).requested(&request));
    if dice.percent(70) {
        let left = seconds_after(at, dice.between(28_000, 33_000));
        script.add(event(left, "user.logged_out"));
    }
}

fn knock(script: &mut Script, dice: &mut Dice, day: i64) {
    let stranger = Who::Stranger(dice.one_of(&ELSEWHERE));
    let target = Thing::new("user", "admin", "admin@example.com");
    let times = if day == KNOCKING_DAY {
        10
    } else {
        dice.between(0, 3)
    };
    let mut at = script.calendar.at(day, 3, dice.between(0, 59), 0);
    for _ in 0..times {
        let failed = Event::new(at, "user.login_failed", stranger, &target, Way::SignIn);
        script.add(failed.ended("denied", "unknown_user", "there is no such account"));
        at = seconds_after(at, dice.between(2, 9));
    }
    if day == KNOCKING_DAY {
        let locked = Event::new(at, "user.locked_out", stranger, &target, Way::SignIn);
        script.add(locked.because("10 failed sign-ins within 5 minutes"));
    }
}
