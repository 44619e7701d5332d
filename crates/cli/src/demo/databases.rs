//! Databases are backed up, moved on, asked; once, somebody takes data out.

use serde_json::json;

use super::calendar::FIRST_DAY;
use super::cast::{ADA, BRUNO, DEPLOYER, HUGO, INES, KAVYA, PLATFORM};
use super::dice::Dice;
use super::event::{Event, Tie, Way, Who};
use super::places::{PROJECTS, Thing, database};
use super::script::{Script, seconds_after};

/// Why people ask.
const PURPOSES: [&str; 4] = [
    "weekly revenue",
    "orders without a receipt",
    "refunds by country",
    "slow carts",
];

pub(super) fn tell(script: &mut Script) {
    for day in 0..=FIRST_DAY {
        let mut dice = Dice::of("databases", script.calendar.number(day));
        back_up(script, &mut dice, day);
        if !script.calendar.is_weekend(day) {
            ask(script, &mut dice, day);
            move_on(script, &mut dice, day);
        }
    }
    export(script);
    restore_drill(script);
}

/// Every hour one database, in turns.
fn back_up(script: &mut Script, dice: &mut Dice, day: i64) {
    for (hour, project) in (0..24).zip(PROJECTS.iter().cycle()) {
        let at = script.calendar.at(day, hour, 5, dice.between(0, 50));
        let who = Who::Machine(&PLATFORM);
        let event = |operation| Event::new(at, operation, who, &database(project), Way::Schedule);
        if dice.percent(2) {
            let failed = event("database.backup_failed");
            script.add(failed.ended("failure", "timeout", "no answer within 600 s"));
        } else {
            let megabytes = json!(dice.between(900, 5_200));
            script.add(event("database.backup_created").meta("megabytes", megabytes));
        }
    }
}

fn ask(script: &mut Script, dice: &mut Dice, day: i64) {
    for _ in 0..dice.between(5, 9) {
        let person = dice.one_of(&[&INES, &INES, &KAVYA, &BRUNO]);
        let project = if person.id == INES.id {
            "billing"
        } else {
            "checkout"
        };
        let at = script.calendar.at(day, person.begins, 30, 0);
        let at = seconds_after(at, dice.between(0, 7 * 3_600));
        let who = Who::Person(person);
        let asked = Event::new(at, "database.queried", who, &database(project), Way::Cli);
        script.add(
            asked
                .because(dice.one_of(&PURPOSES))
                .meta("rows", json!(dice.between(3, 40_000)))
                .meta("tables", json!(["orders", "payments"])),
        );
    }
}

fn move_on(script: &mut Script, dice: &mut Dice, day: i64) {
    let project = dice.one_of(&PROJECTS);
    let at = script.calendar.at(day, 11, dice.between(0, 59), 0);
    let version = script.calendar.number(day) % 1_000;
    let tie = Tie::new(dice);
    let event = |at, operation| {
        let who = Who::Machine(&DEPLOYER);
        Event::new(at, operation, who, &database(project), Way::Deployer).tied(&tie)
    };
    if dice.percent(20) {
        let failed = event(at, "database.migration_failed");
        script.add(failed.ended("failure", "lock_timeout", "the table was locked for 30 s"));
    }
    let at = seconds_after(at, dice.between(200, 900));
    let moved = event(at, "database.migrated");
    script.add(moved.change("schema_version", json!(version), json!(version + 1)));
}

/// The export that somebody will ask about.
fn export(script: &mut Script) {
    let at = script.calendar.at(2, 16, 44, 0);
    let export =
        Thing::new("data_export", "exp_2291", "payments of the last quarter").of("billing");
    let tie = Tie::new(&mut Dice::of("export", script.calendar.number(2)));
    let made = Event::new(
        at,
        "data_export.created",
        Who::Person(&INES),
        &export,
        Way::Dashboard,
    );
    script.add(
        made.tied(&tie)
            .about(&database("billing"))
            .because("the auditors asked for it")
            .approved(&ADA, "OPS-336")
            .meta("rows", json!(18_204))
            .meta("format", json!("csv")),
    );
    let at = seconds_after(at, 410);
    let taken = Event::new(
        at,
        "data_export.downloaded",
        Who::Person(&INES),
        &export,
        Way::Dashboard,
    );
    script.add(taken.tied(&tie).meta("bytes", json!(7_340_032)));
}

/// Backups are worth what restoring them is worth.
fn restore_drill(script: &mut Script) {
    let at = script.calendar.at(6, 9, 30, 0);
    let copy = Thing::new("database", "db_billing_drill", "billing-drill").of("billing");
    let who = Who::Person(&BRUNO);
    let restored = Event::new(at, "database.restored", who, &copy, Way::Cli);
    script.add(restored.because("restore drill").approved(&HUGO, "OPS-311"));
    let at = seconds_after(at, 4_000);
    let gone = Event::new(at, "database.deleted", who, &copy, Way::Cli);
    script.add(
        gone.because("restore drill is over")
            .approved(&HUGO, "OPS-311"),
    );
}
