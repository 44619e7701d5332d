//! What audit events become, where a fixture would not say why.

use super::*;
use crate::event::{Event, Nature};
use crate::noise::{Decision, Rules};
use crate::vendor::Vendor;

const IMPERSONATION: &[u8] = include_bytes!("../../tests/fixtures/kubernetes/impersonation.json");
const NOISE: &[u8] = include_bytes!("../../tests/fixtures/kubernetes/noise.json");

pub(super) fn reading(body: &[u8]) -> Reading {
    Vendor::Kubernetes.read(&Delivery::file(body)).unwrap()
}

/// The only event of a body with these members beside those that each must have.
fn event(members: &str) -> Event {
    let body = format!(
        r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a","stage":"ResponseComplete",{members}}}"#
    );
    let reading = reading(body.as_bytes());
    let [Item::Event(event)] = reading.items.as_slice() else {
        panic!("{:?}", reading.items)
    };
    (**event).clone()
}

fn operation(verb: &str, resource: &str, more: &str) -> String {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let (resource, sub) = resource.split_once('/').unwrap_or((resource, ""));
    event(&format!(
        r#""verb":"{verb}","objectRef":{{"resource":"{resource}","subresource":"{sub}","apiGroup":"{group}","namespace":"n","name":"x"}},"responseStatus":{{"code":200}}{more}"#
    ))
    .operation
    .into_owned()
}

#[test]
fn who_acted_for_whom_and_what_was_refused_is_told() {
    let reading = reading(IMPERSONATION);
    let events: Vec<&Event> = reading.events().collect();
    let [refused, _, behind, anonymous] = events[..] else {
        panic!("{}", events.len())
    };
    assert_eq!(refused.actor.id.as_deref(), Some("kubernetes-admin"));
    let other = refused.actor.on_behalf_of.as_ref().unwrap();
    assert_eq!(
        (&*other.kind, other.id.as_deref()),
        ("user", Some("lee@example.com"))
    );
    let outcome = refused.outcome.as_ref().unwrap();
    assert_eq!(
        (outcome.result, outcome.code.as_deref()),
        ("denied", Some("403"))
    );
    assert!(
        !refused
            .to_value()
            .member("outcome")
            .unwrap()
            .to_compact()
            .contains("lee@")
    );
    assert_eq!(refused.operation, "workload.deleted");
    let account = behind.actor.on_behalf_of.as_ref().unwrap();
    assert_eq!(account.kind, "service_account");
    assert_eq!(behind.origin.ip.as_deref(), Some("203.0.113.9"));
    assert_eq!(
        (anonymous.actor.kind, anonymous.nature),
        ("anonymous", Nature::SensitiveRead)
    );
}

