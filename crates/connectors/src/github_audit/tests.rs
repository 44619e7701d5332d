use super::*;

fn read(text: &str) -> Event {
    let value = ledger::json::parse(text.as_bytes()).unwrap();
    match entry(&value, 0) {
        Item::Event(event) => {
            ledger::event::read(event.to_value()).unwrap();
            *event
        }
        other => panic!("{other:?}"),
    }
}

const HOOK: &str = r#"{"@timestamp":1773325927123,"_document_id":"dOc-1","action":"hook.config_changed",
    "actor":"mira-ops","actor_id":4711,"actor_ip":"198.51.100.7","actor_location":{"country_code":"DE"},
    "user_agent":"Mozilla/5.0","org":"acme","org_id":12,"repo":"acme/web","repo_id":34,"hook_id":56,
    "active":true,"active_was":false,"config":{"url":"https://hooks.example.com/?token=s3cret"},
    "config_was":{"url":"https://old.example.com"},"operation_type":"modify",
    "external_identity_nameid":"mira@acme.example","token_id":99,"programmatic_access_type":"OAuth access token"}"#;

#[test]
fn an_entry_says_who_did_what_from_where() {
    let event = read(HOOK);
    assert_eq!(event.operation, "webhook.updated");
    assert_eq!(event.timestamp.unwrap().to_string(), "2026-03-12T14:32:07.123000Z");
    assert_eq!(event.actor.name.as_deref(), Some("mira-ops"));
    assert_eq!(event.actor.id.as_deref(), Some("4711"));
    assert_eq!(event.actor.credential_id.as_deref(), Some("99"));
    assert_eq!(event.origin.ip.as_deref(), Some("198.51.100.7"));
    assert_eq!(event.resource, Thing::new("webhook", "56"));
    assert_eq!(event.project_id.as_deref(), Some("acme/web"));
    assert_eq!(event.changes.len(), 1);
    assert_eq!(event.changes[0].field, "active");
    let text = event.to_value().to_compact();
    assert!(!text.contains("s3cret") && !text.contains("hooks.example.com"), "{text}");
    assert!(text.contains("mira@acme.example"), "kept with the person: {text}");
}

#[test]
fn an_entry_is_one_event_whichever_way_it_comes() {
    let exported = HOOK.replace("\"user_agent\":\"Mozilla/5.0\",", "");
    assert_eq!(read(HOOK).id, read(&exported).id);
    assert_ne!(read(HOOK).id, read(&HOOK.replace("dOc-1", "dOc-2")).id);
    let bare = r#"{"action":"repo.create","actor":"a","created_at":1773325927123,"repo":"acme/web"}"#;
    assert_eq!(read(bare).id, read(bare).id);
    assert_ne!(read(bare).id, read(&bare.replace("web", "app")).id);
}

#[test]
fn who_is_given_or_loses_something_is_what_was_acted_upon() {
    let event = read(
        r#"{"action":"org.update_member","actor":"mira","actor_id":1,"user":"jo","user_id":2,"org":"acme","org_id":3,
            "permission":"admin","old_permission":"read","created_at":1773325927123}"#,
    );
    assert_eq!(event.operation, "user.role_changed");
    assert_eq!(event.resource, Thing::new("user", "2").named("jo"));
    assert_eq!(event.changes[0].field, "permission");
}

#[test]
fn actions_have_names_of_the_vocabulary_or_keep_their_own() {
    let operation = |action: &str, more: &str| {
        read(&format!(r#"{{"action":"{action}","actor":"a"{more}}}"#)).operation.into_owned()
    };
    for (action, more, expect) in [
        ("repo.access", r#","visibility":"public""#, "repository.publicized"),
        ("repo.access", r#","visibility":"private""#, "repository.visibility_changed"),
        ("public_key.create", r#","repo":"acme/web""#, "deploy_key.added"),
        ("public_key.create", "", "ssh_key.added"),
        ("org.create_actions_secret", "", "secret.created"),
        ("environment.remove_actions_secret", "", "secret.deleted"),
        ("repo.update_actions_variable", "", "environment_variable.updated"),
        ("org.disable_two_factor_requirement", "", "security_feature.disabled"),
        ("secret_scanning.enable", "", "security_feature.enabled"),
        ("protected_branch.update_admin_enforced", "", "branch_protection.updated"),
        ("workflows.completed_workflow_run", r#","conclusion":"failure""#, "workflow.failed"),
        ("codespaces.suspend_codespace", "", "github.codespaces_suspend_codespace"),
        ("Wild Action!", "", "github.wild_action"),
    ] {
        assert_eq!(operation(action, more), expect, "{action}");
    }
}

#[test]
fn what_is_no_entry_is_refused_or_passed_over_by_name() {
    let read = |text: &str| entry(&ledger::json::parse(text.as_bytes()).unwrap(), 7);
    for text in ["[]", "1", "{}", r#"{"action":1}"#, r#"{"action":""}"#] {
        let Item::Refused(refusal) = read(text) else {
            panic!("{text}");
        };
        assert_eq!((refusal.rule, refusal.index), ("github_audit.no_action", 7));
    }
    let check = read(r#"{"action":"audit_log_streaming.check"}"#);
    assert!(matches!(check, Item::Passed { rule: "github.streaming_check" }));
}

#[test]
fn no_action_is_mapped_twice() {
    let mut seen = std::collections::BTreeSet::new();
    for action in operation::mapped() {
        assert!(seen.insert(action), "{action}");
    }
}
