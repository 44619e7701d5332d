//! What an entry of the audit log is about, where it says more than repository and organisation.

/// A resource type, the members that may hold its id, and those that may hold its name.
pub(super) type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

/// The row of an operation, else of the category: the action's part before the dot.
pub(super) fn of(category: &str, operation: &str) -> Option<Row> {
    let kind = operation.split('.').next().unwrap_or_default();
    if matches!(kind, "secret" | "environment_variable") {
        let keyed: &[&str] = &["key", "name"];
        let kind = if kind == "secret" {
            "secret"
        } else {
            "environment_variable"
        };
        return Some((kind, keyed, keyed));
    }
    // A repository's key, not a person's.
    if kind == "deploy_key" {
        return Some(("deploy_key", KEY, &["title"]));
    }
    let row = ROWS.iter().find(|(known, _)| *known == category);
    row.map(|(_, row)| *row)
}

const KEY: &[&str] = &["key_id", "public_key_id", "fingerprint"];
const PULL_REQUEST: Row = (
    "pull_request",
    &["pull_request_id"],
    &["pull_request_title"],
);
const ALERT: Row = (
    "security_alert",
    &["alert_id", "alert_number", "number", "id"],
    &["alert_type", "ghsa_id"],
);

#[rustfmt::skip] // a table reads better packed
const ROWS: &[(&str, Row)] = &[
    ("hook", ("webhook", &["hook_id"], &["name"])),
    ("protected_branch", ("branch_protection_rule", &["protected_branch_id", "id", "name"], &["name", "branch"])),
    ("repository_ruleset", ("repository_ruleset", &["ruleset_id", "id"], &["ruleset_name", "name"])),
    ("public_key", ("ssh_key", KEY, &["title"])),
    ("environment", ("environment", &["environment_name", "name"], &["environment_name", "name"])),
    ("integration_installation", ("app_installation", &["integration_installation_id", "installation_id", "integration"], &["integration", "name"])),
    ("integration", ("oauth_application", &["integration_id", "integration"], &["integration", "name"])),
    ("oauth_application", ("oauth_application", &["oauth_application_id"], &["oauth_application", "oauth_application_name"])),
    ("personal_access_token", ("personal_access_token", &["user_programmatic_access_id", "user_programmatic_access_name"], &["user_programmatic_access_name"])),
    ("workflows", ("workflow_run", &["workflow_run_id", "workflow_id"], &["name"])),
    ("pull_request", PULL_REQUEST),
    ("pull_request_review", PULL_REQUEST),
    ("pull_request_review_comment", PULL_REQUEST),
    ("secret_scanning_alert", ALERT),
    ("code_scanning", ALERT),
    ("repository_vulnerability_alert", ALERT),
    ("team", ("team", &["team_id", "team"], &["team"])),
    ("org", ("organization", &["org_id", "org"], &["org"])),
    ("business", ("enterprise", &["business_id", "business"], &["business"])),
    ("ip_allow_list_entry", ("firewall_rule", &["ip_allow_list_entry_id", "allow_list_value"], &["name"])),
    ("audit_log_streaming", ("audit_trail", &["id", "sink_type", "business_id"], &["sink_type"])),
];
