//! What guards the code: branch protection, rulesets, alerts, scans, tokens, keys, installations, webhooks.

use super::kind::{Kind, Number, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("branch_protection_rule", &["rule", "!alert"], "branch_protection_rule")
        .of("rule")
        .id(&["rule/id"])
        .named(&["rule/name"])
        .maps(&[
            ("created", "branch_protection.created"),
            ("edited", "branch_protection.updated"),
            ("deleted", "branch_protection.deleted"),
        ])
        .facts(&[
            "enforced_for_admins=rule/admin_enforced",
            "approvals_required=rule/required_approving_review_count",
            "checks_required=rule/required_status_checks",
            "force_pushes=rule/allow_force_pushes_enforcement_level",
            "deletions=rule/allow_deletions_enforcement_level",
        ]),
    kind(
        "branch_protection_configuration",
        &["@", "repository", "!changes"],
        "repository",
    )
    .alone(&[])
    .of("repository")
    .id(&["repository/id"])
    .named(&["repository/full_name"])
    .maps(&[
        ("enabled", "security_feature.enabled"),
        ("disabled", "security_feature.disabled"),
    ]),
    // Rulesets are what branch protection became: one name for both, told apart by the type of the resource.
    kind("repository_ruleset", &["repository_ruleset"], "repository_ruleset")
        .of("repository_ruleset")
        .id(&["repository_ruleset/id"])
        .named(&["repository_ruleset/name"])
        .maps(&[
            ("created", "branch_protection.created"),
            ("edited", "branch_protection.updated"),
            ("deleted", "branch_protection.deleted"),
        ])
        .facts(&[
            "enforcement=repository_ruleset/enforcement",
            "target=repository_ruleset/target",
            "source=repository_ruleset/source",
            "source_type=repository_ruleset/source_type",
            "rules=repository_ruleset/rules",
            "conditions=repository_ruleset/conditions",
            "bypass_actors=repository_ruleset/bypass_actors",
        ]),
    kind("code_scanning_alert", &["alert/tool"], "code_scanning_alert")
        .of("alert")
        .numbered(Number::Id)
        .maps(&[
            ("created", "security_alert.opened"),
            ("appeared_in_branch", "security_alert.updated"),
            ("updated_assignment", "security_alert.updated"),
            ("closed_by_user", "security_alert.dismissed"),
            ("fixed", "security_alert.resolved"),
            ("reopened", "security_alert.reopened"),
            ("reopened_by_user", "security_alert.reopened"),
        ])
        .facts(&[
            "rule=alert/rule/id",
            "severity=alert/rule/severity",
            "tool=alert/tool/name",
            "state=alert/state",
            "dismissed_reason=alert/dismissed_reason",
            "ref",
            "commit_sha=commit_oid",
        ])
        .people(&["alert/dismissed_by"]),
    kind("dependabot_alert", &["alert/dependency"], "dependabot_alert")
        .of("alert")
        .numbered(Number::Id)
        .maps(&[
            ("created", "security_alert.opened"),
            ("dismissed", "security_alert.dismissed"),
            ("auto_dismissed", "security_alert.dismissed"),
            ("fixed", "security_alert.resolved"),
            ("reintroduced", "security_alert.reopened"),
            ("reopened", "security_alert.reopened"),
            ("auto_reopened", "security_alert.reopened"),
            ("assignees_changed", "security_alert.updated"),
        ])
        .facts(&[
            "package=alert/dependency/package/name",
            "ecosystem=alert/dependency/package/ecosystem",
            "manifest=alert/dependency/manifest_path",
            "advisory=alert/security_advisory/ghsa_id",
            "cve=alert/security_advisory/cve_id",
            "severity=alert/security_advisory/severity",
            "state=alert/state",
            "dismissed_reason=alert/dismissed_reason",
        ])
        .people(&["alert/dismissed_by"]),
    // The secret itself is in none of these bodies, and would not be kept.
    kind("secret_scanning_alert", &["alert/secret_type", "!location"], "secret_scanning_alert")
        .of("alert")
        .numbered(Number::Id)
        .maps(&[
            ("created", "security_alert.opened"),
            ("publicly_leaked", "security_alert.updated"),
            ("validated", "security_alert.updated"),
            ("assigned", "security_alert.updated"),
            ("unassigned", "security_alert.updated"),
            ("resolved", "security_alert.resolved"),
            ("revoked", "security_alert.resolved"),
            ("reopened", "security_alert.reopened"),
        ])
        .facts(SECRET_SCANNING)
        .people(&["alert/resolved_by", "alert/push_protection_bypassed_by", "assignee"]),
    kind("secret_scanning_alert_location", &["alert", "location"], "secret_scanning_alert")
        .of("alert")
        .numbered(Number::Id)
        .maps(&[("created", "security_alert.updated")])
        .facts(&[
            "type=alert/secret_type",
            "location_type=location/type",
            "path=location/details/path",
            "commit_sha=location/details/commit_sha",
        ]),
    kind("secret_scanning_scan", &["source", "type", "?completed_at"], "repository")
        .alone(&[])
        .of("repository")
        .id(&["repository/id"])
        .named(&["repository/full_name"])
        .maps(&[("completed", "security_scan.completed")])
        .facts(&["scan=type", "source", "secret_types", "custom_pattern_name"]),
    kind("repository_vulnerability_alert", &["alert/affected_package_name"], "dependabot_alert")
        .of("alert")
        .id(&["alert/id"])
        .named(&["alert/ghsa_id"])
        .maps(&[
            ("create", "security_alert.opened"),
            ("dismiss", "security_alert.dismissed"),
            ("resolve", "security_alert.resolved"),
            ("reopen", "security_alert.reopened"),
        ])
        .facts(&[
            "package=alert/affected_package_name",
            "affected=alert/affected_range",
            "cve=alert/external_identifier",
            "severity=alert/severity",
            "dismissed_reason=alert/dismiss_reason",
        ]),
    kind("repository_advisory", &["repository_advisory"], "security_advisory")
        .of("repository_advisory")
        .id(&["repository_advisory/ghsa_id"])
        .maps(&[("published", "security_advisory.published")])
        .facts(&[
            "title=repository_advisory/summary",
            "cve=repository_advisory/cve_id",
            "severity=repository_advisory/severity",
            "state=repository_advisory/state",
        ]),
    kind("security_advisory", &["security_advisory"], "security_advisory")
        .of("security_advisory")
        .id(&["security_advisory/ghsa_id"])
        .maps(&[
            ("published", "security_advisory.published"),
            ("updated", "security_advisory.updated"),
            ("withdrawn", "security_advisory.withdrawn"),
        ])
        .facts(&[
            "title=security_advisory/summary",
            "cve=security_advisory/cve_id",
            "severity=security_advisory/severity",
        ]),
    // Enabled, disabled or changed: `operation.rs` compares before and after.
    kind("security_and_analysis", &["changes/from/security_and_analysis"], "repository")
        .of("repository")
        .id(&["repository/id"])
        .named(&["repository/full_name"]),
    kind("bypass_request_push_ruleset", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[("created", "exemption.requested")])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("bypass_request_secret_scanning", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[
            ("created", "exemption.requested"),
            ("completed", "push_protection.bypassed"),
        ])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("exemption_request_push_ruleset", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[("created", "exemption.requested")])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("exemption_request_secret_scanning", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[
            ("created", "exemption.requested"),
            ("completed", "push_protection.bypassed"),
        ])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("dismissal_request_code_scanning", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[("created", "security_alert.dismissal_requested")])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("dismissal_request_dependabot", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[("created", "security_alert.dismissal_requested")])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("dismissal_request_secret_scanning", EXEMPTION, "exemption_request")
        .of("exemption_request")
        .id(EXEMPTION_ID)
        .maps(&[("created", "security_alert.dismissal_requested")])
        .facts(EXEMPTION_FACTS)
        .people(EXEMPTION_PEOPLE),
    kind("deploy_key", &["key"], "deploy_key")
        .of("key")
        .id(&["key/id"])
        .named(&["key/title"])
        .maps(&[("created", "deploy_key.added"), ("deleted", "deploy_key.removed")])
        .facts(&["read_only=key/read_only", "verified=key/verified"]),
    kind(
        "personal_access_token_request",
        &["personal_access_token_request"],
        "personal_access_token",
    )
    .of("personal_access_token_request")
    .id(&["personal_access_token_request/token_id", "personal_access_token_request/id"])
    .named(&["personal_access_token_request/token_name"])
    .maps(&[
        ("created", "access_token.requested"),
        ("approved", "access_token.request_approved"),
        ("denied", "access_token.request_rejected"),
    ])
    .facts(&[
        "request=personal_access_token_request/id",
        "permissions_added=personal_access_token_request/permissions_added",
        "permissions_upgraded=personal_access_token_request/permissions_upgraded",
        "permissions=personal_access_token_request/permissions_result",
        "repository_selection=personal_access_token_request/repository_selection",
        "repository_count=personal_access_token_request/repository_count",
        "expires_at=personal_access_token_request/token_expires_at",
        "expired=personal_access_token_request/token_expired",
    ])
    .people(&["personal_access_token_request/owner"]),
    kind(
        "installation",
        &["installation/account", "!repositories_added", "!changes", "!repository"],
        "app_installation",
    )
    .of("installation")
    .id(&["installation/id"])
    .named(&["installation/app_slug"])
    .maps(&[
        ("created", "app_installation.created"),
        ("deleted", "app_installation.deleted"),
        ("suspend", "app_installation.suspended"),
        ("unsuspend", "app_installation.resumed"),
        ("new_permissions_accepted", "app_installation.updated"),
    ])
    .facts(INSTALLATION)
    .people(&["requester"]),
    kind("installation_repositories", &["installation", "?repositories_added"], "app_installation")
        .of("installation")
        .id(&["installation/id"])
        .named(&["installation/app_slug"])
        .maps(&[
            ("added", "app_installation.updated"),
            ("removed", "app_installation.updated"),
        ])
        .facts(INSTALLATION)
        .people(&["requester"]),
    kind("installation_target", &["target_type", "account", "changes"], "app_installation")
        .of("account")
        .id(&["installation/id"])
        .named(&["account/login"])
        .maps(&[("renamed", "app_installation.updated")])
        .facts(&["target_type"]),
    // The person whose authorisation it was is the one who acts.
    kind(
        "github_app_authorization",
        &["action=revoked", "sender", "!repository", "!organization", "!installation"],
        "app_authorization",
    )
    .alone(&[])
    .id(&["sender/id"])
    .maps(&[("revoked", "access_token.revoked")]),
    kind("meta", &["hook", "?hook_id", "!zen"], "webhook")
        .of("hook")
        .id(&["hook_id", "hook/id"])
        .named(&["hook/name"])
        .maps(&[("deleted", "webhook.deleted")])
        // `config` holds an address that may hold a token: only these two of its members are kept.
        .facts(&[
            "events=hook/events",
            "hook_type=hook/type",
            "content_type=hook/config/content_type",
            "insecure_ssl=hook/config/insecure_ssl",
        ]),
];

const INSTALLATION: &[&str] = &[
    "app=installation/app_id",
    "account=installation/account/login",
    "permissions=installation/permissions",
    "events=installation/events",
    "repository_selection=installation/repository_selection",
];
const SECRET_SCANNING: &[&str] = &[
    "type=alert/secret_type",
    "resolution=alert/resolution",
    "validity=alert/validity",
    "publicly_leaked=alert/publicly_leaked",
    "multi_repo=alert/multi_repo",
    "push_protection_bypassed=alert/push_protection_bypassed",
];
const EXEMPTION: &[&str] = &["exemption_request"];
const EXEMPTION_ID: &[&str] = &["exemption_request/id"];
const EXEMPTION_FACTS: &[&str] = &[
    "request_type=exemption_request/request_type",
    "status=exemption_request/status",
    "number=exemption_request/number",
    "response=exemption_response/status",
    "expires_at=exemption_request/expires_at",
];
const EXEMPTION_PEOPLE: &[&str] = &["exemption_request/requester", "exemption_response/reviewer"];
