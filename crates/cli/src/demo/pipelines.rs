//! The ordinary way of a change: merged, built, tested, tried, approved, deployed.

use ledger::time::Micros;
use serde_json::json;

use super::calendar::FIRST_DAY;
use super::cast::{ADA, BRUNO, CI, DEPLOYER, Person, STAFF, UPDATER};
use super::dice::Dice;
use super::event::{Event, Tie, Way, Who};
use super::places::{PREVIEW, PRODUCTION, PROJECTS, STAGING, Thing, build, deployment, secret};
use super::script::{Script, seconds_after};

/// What people call what they change.
const TITLES: [&str; 12] = [
    "Round totals half to even",
    "Show the delivery date earlier",
    "Retry webhooks three times",
    "Drop the old cart",
    "Index by brand",
    "Cache exchange rates",
    "Make the error page kinder",
    "Send receipts as PDF",
    "Split the nightly job",
    "Remove a dead flag",
    "Sort sizes as people do",
    "Log slow queries",
];
/// Minutes past the hour at which the updater comes.
const UPDATER_MINUTE: i64 = 35;
/// Builds of each project before the week.
const BUILDS_BEFORE: i64 = 4_000;

pub(super) fn tell(script: &mut Script) {
    for day in 0..=FIRST_DAY {
        for (index, project) in (1_i64..).zip(PROJECTS) {
            let number = script.calendar.number(day);
            let mut dice = Dice::of(project, number);
            let merges = if script.calendar.is_weekend(day) {
                dice.between(0, 1)
            } else {
                dice.between(2, 3)
            };
            for merge in 0..merges {
                let people: Vec<&'static Person> = STAFF
                    .into_iter()
                    .filter(|person| person.projects.contains(&project))
                    .collect();
                let author = dice.one_of(&people);
                let at = script.calendar.at(day, author.begins, 20, 0);
                let at = seconds_after(at, dice.between(0, 7 * 3_600));
                let change = Change {
                    project,
                    author,
                    number: BUILDS_BEFORE + (number % 1_000) * 10 + index + merge * 2,
                };
                change.take_its_way(script, &mut dice, at);
            }
        }
        update_dependencies(script, day);
    }
}

/// A change on its way.
struct Change {
    project: &'static str,
    author: &'static Person,
    number: i64,
}

impl Change {
    fn take_its_way(&self, script: &mut Script, dice: &mut Dice, at: Micros) {
        let project = self.project;
        let tie = Tie::new(dice);
        let commit = dice.hex(40);
        let pull = Thing::new(
            "pull_request",
            &format!("{project}#{}", self.number),
            dice.one_of(&TITLES),
        )
        .of(project);
        let merged = Event::new(
            at,
            "pull_request.merged",
            Who::Person(self.author),
            &pull,
            Way::Cli,
        );
        script.add(
            merged
                .tied(&tie)
                .meta("branch", json!("main"))
                .meta("commit", json!(commit)),
        );
        let build = build(project, self.number);
        let by_ci = |seconds, operation: &str| {
            let at = seconds_after(at, seconds);
            Event::new(at, operation, Who::Machine(&CI), &build, Way::Ci)
                .tied(&tie)
                .meta("commit", json!(commit))
        };
        script.add(by_ci(8, "build.started").about(&pull));
        let tests = dice.between(400, 900);
        if dice.percent(12) {
            let failing = dice.between(1, 4);
            let failed = by_ci(150, "test_run.failed");
            let message = format!("{failing} of {tests} tests failed");
            script.add(failed.ended("failure", "tests_failed", &message));
            let failed = by_ci(152, "build.failed");
            script.add(failed.ended("failure", "tests_failed", &message));
            return;
        }
        script.add(by_ci(150, "test_run.succeeded").meta("tests", json!(tests)));
        script.add(by_ci(190, "build.succeeded").meta("seconds", json!(182)));
        let tried = seconds_after(at, 205);
        let trial = Rollout::new(dice, project, STAGING, &tie);
        script.add(trial.event(tried, "deployment.created").about(&build));
        script.add(trial.event(seconds_after(tried, 70), "deployment.succeeded"));
        if dice.percent(45) {
            let approved = seconds_after(tried, dice.between(600, 3_000));
            self.go_live(script, dice, &tie, approved);
        }
    }

