//! A rollback: release 2.41.0 of `checkout` does not become healthy; the on-call puts 2.40.3 back.

use serde_json::json;

use super::cast::{ADA, BRUNO, CI, DANA, PLATFORM};
use super::dice::Dice;
use super::event::{Event, Tie, Way, Who};
use super::pipelines::Rollout;
use super::places::{PRODUCTION, Thing, service};
use super::script::Script;

#[expect(clippy::too_many_lines, reason = "a story, told in order")]
pub(super) fn tell(script: &mut Script) {
    let calendar = script.calendar;
    let day = calendar.rollback();
    let mut dice = Dice::of("rollback", calendar.number(day));
    let tie = Tie::new(&mut dice);
    let at = |hour, minute, second| calendar.at(day, hour, minute, second);
    let release = Thing::new("release", "rel_checkout_2_41_0", "checkout 2.41.0").of("checkout");
    let made = Event::new(
        at(16, 2, 0),
        "release.created",
        Who::Machine(&CI),
        &release,
        Way::Ci,
    );
    script.add(made.tied(&tie));
    let rollout = Rollout::new(&mut dice, "checkout", PRODUCTION, &tie);
    let approved = Event::new(
        at(16, 9, 12),
        "deployment.approved",
        Who::Person(&ADA),
        &rollout.deployment,
        Way::Dashboard,
    );
    script.add(approved.tied(&tie).because("before the weekend sale"));
    let created = rollout.event(at(16, 9, 20), "deployment.created");
    script.add(created.about(&release).for_user(DANA.id).change(
        "release",
        json!("2.40.3"),
        json!("2.41.0"),
    ));
    script.add(rollout.event(at(16, 9, 26), "deployment.started"));
    let sick = "3 of 4 instances answer 503 within 120 s";
    let failed = rollout.event(at(16, 12, 2), "deployment.failed");
    script.add(
        failed
            .named("rollback-needed")
            .ended("failure", "health_check_failed", sick),
    );
    let restarted = Event::new(
        at(16, 12, 50),
        "server.restarted",
        Who::Machine(&PLATFORM),
        &Thing::new("server", "node_3", "checkout-node-3").of("checkout"),
        Way::Schedule,
    );
    script.add(
        restarted
            .because("does not answer")
            .caused_by("rollback-needed"),
    );
    let back = Event::new(
        at(16, 19, 33),
        "deployment.rolled_back",
        Who::Person(&BRUNO),
        &rollout.deployment,
        Way::Cli,
    );
    script.add(
        back.named("rolled-back")
            .tied(&tie)
            .service("checkout")
            .because("health checks fail since 2.41.0")
            .approved(&ADA, "OPS-338")
            .with_credential("tok_52")
            .caused_by("rollback-needed")
            .change("release", json!("2.41.0"), json!("2.40.3")),
    );
    let again = Rollout::new(&mut dice, "checkout", PRODUCTION, &tie);
    script.add(
        again
            .event(at(16, 19, 41), "deployment.created")
            .caused_by("rolled-back"),
    );
    script.add(again.event(at(16, 21, 15), "deployment.succeeded"));
    let grown = service("checkout", PRODUCTION);
    let grown = Event::new(
        at(16, 24, 0),
        "service.scaled",
        Who::Person(&BRUNO),
        &grown,
        Way::Cli,
    );
    script.add(
        grown
            .tied(&tie)
            .because("catch up with waiting orders")
            .change("instances", json!(8), json!(12)),
    );
}
