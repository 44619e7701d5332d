//! What sentences promise: every operation has one, none has a hole, none lies about how it ended.

use super::super::{all, find};
use super::*;

const KNOWN: Values<'_> = Values {
    actor: Some("Ann"),
    resource: Some("DATABASE_URL"),
    resource_type: Some("environment_variable"),
    project: Some("shop"),
    environment: Some("production"),
    outcome: Some("success"),
};

/// Who does it is nobody that an event names.
const NO_ACTOR: [(&str, &[&str]); 4] = [
    (
        "it ended, by itself or because of what was started before",
        &[
            "deployment.succeeded",
            "deployment.failed",
            "deployment.approval_requested",
            "build.succeeded",
            "build.failed",
            "workflow.started",
            "workflow.succeeded",
            "workflow.failed",
            "workflow.skipped",
            "job.queued",
            "job.started",
            "job.succeeded",
            "job.failed",
            "job.skipped",
            "check.started",
            "check.succeeded",
            "check.failed",
            "check.skipped",
            "test_run.queued",
            "test_run.started",
            "test_run.succeeded",
            "test_run.failed",
            "test_run.skipped",
            "merge_queue.checks_requested",
            "merge_queue.group_dissolved",
            "repository.import_failed",
            "security_scan.completed",
            "background_task.started",
            "background_task.succeeded",
            "background_task.failed",
            "background_task.retried",
            "background_task.discarded",
            "cron_job.started",
            "cron_job.succeeded",
            "cron_job.failed",
            "database.backup_failed",
            "database.migration_failed",
            "stack.failed",
        ],
    ),
    (
        "it came about: a time was reached, or something was found or went wrong",
        &[
            "access_token.expired",
            "access_token.expiry_announced",
            "api_key.expired",
            "application.drifted",
            "application.health_degraded",
            "application.health_recovered",
            "application.sync_failed",
            "application.synced",
            "alarm.triggered",
            "alarm.resolved",
            "budget.exceeded",
            "certificate.expired",
            "config.rejected",
            "conflict.detected",
            "database.failed_over",
            "dependency.failed",
            "dependency.recovered",
            "error.raised",
            "invitation.expired",
            "message.delivery_failed",
            "quota.exceeded",
            "security_advisory.published",
            "security_advisory.updated",
            "security_advisory.withdrawn",
            "security_alert.opened",
            "security_alert.reopened",
            "service.degraded",
            "service.recovered",
            "trial.ended",
            "webhook_delivery.failed",
            "webhook_delivery.succeeded",
            "workload.failed",
        ],
    ),
    (
        "another house does it: who issues certificates, or takes money",
        &[
            "certificate.issued",
            "invoice.issued",
            "invoice.paid",
            "payment.succeeded",
            "payment.failed",
            "payment.disputed",
        ],
    ),
    (
        "this server does it, or does it for many callers at once",
        &[
            "veritrail.log.head_recorded",
            "veritrail.index.rebuild_started",
            "veritrail.signin.refused",
            "veritrail.source.refused",
            "veritrail.source.excluded",
            "veritrail.server.started",
            "veritrail.server.stopped",
            "veritrail.instance.heartbeat_recorded",
        ],
    ),
];

fn told(name: &str, values: &Values<'_>) -> String {
    render(find(name).unwrap(), values)
}

#[test]
fn every_sentence_names_its_actor_or_stands_among_those_that_have_none() {
    for operation in all() {
        let names_actor = placeholders(operation.sentence).any(|name| name == "actor");
        let excused = NO_ACTOR
            .iter()
            .any(|(_, names)| names.contains(&operation.name));
        assert_ne!(names_actor, excused, "{}", operation.name);
    }
    for name in NO_ACTOR.iter().flat_map(|(_, names)| *names) {
        assert!(find(name).is_some(), "{name}");
    }
}

#[test]
fn every_template_is_of_the_closed_set_and_only_the_actor_stands_outside_brackets() {
    for operation in all() {
        let (name, template) = (operation.name, operation.sentence);
        let mut outside = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('[') {
            outside.push_str(before);
            let (stretch, after) = after.split_once(']').expect(name);
            assert!(!stretch.contains('['), "{name}: nested");
            let (wanted, otherwise) = stretch.split_once('|').unwrap_or((stretch, ""));
            assert!(placeholders(wanted).count() > 0, "{name}: says nothing");
            assert_eq!(placeholders(otherwise).count(), 0, "{name}");
            rest = after;
        }
        outside.push_str(rest);
        assert!(!outside.contains([']', '|']), "{name}");
        assert!(placeholders(&outside).all(|it| it == "actor"), "{name}");
        assert!(
            placeholders(template).all(|it| PLACEHOLDERS.contains(&it)),
            "{name}"
        );
        assert_eq!(
            template.matches('{').count(),
            template.matches('}').count(),
            "{name}"
        );
    }
}