    fn go_live(&self, script: &mut Script, dice: &mut Dice, tie: &Tie, at: Micros) {
        let project = self.project;
        let by = if self.author.id == ADA.id {
            &BRUNO
        } else {
            &ADA
        };
        let rollout = Rollout::new(dice, project, PRODUCTION, tie);
        let approved = Event::new(
            at,
            "deployment.approved",
            Who::Person(by),
            &rollout.deployment,
            Way::Dashboard,
        );
        script.add(approved.tied(tie).because("tried on staging"));
        script.add(rollout.event(seconds_after(at, 5), "deployment.created"));
        script.add(rollout.event(seconds_after(at, 9), "deployment.started"));
        let signing = secret(project, PRODUCTION, "SESSION_SIGNING_KEY");
        let read = Event::new(
            seconds_after(at, 11),
            "secret.read",
            Who::Machine(&DEPLOYER),
            &signing,
            Way::Deployer,
        );
        script.add(read.tied(tie).about(&rollout.deployment));
        let ended = seconds_after(at, dice.between(80, 160));
        if dice.percent(6) {
            let failed = rollout.event(ended, "deployment.failed");
            script.add(failed.ended("failure", "image_pull", "the image could not be fetched"));
        } else {
            script.add(rollout.event(ended, "deployment.succeeded"));
        }
    }
}

/// A deployment by the deployer.
pub(super) struct Rollout<'a> {
    /// What is deployed.
    pub(super) deployment: Thing,
    project: &'a str,
    tie: &'a Tie,
}

impl<'a> Rollout<'a> {
    pub(super) fn new(
        dice: &mut Dice,
        project: &'a str,
        environment: &'static str,
        tie: &'a Tie,
    ) -> Self {
        let id = format!("dep_{}", dice.hex(10));
        Self {
            deployment: deployment(project, environment, &id),
            project,
            tie,
        }
    }

    pub(super) fn event(&self, at: Micros, operation: &str) -> Event {
        let who = Who::Machine(&DEPLOYER);
        Event::new(at, operation, who, &self.deployment, Way::Deployer)
            .tied(self.tie)
            .service(self.project)
    }
}

/// Every hour, night and day, one project gets its dependencies freshened on a branch.
fn update_dependencies(script: &mut Script, day: i64) {
    let number = script.calendar.number(day);
    let mut dice = Dice::of("updater", number);
    for hour in 0..24 {
        let at = script.calendar.at(day, hour, UPDATER_MINUTE, 0);
        let at = seconds_after(at, dice.between(0, 240));
        let project = dice.one_of(&PROJECTS);
        let tie = Tie::new(&mut dice);
        let build = build(project, 90_000 + (number % 1_000) * 24 + hour);
        let event = |at, operation| {
            Event::new(at, operation, Who::Machine(&UPDATER), &build, Way::Ci)
                .tied(&tie)
                .meta("branch", json!("update-dependencies"))
        };
        script.add(event(at, "build.started"));
        let ended = seconds_after(at, dice.between(90, 400));
        if dice.percent(20) {
            let failed = event(ended, "build.failed");
            script.add(failed.ended("failure", "tests_failed", "a dependency broke the tests"));
            continue;
        }
        script.add(event(ended, "build.succeeded"));
        if dice.percent(25) {
            let preview = Rollout::new(&mut dice, project, PREVIEW, &tie);
            script.add(preview.event(seconds_after(ended, 20), "deployment.created"));
            script.add(preview.event(seconds_after(ended, 65), "deployment.succeeded"));
        }
    }
}
