//! The ready `ConfigMap` of `integrations/argocd` and the fixtures agree: bodies are of the form that the templates give.
//!
//! The fixtures were rendered from these templates by Go's `text/template`; here their form is compared: a template without
//! its actions is JSON, and has the members that the fixture of its trigger has.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

const TRIGGERS: [&str; 8] = [
    "created",
    "deleted",
    "deployed",
    "health-degraded",
    "sync-failed",
    "sync-running",
    "sync-status-unknown",
    "sync-succeeded",
];

fn config_map() -> BTreeMap<String, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = here.join("../../integrations/argocd/argocd-notifications-cm.yaml");
    let text = std::fs::read_to_string(path).expect("the ConfigMap is there");
    assert!(!text.contains('\t'), "YAML knows no tabs");
    let (_, data) = text.split_once("\ndata:\n").expect("a ConfigMap has data");
    let mut entries = BTreeMap::new();
    let mut current = String::new();
    for line in data.lines() {
        let key = line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with([' ', '#']))
            .and_then(|rest| rest.strip_suffix(": |"));
        if let Some(key) = key {
            key.clone_into(&mut current);
            assert!(entries.insert(current.clone(), String::new()).is_none());
        } else if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
            let line = line.strip_prefix("    ").expect("a text is indented");
            let entry = entries.get_mut(&current).expect("a key comes first");
            entry.push_str(line);
            entry.push('\n');
        }
    }
    entries
}

/// The body that a template makes of an application without anything, but for its lists.
fn skeleton(template: &str) -> Value {
    let (_, body) = template
        .split_once("body: |\n")
        .expect("a template has a body");
    let mut plain = String::new();
    let mut rest = body;
    let mut skipping = false;
    while let Some((before, after)) = rest.split_once("{{") {
        if !skipping {
            plain.push_str(before);
        }
        let (action, after) = after.split_once("}}").expect("an action ends");
        match action.split(' ').next().unwrap_or_default() {
            "toJson" if !skipping => plain.push_str("null"),
            "range" => skipping = true,
            "toJson" | "if" => {}
            // The first `end` closes `if`; what follows is still within the list.
            "end" => skipping = !after.trim_start().starts_with(']') && skipping,
            other => panic!("{other} is no action that is rendered here"),
        }
        rest = after;
    }
    plain.push_str(rest);
    serde_json::from_str(&plain).unwrap_or_else(|error| panic!("{error}: {plain}"))
}

fn same_members(template: &Value, rendered: &Value, at: &str) {
    match (template, rendered) {
        (Value::Object(template), Value::Object(rendered)) => {
            let names = |object: &serde_json::Map<String, Value>| {
                object
                    .keys()
                    .cloned()
                    .collect::<std::collections::BTreeSet<_>>()
            };
            assert_eq!(names(template), names(rendered), "{at}");
            for (name, value) in template {
                same_members(value, &rendered[name], &format!("{at}/{name}"));
            }
        }
        (Value::String(_), _) => assert_eq!(template, rendered, "{at}"),
        (Value::Array(_), _) => assert!(rendered.is_array(), "{at}"),
        _ => {}
    }
}

#[test]
fn every_template_is_json_and_the_fixtures_are_what_it_renders() {
    let entries = config_map();
    for trigger in TRIGGERS {
        let template = &entries[&format!("template.veritrail-{trigger}")];
        let mut skeleton = skeleton(template);
        assert_eq!(skeleton["trigger"], format!("on-{trigger}"));
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/fixtures/argocd/{trigger}.json"));
        let fixture = std::fs::read_to_string(fixture).unwrap();
        let rendered: Value = serde_json::from_str(&fixture).unwrap();
        // The address of Argo CD is whatever the installation says.
        skeleton["argocd_url"] = Value::Null;
        same_members(&skeleton, &rendered, "");
    }
}

#[test]
fn every_trigger_sends_its_template_once_and_every_subscription_has_its_trigger() {
    let entries = config_map();
    for trigger in TRIGGERS {
        let text = &entries[&format!("trigger.veritrail-{trigger}")];
        assert!(
            text.contains(&format!("send: [veritrail-{trigger}]")),
            "{trigger}"
        );
        let subscription = format!("- veritrail-{trigger}\n");
        assert!(
            entries["subscriptions"].contains(&subscription),
            "{trigger}"
        );
    }
    assert_eq!(entries.len(), 2 + 2 * TRIGGERS.len());
    assert!(entries["service.webhook.veritrail"].contains("value: Bearer $veritrail-token\n"));
}

#[test]
fn no_value_reaches_a_body_but_as_json() {
    for (key, text) in config_map() {
        for (_, action) in text.match_indices("{{").map(|(at, _)| text.split_at(at)) {
            let plain = ["{{toJson ", "{{range ", "{{if ", "{{end}}"];
            assert!(plain.iter().any(|start| action.starts_with(start)), "{key}");
        }
    }
}