#[test]
fn no_sentence_has_a_hole_whatever_is_missing() {
    for operation in all() {
        for missing in 0_u8..64 {
            let keep = |bit: u8, value| {
                if missing & (1 << bit) == 0 {
                    value
                } else {
                    None
                }
            };
            let values = Values {
                actor: keep(0, KNOWN.actor),
                resource: keep(1, KNOWN.resource),
                resource_type: keep(2, KNOWN.resource_type),
                project: keep(3, KNOWN.project),
                environment: keep(4, KNOWN.environment),
                outcome: keep(5, KNOWN.outcome),
            };
            let text = render(operation, &values);
            let name = operation.name;
            assert!(!text.contains(['{', '}', '[', ']', '|']), "{name}: {text}");
            assert!(!text.contains("  "), "{name}: {text}");
            assert!(
                !text.contains(" ,") && !text.contains(" :"),
                "{name}: {text}"
            );
            assert_eq!(text.trim(), text, "{name}");
            assert!(!text.ends_with(['.', ':', ',']), "{name}: {text}");
            assert!(text.split(' ').count() >= 2, "{name}: {text}");
            assert!(
                text.starts_with(char::is_uppercase),
                "{name} begins small: {text}"
            );
            // "Ann signed in" ends well: nothing was left out after it.
            for word in ["of", "to", "from", "at", "for", "with", "the", "as"] {
                assert!(!text.ends_with(&format!(" {word}")), "{name}: {text}");
            }
        }
    }
}

#[test]
fn a_sentence_says_what_is_known() {
    let anonymous = Values::default();
    for (name, known, unknown) in [
        (
            "environment_variable.updated",
            "Ann changed the environment variable DATABASE_URL of shop in production",
            "Somebody changed the environment variable",
        ),
        (
            "deployment.succeeded",
            "The deployment DATABASE_URL of shop succeeded in production",
            "The deployment succeeded",
        ),
        (
            "resource.deleted",
            "Ann deleted the environment variable DATABASE_URL in shop",
            "Somebody deleted something",
        ),
        (
            "team.member_added",
            "Ann added somebody to DATABASE_URL",
            "Somebody added somebody to the team",
        ),
        (
            "request.rejected",
            "A request of Ann was refused",
            "A request of somebody was refused",
        ),
    ] {
        assert_eq!(told(name, &KNOWN), known);
        assert_eq!(told(name, &anonymous), unknown);
    }
}

#[test]
fn a_sample_shows_what_an_event_would_say() {
    let operation = find("environment_variable.updated").unwrap();
    assert_eq!(
        sample(operation),
        "ACTOR changed the environment variable RESOURCE of PROJECT in ENVIRONMENT"
    );
}

#[test]
fn what_did_not_succeed_is_not_told_as_done() {
    let ended = |outcome| Values {
        outcome: Some(outcome),
        actor: Some("Ann"),
        ..Values::default()
    };
    for (name, outcome, expected) in [
        ("database.deleted", "success", "Ann deleted the database"),
        (
            "database.deleted",
            "denied",
            "Ann deleted the database (denied)",
        ),
        (
            "database.deleted",
            "failure",
            "Ann deleted the database (failed)",
        ),
        (
            "database.deleted",
            "cancelled",
            "Ann deleted the database (cancelled)",
        ),
        ("user.login_failed", "failure", "Ann could not sign in"),
        (
            "user.login_failed",
            "denied",
            "Ann could not sign in (denied)",
        ),
        ("access.denied", "denied", "Ann was denied access"),
        (
            "deployment.cancelled",
            "cancelled",
            "Ann cancelled the deployment",
        ),
        (
            "deployment.cancelled",
            "denied",
            "Ann cancelled the deployment (denied)",
        ),
        ("user.logged_out", "failure", "Ann signed out (failed)"),
    ] {
        assert_eq!(told(name, &ended(outcome)), expected);
    }
}

#[test]
fn values_are_text_and_never_templates_or_lines_of_their_own() {
    let long = "x".repeat(10_000);
    for (actor, expected) in [
        ("{resource}[|]", "{resource}[|] created the project"),
        ("a\nb\u{1b}[31m", "a b [31m created the project"),
        ("\u{202e}nna\u{200b}", "nna created the project"),
        ("   ", "Somebody created the project"),
        ("", "Somebody created the project"),
        ("é漢", "é漢 created the project"),
    ] {
        let values = Values {
            actor: Some(actor),
            ..Values::default()
        };
        assert_eq!(told("project.created", &values), expected, "{actor:?}");
    }
    let values = Values {
        actor: Some(&long),
        resource: Some(&long),
        project: Some(&long),
        ..Values::default()
    };
    for operation in all() {
        assert!(render(operation, &values).len() < 600, "{}", operation.name);
    }
}

#[test]
fn what_a_value_holds_never_passes_for_another_value() {
    let values = Values {
        actor: Some("Bob"),
        project: Some("{actor} 0actor0"),
        ..KNOWN
    };
    let told = parts(find("environment_variable.updated").unwrap(), &values);
    let of = |name| told.iter().filter(move |part| part.of == Some(name));
    assert_eq!(
        of("actor")
            .map(|part| part.text.as_str())
            .collect::<Vec<_>>(),
        ["Bob"]
    );
    assert_eq!(
        of("project")
            .map(|part| part.text.as_str())
            .collect::<Vec<_>>(),
        ["{actor} 0actor0"]
    );
    let ours = told.iter().filter(|part| part.of.is_none());
    let ours = ours.map(|part| part.text.as_str()).collect::<Vec<_>>();
    assert_eq!(ours, [" changed the environment variable ", " of ", " in "]);
}

#[test]
fn names_without_a_template_are_told_as_they_stand() {
    assert_eq!(
        render_unknown("parcel.weighed", &KNOWN),
        "Ann did parcel.weighed to the environment variable DATABASE_URL in shop"
    );
    let denied = Values {
        outcome: Some("denied"),
        ..Values::default()
    };
    assert_eq!(
        render_unknown("parcel.weighed", &denied),
        "Somebody did parcel.weighed (denied)"
    );
    assert_eq!(
        render_unknown("a\nb.{actor}", &Values::default()),
        "Somebody did a b.{actor}"
    );
}
