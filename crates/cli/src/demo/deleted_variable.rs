//! Last Thursday: the contractor, an admin since the evening before, deletes `DATABASE_URL` of `checkout` in production
//! from the dashboard, at an address he was never seen at, without a reason. Deployments fail within minutes; the on-call
//! finds it and restores the value; his rights are taken back.

use serde_json::{Value, json};

use super::cast::{ADA, BRUNO, DANA, HUGO, JONAS, PLATFORM};
use super::dice::Dice;
use super::event::{Event, Tie, Way, Who};
use super::pipelines::Rollout;
use super::places::{PRODUCTION, STAGING, Thing, project, variable};
use super::script::Script;
use super::sign_ins::{account, signed_in};

/// Nobody of the platform was ever there.
const IP: &str = "203.0.113.77";
/// Nor on this.
const DEVICE: &str = "unknown device";
const MISSING: &str = "checkout-api ends at its start: DATABASE_URL is not set";

pub(super) fn tell(script: &mut Script) {
    let mut dice = Dice::of(
        "deleted",
        script.calendar.number(script.calendar.last_thursday()),
    );
    let tie = Tie::new(&mut dice);
    delete(script, &mut dice);
    fail(script, &mut dice, &tie);
    restore(script, &mut dice, &tie);
    take_back(script, &tie);
}

/// The value, which is nobody's; the same before and after, as its tags show.
fn url() -> Value {
    json!("postgres://checkout:not-a-real-secret@db.example.com/checkout")
}

fn at(script: &Script, hour: i64, minute: i64, second: i64) -> ledger::time::Micros {
    let day = script.calendar.last_thursday();
    script.calendar.at(day, hour, minute, second)
}

fn delete(script: &mut Script, dice: &mut Dice) {
    let who = Who::Person(&JONAS);
    let session = format!("sess_{}", dice.hex(12));
    let signed_in = signed_in(&JONAS, at(script, 13, 58, 3));
    script.add(signed_in.from(IP, DEVICE, &session));
    let staging = variable("checkout", STAGING, "DATABASE_URL");
    let production = variable("checkout", PRODUCTION, "DATABASE_URL");
    let seen = Event::new(
        at(script, 14, 3, 30),
        "environment_variable.read",
        who,
        &staging,
        Way::Dashboard,
    );
    script.add(seen.from(IP, DEVICE, &session));
    let deleted = Event::new(
        at(script, 14, 7, 41),
        "environment_variable.deleted",
        who,
        &production,
        Way::Dashboard,
    );
    script.add(
        deleted
            .named("deleted-variable")
            .from(IP, DEVICE, &session)
            .change("value", url(), json!(null)),
    );
}

/// A change that was on its way meets a service without a database.
fn fail(script: &mut Script, dice: &mut Dice, tie: &Tie) {
    let pull = Thing::new("pull_request", "checkout#4219", "Name the bank on receipts");
    let merged = at(script, 14, 9, 2);
    let who = Who::Person(&DANA);
    let merged = Event::new(
        merged,
        "pull_request.merged",
        who,
        &pull.of("checkout"),
        Way::Cli,
    );
    script.add(merged.tied(tie));
    for (minute, name) in [(11, "first-failure"), (16, "second-failure")] {
        let rollout = Rollout::new(dice, "checkout", PRODUCTION, tie);
        script.add(rollout.event(at(script, 14, minute, 10), "deployment.created"));
        script.add(rollout.event(at(script, 14, minute, 14), "deployment.started"));
        let failed = rollout.event(at(script, 14, minute + 1, 35), "deployment.failed");
        script.add(failed.named(name).caused_by("deleted-variable").ended(
            "failure",
            "missing_variable",
            MISSING,
        ));
    }
    let job = Thing::new("cron_job", "job_checkout_settlement", "settlement").of("checkout");
    let failed = Event::new(
        at(script, 14, 15, 0),
        "cron_job.failed",
        Who::Machine(&PLATFORM),
        &job.within(PRODUCTION),
        Way::Schedule,
    );
    script.add(
        failed
            .caused_by("deleted-variable")
            .ended("failure", "missing_variable", MISSING),
    );
}

fn restore(script: &mut Script, dice: &mut Dice, tie: &Tie) {
    let who = Who::Person(&BRUNO);
    let variable = variable("checkout", PRODUCTION, "DATABASE_URL");
    script.add(signed_in(&BRUNO, at(script, 14, 21, 12)));
    let restored = Event::new(
        at(script, 14, 27, 55),
        "environment_variable.created",
        who,
        &variable,
        Way::Cli,
    );
    script.add(
        restored
            .named("restored-variable")
            .caused_by("deleted-variable")
            .tied(tie)
            .because("restore: it was deleted at 14:07 and deployments fail since")
            .approved(&ADA, "OPS-341")
            .change("value", json!(null), url()),
    );
    let rollout = Rollout::new(dice, "checkout", PRODUCTION, tie);
    let created = rollout.event(at(script, 14, 29, 20), "deployment.created");
    script.add(created.caused_by("restored-variable"));
    script.add(rollout.event(at(script, 14, 29, 25), "deployment.started"));
    script.add(rollout.event(at(script, 14, 31, 2), "deployment.succeeded"));
}

fn take_back(script: &mut Script, tie: &Tie) {
    let who = Who::Person(&HUGO);
    let reason = "OPS-341: deleted a production variable";
    let event = |minute, operation: &str, thing: &Thing| {
        Event::new(
            at(script, 15, minute, 0),
            operation,
            who,
            thing,
            Way::Dashboard,
        )
        .tied(tie)
        .because(reason)
        .caused_by("deleted-variable")
    };
    let changed = event(10, "user.role_changed", &account(&JONAS));
    let changed = changed.change("role", json!("admin"), json!("viewer"));
    let sessions = Thing::new("session", "all", "all sessions").of("checkout");
    let ended = event(11, "session.revoked", &sessions).about(&account(&JONAS));
    let guarded = event(24, "setting.updated", &project("checkout"));
    let guarded = guarded.change(
        "deleting_variables.needs_approval",
        json!(false),
        json!(true),
    );
    for event in [changed, ended, guarded] {
        script.add(event);
    }
}
