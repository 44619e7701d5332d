//! A leak: a build of `checkout` prints its environment, with the key of the payment provider in it. A scanner notices,
//! the key is replaced under INC-212, and printing it again is made impossible.

use serde_json::json;

use super::cast::{ADA, CI, DANA, HUGO, SCANNER};
use super::dice::Dice;
use super::event::{Event, Tie, Way, Who};
use super::pipelines::Rollout;
use super::places::{PRODUCTION, Thing, build, project, secret};
use super::script::Script;

/// What the build printed. The value is nobody's.
const PRINTED: &str = "+ env | sort\nCI=true\nNODE_ENV=production\nPAYMENTS_API_KEY=leaked-not-a-real-secret-1\n+ exit 0";
const REASON: &str = "INC-212: rotate after leak";

#[expect(clippy::too_many_lines, reason = "a story, told in order")]
pub(super) fn tell(script: &mut Script) {
    let calendar = script.calendar;
    let day = calendar.leak();
    let mut dice = Dice::of("leak", calendar.number(day));
    let tie = Tie::new(&mut dice);
    let at = |hour, minute, second| calendar.at(day, hour, minute, second);
    let build = build("checkout", 77_212);
    let pull = Thing::new(
        "pull_request",
        "checkout#4212",
        "Debug the build: print what is set",
    );
    let merged = at(10, 12, 4);
    let merged = Event::new(
        merged,
        "pull_request.merged",
        Who::Person(&DANA),
        &pull.of("checkout"),
        Way::Cli,
    );
    script.add(merged.tied(&tie));
    let by_ci =
        |at, operation| Event::new(at, operation, Who::Machine(&CI), &build, Way::Ci).tied(&tie);
    script.add(by_ci(at(10, 12, 15), "build.started"));
    let built = by_ci(at(10, 15, 2), "build.succeeded").named("leak");
    script.add(built.meta("log_excerpt", json!(PRINTED)));
    let alert = Thing::new("security_alert", "alr_212", "secret in a build log").of("checkout");
    let noticed = Event::new(
        at(10, 31, 40),
        "security_alert.opened",
        Who::Machine(&SCANNER),
        &alert,
        Way::Ci,
    );
    script.add(
        noticed
            .named("leak-noticed")
            .caused_by("leak")
            .tied(&tie)
            .about(&build)
            .meta("found", json!("PAYMENTS_API_KEY")),
    );
    let payments = secret("checkout", PRODUCTION, "PAYMENTS_API_KEY");
    let by_hugo = |at, operation: &str, thing: &Thing, way| {
        Event::new(at, operation, Who::Person(&HUGO), thing, way)
            .tied(&tie)
            .because(REASON)
            .approved(&ADA, "INC-212")
    };
    let rotated = by_hugo(at(10, 38, 21), "secret.rotated", &payments, Way::Cli);
    script.add(
        rotated
            .named("leak-rotated")
            .caused_by("leak-noticed")
            .change(
                "value",
                json!("leaked-not-a-real-secret-1"),
                json!("fresh-not-a-real-secret-2"),
            ),
    );
    let old = Thing::new("api_key", "key_payments_1", "payment provider").of("checkout");
    script.add(by_hugo(at(10, 41, 3), "api_key.revoked", &old, Way::Cli).caused_by("leak-rotated"));
    let rollout = Rollout::new(&mut dice, "checkout", PRODUCTION, &tie);
    let deployed = rollout.event(at(10, 44, 0), "deployment.created");
    script.add(
        deployed
            .because("take the new key")
            .caused_by("leak-rotated"),
    );
    script.add(rollout.event(at(10, 44, 6), "deployment.started"));
    script.add(rollout.event(at(10, 46, 31), "deployment.succeeded"));
    let masked = by_hugo(
        at(10, 52, 10),
        "setting.updated",
        &project("checkout"),
        Way::Dashboard,
    );
    script.add(masked.change("build.hide_variables", json!(false), json!(true)));
}
