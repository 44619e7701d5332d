//! What the audit log's actions are called here. GitHub names some thousand; those that guard something, or that many
//! products have, are mapped. Others keep GitHub's name: `github.<category>_<action>`.

use std::borrow::Cow;

use ledger::json::Value;
use ledger::vocabulary::{self, Resolved};

use crate::look;

/// The operation of an action.
pub(super) fn of(action: &str, value: &Value<'_>) -> Cow<'static, str> {
    let named = decided(action, value)
        .or_else(|| EXACT.iter().find(|(known, _)| *known == action).map(|(_, name)| *name))
        .or_else(|| by_pattern(action));
    if let Some(name) = named {
        return Cow::Borrowed(name);
    }
    match vocabulary::resolve(action) {
        Ok(Resolved::Canonical(operation) | Resolved::Alias { operation }) => {
            Cow::Borrowed(operation.name)
        }
        _ => {
            let (category, verb) = action.split_once('.').unwrap_or((action, ""));
            Cow::Owned(crate::github::operation::generic("github", category, verb))
        }
    }
}

/// Whether the person whom the entry names as `user` is what was acted upon.
pub(super) fn is_about_person(operation: &str) -> bool {
    matches!(
        operation.split('.').next(),
        Some("user" | "mfa" | "password" | "session" | "access" | "recovery_code" | "passkey")
    ) || operation.starts_with("team.member_")
        || matches!(
            operation,
            "permission.updated" | "permission.granted" | "permission.revoked" | "invitation.created"
        )
}

/// A resource type, the members that hold its id, and those that hold its name.
pub(super) type Own = (&'static str, &'static [&'static str], &'static [&'static str]);

/// What actions of a category are about, where the entry says more than repository and organisation.
pub(super) fn thing(category: &str, operation: &str) -> Option<Own> {
    match operation.split('.').next() {
        Some("secret") => return Some(("secret", &["key", "name"], &["key", "name"])),
        Some("environment_variable") => {
            return Some(("environment_variable", &["key", "name"], &["key", "name"]));
        }
        _ => {}
    }
    Some(match category {
        "hook" => ("webhook", &["hook_id"], &["name"]),
        "protected_branch" => ("branch_protection_rule", &["protected_branch_id", "id", "name"], &["name", "branch"]),
        "repository_ruleset" => ("repository_ruleset", &["ruleset_id", "id"], &["ruleset_name", "name"]),
        "public_key" | "deploy_key" => ("ssh_key", &["key_id", "public_key_id", "fingerprint"], &["title"]),
        "environment" => ("environment", &["environment_name", "name"], &["environment_name", "name"]),
        "integration_installation" => ("app_installation", &["integration_installation_id", "installation_id", "integration"], &["integration", "name"]),
        "integration" => ("oauth_application", &["integration_id", "integration"], &["integration", "name"]),
        "oauth_application" => ("oauth_application", &["oauth_application_id"], &["oauth_application", "oauth_application_name"]),
        "personal_access_token" => ("personal_access_token", &["user_programmatic_access_id", "user_programmatic_access_name"], &["user_programmatic_access_name"]),
        "workflows" => ("workflow_run", &["workflow_run_id", "workflow_id"], &["name"]),
        "pull_request" | "pull_request_review" | "pull_request_review_comment" => ("pull_request", &["pull_request_id"], &["pull_request_title"]),
        "secret_scanning_alert" | "code_scanning" | "repository_vulnerability_alert" => ("security_alert", &["alert_id", "alert_number", "number", "id"], &["alert_type", "ghsa_id"]),
        "team" => ("team", &["team_id", "team"], &["team"]),
        "org" => ("organization", &["org_id", "org"], &["org"]),
        "business" => ("enterprise", &["business_id", "business"], &["business"]),
        "ip_allow_list_entry" => ("firewall_rule", &["ip_allow_list_entry_id", "allow_list_value"], &["name"]),
        "audit_log_streaming" => ("audit_trail", &["id", "sink_type", "business_id"], &["sink_type"]),
        _ => return None,
    })
}

fn decided(action: &str, value: &Value<'_>) -> Option<&'static str> {
    match action {
        "repo.access" if look::text(value, &["visibility"]) == Some("public") => {
            Some("repository.publicized")
        }
        "workflows.completed_workflow_run" => {
            crate::github::operation::workflow(look::text(value, &["conclusion"]))
        }
        // A key of a repository is a deploy key, one of a person is not.
        "public_key.create" if look::at(value, &["repo"]).is_some() => Some("deploy_key.added"),
        "public_key.delete" if look::at(value, &["repo"]).is_some() => Some("deploy_key.removed"),
        _ => None,
    }
}

/// Families of actions: what is created, updated and deleted everywhere alike, and what is turned on and off.
fn by_pattern(action: &str) -> Option<&'static str> {
    let (category, verb) = action.split_once('.')?;
    for (part, created, updated, deleted) in [
        ("secret", "secret.created", "secret.updated", "secret.deleted"),
        (
            "variable",
            "environment_variable.created",
            "environment_variable.updated",
            "environment_variable.deleted",
        ),
    ] {
        // create_actions_secret, update_codespaces_secret, remove_actions_variable
        if verb.ends_with(part) {
            match verb.split('_').next() {
                Some("create" | "add") => return Some(created),
                Some("update") => return Some(updated),
                Some("remove" | "delete" | "destroy") => return Some(deleted),
                _ => {}
            }
        }
    }
    if category == "protected_branch" && verb.starts_with("update_") {
        return Some("branch_protection.updated");
    }
    let guards = GUARDS.iter().any(|guard| category.contains(guard) || verb.contains(guard));
    if guards && (verb.starts_with("enable") || verb.ends_with("_enabled")) {
        return Some("security_feature.enabled");
    }
    if guards && (verb.starts_with("disable") || verb.ends_with("_disabled")) {
        return Some("security_feature.disabled");
    }
    None
}

/// Words of features that guard something: turned on or off under many categories.
const GUARDS: &[&str] = &[
    "advanced_security",
    "code_scanning",
    "dependabot",
    "dependency_graph",
    "ip_allow_list",
    "push_protection",
    "secret_scanning",
    "two_factor",
    "vulnerability",
];

#[rustfmt::skip] // a table reads better packed
const EXACT: &[(&str, &str)] = &[
    // Repositories and code.
    ("repo.create", "repository.created"),
    ("repo.destroy", "repository.deleted"),
    ("repo.restore", "repository.restored"),
    ("repo.access", "repository.visibility_changed"),
    ("repo.archived", "repository.archived"),
    ("repo.unarchived", "repository.unarchived"),
    ("repo.rename", "repository.renamed"),
    ("repo.transfer", "repository.transferred"),
    ("repo.update_default_branch", "repository.updated"),
    ("repo.change_merge_setting", "repository.updated"),
    ("repo.add_topic", "repository.updated"),
    ("repo.remove_topic", "repository.updated"),
    ("repo.download_zip", "repository.cloned"),
    ("repo.add_member", "team.member_added"),
    ("repo.update_member", "permission.updated"),
    ("repo.remove_member", "team.member_removed"),
    ("repo.update_actions_settings", "setting.updated"),
    ("repo.update_actions_access_settings", "setting.updated"),
    ("repo.actions_enabled", "setting.updated"),
    ("repo.set_actions_retention_limit", "setting.updated"),
    ("repo.set_fork_pr_workflows_policy", "setting.updated"),
    ("repo.set_default_workflow_permissions", "permission.updated"),
    ("git.clone", "repository.cloned"),
    ("git.push", "code.pushed"),
    // Guards of the code.
    ("protected_branch.create", "branch_protection.created"),
    ("protected_branch.destroy", "branch_protection.deleted"),
    ("protected_branch.policy_override", "branch_protection.bypassed"),
    ("protected_branch.rejected_ref_update", "access.denied"),
    ("repository_ruleset.create", "branch_protection.created"),
    ("repository_ruleset.update", "branch_protection.updated"),
    ("repository_ruleset.destroy", "branch_protection.deleted"),
    ("secret_scanning_push_protection.bypass", "push_protection.bypassed"),
    ("secret_scanning_push_protection_request.request", "exemption.requested"),
    ("secret_scanning_push_protection_request.approve", "exemption.approved"),
    ("secret_scanning_push_protection_request.deny", "exemption.rejected"),
    ("secret_scanning_alert.create", "security_alert.opened"),
    ("secret_scanning_alert.reopen", "security_alert.reopened"),
    ("secret_scanning_alert.resolve", "security_alert.resolved"),
    ("code_scanning.alert_created", "security_alert.opened"),
    ("code_scanning.alert_reopened", "security_alert.reopened"),
    ("code_scanning.alert_reopened_by_user", "security_alert.reopened"),
    ("code_scanning.alert_closed_by_user", "security_alert.dismissed"),
    ("code_scanning.alert_closed_became_fixed", "security_alert.resolved"),
    ("repository_vulnerability_alert.create", "security_alert.opened"),
    ("repository_vulnerability_alert.dismiss", "security_alert.dismissed"),
    ("repository_vulnerability_alert.reintroduce", "security_alert.reopened"),
    ("repository_vulnerability_alert.reopen", "security_alert.reopened"),
    ("repository_vulnerability_alert.resolve", "security_alert.resolved"),
    ("ip_allow_list_entry.create", "firewall_rule.created"),
    ("ip_allow_list_entry.update", "firewall_rule.updated"),
    ("ip_allow_list_entry.destroy", "firewall_rule.deleted"),
    // Organisations, teams, enterprises.
    ("org.create", "team.created"),
    ("org.delete", "organization.deleted"),
    ("org.rename", "organization.updated"),
    ("org.transfer", "organization.updated"),
    ("org.update_terms_of_service", "organization.updated"),
    ("org.add_member", "team.member_added"),
    ("org.remove_member", "team.member_removed"),
    ("org.add_outside_collaborator", "team.member_added"),
    ("org.remove_outside_collaborator", "team.member_removed"),
    ("org.update_member", "user.role_changed"),
    ("org.add_billing_manager", "user.role_changed"),
    ("org.remove_billing_manager", "user.role_changed"),
    ("org.add_security_manager", "user.role_changed"),
    ("org.remove_security_manager", "user.role_changed"),
    ("org.invite_member", "invitation.created"),
    ("org.cancel_invitation", "invitation.revoked"),
    ("org.block_user", "access.blocked"),
    ("org.unblock_user", "access.unblocked"),
    ("org.enable_saml", "sso.enabled"),
    ("org.disable_saml", "sso.disabled"),
    ("org.update_saml_provider_settings", "sso.updated"),
    ("org.sso_response", "user.logged_in"),
    ("org.update_default_repository_permission", "permission.updated"),
    ("org.update_member_repository_creation_permission", "permission.updated"),
    ("org.audit_log_export", "audit_log.exported"),
    ("org.audit_log_git_event_export", "audit_log.exported"),
    ("org_credential_authorization.grant", "permission.granted"),
    ("org_credential_authorization.revoke", "permission.revoked"),
    ("org_credential_authorization.deauthorize", "permission.revoked"),
    ("organization_role.assign", "user.role_changed"),
    ("organization_role.revoke", "user.role_changed"),
    ("business.add_admin", "user.role_changed"),
    ("business.remove_admin", "user.role_changed"),
    ("business.invite_admin", "invitation.created"),
    ("business.cancel_admin_invitation", "invitation.revoked"),
    ("business.add_organization", "organization.updated"),
    ("business.remove_organization", "organization.updated"),
    ("business.enable_saml", "sso.enabled"),
    ("business.disable_saml", "sso.disabled"),
    ("business.update_saml_provider_settings", "sso.updated"),
    ("business.audit_log_export", "audit_log.exported"),
    ("business.audit_log_git_event_export", "audit_log.exported"),
    ("audit_log_streaming.create", "audit_trail.created"),
    ("audit_log_streaming.update", "audit_trail.updated"),
    ("audit_log_streaming.destroy", "audit_trail.deleted"),
    ("team.create", "team.created"),
    ("team.destroy", "team.deleted"),
    ("team.rename", "team.updated"),
    ("team.change_privacy", "team.updated"),
    ("team.change_parent_team", "team.updated"),
    ("team.add_member", "team.member_added"),
    ("team.remove_member", "team.member_removed"),
    ("team.promote_maintainer", "user.role_changed"),
    ("team.demote_maintainer", "user.role_changed"),
    ("team.add_repository", "team.access_granted"),
    ("team.remove_repository", "team.access_revoked"),
    ("team.update_repository_permission", "team.access_updated"),
    // Keys, tokens, applications, webhooks.
    ("hook.create", "webhook.created"),
    ("hook.destroy", "webhook.deleted"),
    ("hook.active_changed", "webhook.updated"),
    ("hook.config_changed", "webhook.updated"),
    ("hook.events_changed", "webhook.updated"),
    ("public_key.create", "ssh_key.added"),
    ("public_key.delete", "ssh_key.removed"),
    ("gpg_key.create", "signing_key.added"),
    ("gpg_key.destroy", "signing_key.removed"),
    ("personal_access_token.create", "access_token.created"),
    ("personal_access_token.destroy", "access_token.revoked"),
    ("personal_access_token.access_granted", "access_token.request_approved"),
    ("personal_access_token.access_revoked", "access_token.revoked"),
    ("personal_access_token.request_created", "access_token.requested"),
    ("personal_access_token.request_denied", "access_token.request_rejected"),
    ("personal_access_token.credential_regenerated", "access_token.refreshed"),
    ("oauth_access.create", "access_token.created"),
    ("oauth_access.destroy", "access_token.revoked"),
    ("oauth_access.revoke", "access_token.revoked"),
    ("oauth_access.regenerate", "access_token.refreshed"),
    ("oauth_authorization.create", "permission.granted"),
    ("oauth_authorization.destroy", "permission.revoked"),
    ("oauth_application.create", "oauth_application.created"),
    ("oauth_application.destroy", "oauth_application.deleted"),
    ("oauth_application.reset_secret", "oauth_application.secret_rotated"),
    ("oauth_application.generate_client_secret", "oauth_application.secret_rotated"),
    ("integration.create", "oauth_application.created"),
    ("integration.destroy", "oauth_application.deleted"),
    ("integration.generate_client_secret", "oauth_application.secret_rotated"),
    ("integration_installation.create", "app_installation.created"),
    ("integration_installation.destroy", "app_installation.deleted"),
    ("integration_installation.suspend", "app_installation.suspended"),
    ("integration_installation.unsuspend", "app_installation.resumed"),
    ("integration_installation.repositories_added", "app_installation.updated"),
    ("integration_installation.repositories_removed", "app_installation.updated"),
    ("integration_installation.version_updated", "app_installation.updated"),
    ("integration_installation_request.create", "app_installation.requested"),
    // Signing in.
    ("user.login", "user.logged_in"),
    ("user.failed_login", "user.login_failed"),
    ("user.logout", "user.logged_out"),
    ("user.create", "user.created"),
    ("user.destroy", "user.deleted"),
    ("user.delete", "user.deleted"),
    ("user.suspend", "user.suspended"),
    ("user.unsuspend", "user.reactivated"),
    ("user.two_factor_requested", "mfa.challenge_succeeded"),
    ("two_factor_authentication.enabled", "mfa.enabled"),
    ("two_factor_authentication.disabled", "mfa.disabled"),
    ("two_factor_authentication.recovery_codes_regenerated", "recovery_code.generated"),
    ("user.forgot_password", "password.reset_requested"),
    ("user.reset_password", "password.reset_completed"),
    ("user.change_password", "password.changed"),
    // What runs.
    ("workflows.created_workflow_run", "workflow.requested"),
    ("workflows.rerun_workflow_run", "workflow.requested"),
    ("workflows.cancel_workflow_run", "workflow.cancelled"),
    ("workflows.delete_workflow_run", "workflow.run_deleted"),
    ("workflows.enable_workflow", "workflow.enabled"),
    ("workflows.disable_workflow", "workflow.disabled"),
    ("workflows.approve_workflow_job", "deployment.approved"),
    ("workflows.reject_workflow_job", "deployment.rejected"),
    ("environment.create", "environment.created"),
    ("environment.delete", "environment.deleted"),
    ("environment.add_protection_rule", "environment.updated"),
    ("environment.update_protection_rule", "environment.updated"),
    ("environment.remove_protection_rule", "environment.updated"),
    ("packages.package_published", "package.published"),
    ("packages.package_version_published", "package.published"),
    ("packages.package_deleted", "package.deleted"),
    ("packages.package_version_deleted", "package.deleted"),
    ("packages.package_restored", "package.restored"),
    // Work.
    ("pull_request.create", "pull_request.opened"),
    ("pull_request.close", "pull_request.closed"),
    ("pull_request.reopen", "pull_request.reopened"),
    ("pull_request.merge", "pull_request.merged"),
    ("pull_request.create_review_request", "pull_request.review_requested"),
    ("pull_request.remove_review_request", "pull_request.review_request_removed"),
    ("pull_request.converted_to_draft", "pull_request.drafted"),
    ("pull_request.ready_for_review", "pull_request.readied"),
    ("pull_request_review.submit", "pull_request.reviewed"),
    ("pull_request_review.dismiss", "pull_request.approval_dismissed"),
    ("issue.destroy", "issue.deleted"),
    ("issue.transfer", "issue.transferred"),
    ("issue_comment.update", "comment.updated"),
    ("issue_comment.destroy", "comment.deleted"),
    ("pull_request_review_comment.update", "comment.updated"),
    ("pull_request_review_comment.delete", "comment.deleted"),
    ("api.request", "api.called"),
];

/// The actions of the table.
#[cfg(test)]
pub(super) fn mapped() -> impl Iterator<Item = &'static str> {
    EXACT.iter().map(|(action, _)| *action)
}
