//! What runs underneath: services grow and shrink with the day, certificates are renewed, a domain comes.

use serde_json::json;

use super::calendar::FIRST_DAY;
use super::cast::{ADA, BRUNO, CHEN, DEPLOYER, PLATFORM};
use super::dice::Dice;
use super::event::{Event, Way, Who};
use super::places::{PRODUCTION, PROJECTS, Thing, secret, service};
use super::script::{Script, seconds_after};

pub(super) fn tell(script: &mut Script) {
    for day in 0..=FIRST_DAY {
        let mut dice = Dice::of("infrastructure", script.calendar.number(day));
        scale(script, &mut dice, day);
        renew(script, &mut dice, day);
    }
    by_hand(script);
}

/// Every hour one service follows the load, and the runners get a token that lives as long.
fn scale(script: &mut Script, dice: &mut Dice, day: i64) {
    let who = Who::Machine(&PLATFORM);
    for hour in 0..24 {
        let project = dice.one_of(&PROJECTS);
        let at = script
            .calendar
            .at(day, hour, dice.between(14, 28), dice.between(0, 59));
        // Few at night, most in the afternoon.
        let before = 2 + (hour - 15).abs().min(10).abs_diff(10);
        let after = if hour < 15 {
            before + 1
        } else {
            before.max(3) - 1
        };
        let scaled = service(project, PRODUCTION);
        let scaled = Event::new(at, "service.scaled", who, &scaled, Way::Schedule);
        script.add(
            scaled
                .service(project)
                .change("instances", json!(before), json!(after)),
        );
        let at = script.calendar.at(day, hour, 50, dice.between(0, 59));
        let read = secret(project, PRODUCTION, "REGISTRY_LOGIN");
        let reader = Who::Machine(&DEPLOYER);
        script.add(Event::new(at, "secret.read", reader, &read, Way::Deployer));
    }
}

fn renew(script: &mut Script, dice: &mut Dice, day: i64) {
    let who = Who::Machine(&PLATFORM);
    let project = dice.one_of(&PROJECTS);
    let host = format!("{project}.example.com");
    let at = script.calendar.at(day, 2, dice.between(0, 59), 0);
    let certificate = Thing::new("certificate", &format!("crt_{}", dice.hex(8)), &host).of(project);
    let issued = Event::new(at, "certificate.issued", who, &certificate, Way::Schedule);
    script.add(issued.meta("days", json!(90)));
    if dice.percent(40) {
        let at = seconds_after(at, dice.between(3_000, 9_000));
        let job = Thing::new(
            "cron_job",
            &format!("job_{project}_report"),
            "nightly report",
        );
        let failed = Event::new(at, "cron_job.failed", who, &job.of(project), Way::Schedule);
        script.add(failed.ended("failure", "exit_1", "the report ended with 1"));
    }
}

fn by_hand(script: &mut Script) {
    let calendar = script.calendar;
    let mut hand = |day, hour, person, operation, thing: Thing, way, reason: &str| {
        let at = calendar.at(day, hour, 17, 0);
        script.add(Event::new(at, operation, Who::Person(person), &thing, way).because(reason));
    };
    let gifts = Thing::new("domain", "dom_gifts", "gifts.example.com").of("storefront");
    hand(
        5,
        10,
        &ADA,
        "domain.added",
        gifts,
        Way::Dashboard,
        "gift cards",
    );
    let record = Thing::new("dns_record", "dns_gifts", "gifts.example.com CNAME").of("storefront");
    hand(
        5,
        11,
        &ADA,
        "dns_record.created",
        record,
        Way::Dashboard,
        "gift cards",
    );
    let old = Thing::new("domain", "dom_sale", "sale.example.com").of("storefront");
    hand(
        3,
        9,
        &ADA,
        "domain.removed",
        old,
        Way::Dashboard,
        "the sale is over",
    );
    let rule = Thing::new("firewall_rule", "fw_17", "office to staging");
    hand(
        6,
        8,
        &BRUNO,
        "firewall_rule.updated",
        rule,
        Way::Cli,
        "the office moved",
    );
    let node = Thing::new("server", "node_7", "search-node-7").of("search");
    hand(
        4,
        2,
        &CHEN,
        "server.restarted",
        node,
        Way::Cli,
        "memory grew for days",
    );
    let disk = Thing::new("volume", "vol_31", "search-node-7 scratch").of("search");
    hand(
        4,
        3,
        &CHEN,
        "volume.deleted",
        disk,
        Way::Cli,
        "unused since March",
    );
}