#[test]
fn a_replay_in_whatever_form_adds_nothing() {
    let ids = |body: &[u8]| {
        let reading = reading(body);
        reading
            .events()
            .map(|event| event.id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(IMPERSONATION), ids(IMPERSONATION));
    let list = ledger::json::parse(IMPERSONATION).unwrap();
    let items = list.member("items").unwrap().as_array().unwrap();
    let lines: Vec<String> = items.iter().map(ledger::json::Value::to_compact).collect();
    assert_eq!(ids(lines.join("\n").as_bytes()), ids(IMPERSONATION));
    let records: Vec<String> = lines
        .iter()
        .map(|line| {
            let mut log = String::new();
            ledger::json::write_string(line, &mut log);
            format!(r#"{{"category":"kube-audit","properties":{{"log":{log}}}}}"#)
        })
        .collect();
    let azure = format!(r#"{{"records":[{}]}}"#, records.join(","));
    assert_eq!(ids(azure.as_bytes()), ids(IMPERSONATION));
}

/// Clients may choose the audit id: the id of an innocent request must not hide another.
#[test]
fn an_audit_id_that_a_client_chose_hides_nothing() {
    let at = |uri: &str, time: &str| {
        event(&format!(
            r#""verb":"delete","requestURI":"{uri}","requestReceivedTimestamp":"{time}""#
        ))
        .id
    };
    let first = at("/a", "2026-03-12T14:32:07.000001Z");
    assert_ne!(first, at("/b", "2026-03-12T14:32:07.000001Z"));
    assert_ne!(first, at("/a", "2026-03-12T14:32:07.000002Z"));
    assert_eq!(first, at("/a", "2026-03-12T14:32:07.000001Z"));
}

#[test]
fn default_rules_keep_what_changes_and_name_what_they_leave_out() {
    let rules = Rules::of_vendor(Vendor::Kubernetes);
    let reading = reading(NOISE);
    let left_out: Vec<_> = reading
        .events()
        .map(|event| match rules.decide(event) {
            Decision::Keep => "",
            Decision::LeaveOut { rule } => rule.strip_prefix("kubernetes.").unwrap(),
        })
        .collect();
    let expect = [
        "leases",
        "leases",
        "events",
        "health",
        "discovery",
        "discovery",
        "status",
        "status",
        "reviews",
        "reads",
        "reads",
        "reads",
        "controllers",
        "scheduler",
        "controllers",
        "",
        "",
        "",
        "",
    ];
    assert_eq!(left_out, expect);
}

#[test]
fn no_default_rule_leaves_out_what_a_person_changed_or_was_refused() {
    let rules = Rules::of_vendor(Vendor::Kubernetes);
    assert!(rules.exclude.len() + rules.include.len() <= crate::noise::RULES_MAX);
    for resource in [
        "pods",
        "nodes",
        "endpoints",
        "configmaps",
        "replicasets.apps",
        "secrets",
    ] {
        for verb in ["create", "update", "patch", "delete", "deletecollection"] {
            for user in [
                "ana",
                "system:admin",
                "system:serviceaccount:ci:deployer",
                "system:serviceaccount:kube-system:mine",
            ] {
                let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
                let event = event(&format!(
                    r#""verb":"{verb}","user":{{"username":"{user}"}},"objectRef":{{"resource":"{plural}","apiGroup":"{group}","name":"x"}},"responseStatus":{{"code":200}}"#
                ));
                assert_eq!(
                    rules.decide(&event),
                    Decision::Keep,
                    "{user} {verb} {resource}"
                );
            }
        }
        let refused = event(&format!(
            r#""verb":"get","user":{{"username":"system:node:a"}},"objectRef":{{"resource":"{resource}"}},"responseStatus":{{"code":403}}"#
        ));
        assert_eq!(rules.decide(&refused), Decision::Keep);
    }
}

#[test]
fn verbs_have_operations_of_the_vocabulary() {
    for (verb, resource, expect) in [
        ("create", "deployments.apps", "workload.created"),
        ("delete", "pods", "pod.deleted"),
        ("deletecollection", "secrets", "resource.collection_deleted"),
        ("get", "secrets", "secret.read"),
        ("list", "secrets", "secret.listed"),
        ("watch", "secrets", "secret.read"),
        ("get", "configmaps", "resource.read"),
        ("get", "pods/log", "pod.logs_read"),
        ("get", "pods/exec", "pod.connection_closed"),
        ("create", "pods/eviction", "pod.evicted"),
        ("patch", "pods/ephemeralcontainers", "pod.debugged"),
        ("update", "deployments/scale.apps", "service.scaled"),
        (
            "patch",
            "deployments/status.apps",
            "resource.status_updated",
        ),
        ("update", "namespaces/finalize", "namespace.updated"),
        ("create", "serviceaccounts/token", "access_token.created"),
        (
            "create",
            "rolebindings.rbac.authorization.k8s.io",
            "permission.granted",
        ),
        (
            "delete",
            "clusterrolebindings.rbac.authorization.k8s.io",
            "permission.revoked",
        ),
        (
            "create",
            "networkpolicies.networking.k8s.io",
            "firewall_rule.created",
        ),
        ("create", "widgets.example.com", "resource.created"),
        ("create", "services.serving.knative.dev", "resource.created"),
        ("impersonate", "users", "user.impersonated"),
        (
            "bind",
            "clusterroles.rbac.authorization.k8s.io",
            "kubernetes.bind",
        ),
    ] {
        assert_eq!(operation(verb, resource, ""), expect, "{verb} {resource}");
    }
}

#[test]
fn a_change_that_was_only_tried_is_none() {
    let uri = r#","requestURI":"/x?dryRun=All""#;
    assert_eq!(operation("update", "pods", uri), "resource.change_tried");
    let options = r#","requestObject":{"kind":"DeleteOptions","dryRun":["All"]}"#;
    assert_eq!(
        operation("delete", "pods", options),
        "resource.change_tried"
    );
}

/// Of a deletion the API server reads the query only where there is no body.
#[test]
fn a_deletion_is_dropped_as_a_try_only_if_its_body_says_so() {
    let rules = Rules::of_vendor(Vendor::Kubernetes);
    for verb in ["delete", "deletecollection"] {
        for body in [
            "",
            r#","requestObject":{"kind":"DeleteOptions"}"#,
            r#","requestObject":{"kind":"DeleteOptions","dryRun":[]}"#,
            r#","requestObject":{"kind":"DeleteOptions","dryRun":"All"}"#,
        ] {
            let event = event(&format!(
                r#""verb":"{verb}","requestURI":"/x?dryRun=All","user":{{"username":"ana"}},"objectRef":{{"resource":"pods","namespace":"n","name":"x"}},"responseStatus":{{"code":200}}{body}"#
            ));
            assert_ne!(event.operation, "resource.change_tried", "{verb} {body}");
            assert_eq!(rules.decide(&event), Decision::Keep);
            let text = event.to_value().to_compact();
            assert!(text.contains("dry_run_asked"), "{text}");
        }
    }
    // Of whatever is no deletion the query alone decides, and tokens are made in any case.
    let body = r#","requestObject":{"dryRun":["All"]}"#;
    assert_eq!(operation("create", "pods", body), "pod.created");
    let query = r#","requestURI":"/x?a=b&dryRun=All""#;
    assert_eq!(operation("create", "pods", query), "resource.change_tried");
    assert_eq!(
        operation("create", "serviceaccounts/token", query),
        "access_token.created"
    );
}

#[test]
fn leases_and_events_are_left_out_only_as_the_cluster_writes_them() {
    let rules = Rules::of_vendor(Vendor::Kubernetes);
    let decide = |user: &str, verb: &str, resource: &str| {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        let event = event(&format!(
            r#""verb":"{verb}","user":{{"username":"{user}"}},"objectRef":{{"resource":"{plural}","apiGroup":"{group}","namespace":"n","name":"x"}},"responseStatus":{{"code":200}}"#
        ));
        match rules.decide(&event) {
            Decision::Keep => String::new(),
            Decision::LeaveOut { rule } => rule.to_owned(),
        }
    };
    let parts = [
        "system:node:a",
        "system:kube-scheduler",
        "system:serviceaccount:kube-system:x",
        "eks:node-manager",
    ];
    let own = [
        ("leases.coordination.k8s.io", "kubernetes.leases"),
        ("events", "kubernetes.events"),
        ("events.events.k8s.io", "kubernetes.events"),
    ];
    for (resource, rule) in own {
        for verb in ["create", "update", "patch"] {
            assert_eq!(decide("ana", verb, resource), "");
            assert_eq!(decide("system:admin", verb, resource), "");
            for part in parts {
                assert_eq!(decide(part, verb, resource), rule, "{part} {verb}");
            }
        }
        for verb in ["delete", "deletecollection"] {
            for user in ["ana", "system:node:a", "system:kube-scheduler"] {
                assert_eq!(decide(user, verb, resource), "", "{user} {verb} {resource}");
            }
        }
    }
    for resource in [
        "leases.evil.io",
        "lease.evil.io",
        "leases.evil.k8s.io",
        "leases",
        "events.evil.io",
        "events.evil.k8s.io",
        "paths.evil.io",
        "selfsubjectaccessreviews.evil.k8s.io",
    ] {
        for user in ["ana", "system:node:a"] {
            assert_eq!(decide(user, "update", resource), "", "{user} {resource}");
        }
    }
    let foreign = event(
        r#""verb":"update","objectRef":{"resource":"leases","apiGroup":"evil.io","name":"x"}"#,
    );
    assert_eq!(foreign.resource.kind, "evil_io_lease");
}

#[test]
fn an_error_that_repeats_what_was_sent_is_kept_up_to_there() {
    let message = |resource: &str, text: &str| {
        let mut quoted = String::new();
        ledger::json::write_string(text, &mut quoted);
        event(&format!(
            r#""verb":"create","objectRef":{{"resource":"{resource}","name":"x"}},"responseStatus":{{"code":400,"reason":"BadRequest","message":{quoted}}}"#
        ))
        .outcome
        .unwrap()
        .message
        .unwrap()
    };
    for (resource, text, expect) in [
        (
            "secrets",
            r#"Secret in version "v1" cannot be handled as a Secret: json: v1.Secret.StringData: ReadString: expects ", error found in #10 byte of ...|HUNTERA|..., bigger context ...|{"stringData":{"config.ini":"HUNTERB"|..."#,
            r#"BadRequest: Secret in version "v1" cannot be handled as a Secret: json: v1.Secret.StringData: ReadString: expects ", error found in [left out]"#,
        ),
        (
            "pods",
            r#"json: odd, bigger context ...|env":[{"name":"DSN","value":"HUNTERC"}"#,
            "BadRequest: json: odd, bigger context [left out]",
        ),
        (
            "deployments",
            r#"Deployment "x" is invalid: spec.template.spec.containers[0].env[0].value: Invalid value: "HUNTERD": too long"#,
            r#"BadRequest: Deployment "x" is invalid: spec.template.spec.containers[0].env[0].value: Invalid value: [left out]"#,
        ),
        (
            "configmaps",
            r#"Object 'Kind' is missing in '{"data":{"a":"HUNTERE"}}'"#,
            "BadRequest: Object 'Kind' is missing in ' [left out]",
        ),
        (
            "pods",
            "The order in patch list:
[map[name:DSN value:HUNTERF]]
 doesn't match",
            "BadRequest: The order in patch list [left out]",
        ),
        ("pods", "pods is a word", "BadRequest: pods is a word"),
    ] {
        assert_eq!(message(resource, text), expect);
    }
}

#[test]
fn a_rollout_that_changes_more_than_its_annotation_is_no_restart() {
    let annotations = r#""metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-03-12T14:32:07Z"}}"#;
    let patched = |body: &str| {
        let more = format!(r#","requestObject":{body}"#);
        operation("patch", "deployments.apps", &more)
    };
    let alone = format!(r#"{{"spec":{{"template":{{{annotations}}}}}}}"#);
    assert_eq!(patched(&alone), "workload.restarted");
    let step = r#"{"op":"add","path":"/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt","value":"now"}"#;
    assert_eq!(patched(&format!("[{step}]")), "workload.restarted");
    let image =
        r#"{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"evil"}"#;
    for body in [
        format!(
            r#"{{"spec":{{"template":{{{annotations},"spec":{{"containers":[{{"name":"a","image":"evil"}}]}}}}}}}}"#
        ),
        format!(
            r#"{{"spec":{{"template":{{{annotations},"spec":{{"serviceAccountName":"root"}}}}}}}}"#
        ),
        format!(r#"{{"spec":{{"replicas":0,"template":{{{annotations}}}}}}}"#),
        format!(
            r#"{{"metadata":{{"labels":{{"a":"b"}}}},"spec":{{"template":{{{annotations}}}}}}}"#
        ),
        alone.replace("\"}}}", "\",\"kind\":\"b\"}}}"),
        format!("[{step},{image}]"),
    ] {
        assert_eq!(patched(&body), "workload.updated", "{body}");
    }
}

#[test]
fn what_is_looked_at_behind_a_proxy_or_as_somebody_else_is_kept() {
    let rules = Rules::of_vendor(Vendor::Kubernetes);
    for (resource, more) in [
        ("pods", r#","subresource":"proxy""#),
        ("services", r#","subresource":"proxy""#),
    ] {
        let event = event(&format!(
            r#""verb":"get","user":{{"username":"ana"}},"requestURI":"/api/v1/x/proxy/admin","objectRef":{{"resource":"{resource}","name":"x"{more}}},"responseStatus":{{"code":200}}"#
        ));
        assert_eq!(event.nature, Nature::SensitiveRead);
        assert_eq!(rules.decide(&event), Decision::Keep, "{resource}");
    }
    for reference in [r#","objectRef":{"resource":"pods"}"#, ""] {
        let event = event(&format!(
            r#""verb":"get","user":{{"username":"ana"}},"impersonatedUser":{{"username":"root"}},"requestURI":"/version"{reference},"responseStatus":{{"code":200}}"#
        ));
        assert_eq!(rules.decide(&event), Decision::Keep, "{reference}");
    }
}

#[test]
fn a_status_without_a_code_says_how_it_ended() {
    let result = |status: &str| {
        event(&format!(r#""verb":"get","responseStatus":{status}"#))
            .outcome
            .map(|outcome| outcome.result)
    };
    for (status, expect) in [
        (
            r#"{"status":"Failure","reason":"Forbidden"}"#,
            Some("denied"),
        ),
        (
            r#"{"status":"Failure","reason":"Unauthorized"}"#,
            Some("denied"),
        ),
        (
            r#"{"status":"Failure","reason":"Conflict"}"#,
            Some("failure"),
        ),
        (r#"{"status":"Failure"}"#, Some("failure")),
        (r#"{"status":"Success"}"#, Some("success")),
        ("{}", None),
    ] {
        assert_eq!(result(status), expect, "{status}");
    }
}

#[test]
fn running_programs_through_a_kubelet_is_no_read() {
    let nature = |uri: &str| {
        event(&format!(
            r#""verb":"get","requestURI":"{uri}","objectRef":{{"resource":"nodes","subresource":"proxy","name":"a"}},"responseStatus":{{"code":200}}"#
        ))
        .nature
    };
    assert_eq!(
        nature("/api/v1/nodes/a/proxy/metrics/cadvisor"),
        Nature::Read
    );
    for path in [
        "exec/n/p/c?command=id",
        "run/n/p/c",
        "",
        "..%2fexec",
        "metrics/../run/n/p/c",
        "metrics/%2e%2e/run/n/p/c",
        "portForward/n/p",
    ] {
        assert_eq!(
            nature(&format!("/api/v1/nodes/a/proxy/{path}")),
            Nature::Change,
            "{path}"
        );
    }
}

#[test]
fn people_and_parts_of_the_cluster_are_told_apart() {
    for (name, expect) in [
        ("ana@example.com", "user"),
        ("system:serviceaccount:shop:web", "service_account"),
        ("system:node:a", "system"),
        ("system:kube-scheduler", "system"),
        ("system:anonymous", "anonymous"),
        ("system:admin", "user"),
        ("eks:node-manager", "system"),
        ("ci@example-shop.iam.gserviceaccount.com", "service_account"),
        ("", "anonymous"),
    ] {
        let event = event(&format!(r#""verb":"get","user":{{"username":"{name}"}}"#));
        assert_eq!(event.actor.kind, expect, "{name}");
    }
}

/// Every fixture that carries secrets says so in the same words.
#[test]
fn nothing_secret_in_any_fixture_is_in_an_event() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kubernetes");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let secret = ["leak-me-not", "bGVhay1tZS1ub3Q", "eyJhbGci", "me-not"];
        if path.extension().is_some_and(|end| end == "out") {
            assert!(
                !secret.iter().any(|secret| text.contains(secret)),
                "{path:?}"
            );
        } else {
            seen += usize::from(secret.iter().any(|secret| text.contains(secret)));
        }
    }
    assert!(seen >= 5, "{seen} fixtures carry secrets");
}
