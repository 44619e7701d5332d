//! What GitLab's kinds, actions and states are called here.

use std::borrow::Cow;

use ledger::json::Value;

use crate::event::Outcome;
use crate::look;

/// The name of an operation.
pub(super) type Name = Cow<'static, str>;

/// The operation of a webhook's kind, action and state.
pub(super) fn of_hook(kind: &str, action: &str, body: &Value<'_>) -> Name {
    named(kind, action, body).map_or_else(|| generic(kind, action), Cow::Borrowed)
}

/// `gitlab.<kind>_<action>`.
pub(super) fn generic(kind: &str, action: &str) -> Name {
    Cow::Owned(crate::github::operation::generic("gitlab", kind, action))
}

fn named(kind: &str, action: &str, body: &Value<'_>) -> Option<&'static str> {
    match kind {
        "merge_request" => find(MERGE_REQUESTS, action),
        "issue" | "work_item" => find(ISSUES, action),
        "note" => noted(action, body),
        "wiki_page" => Some("wiki.updated"),
        "pipeline" => find(PIPELINES, action),
        "build" => find(JOBS, action),
        "deployment" => find(DEPLOYMENTS, action),
        "feature_flag" if look::is_true(body, &["object_attributes", "active"]) => {
            Some("feature_flag.enabled")
        }
        "feature_flag" => Some("feature_flag.disabled"),
        "release" => find(
            &[
                ("create", "release.created"),
                ("update", "release.updated"),
                ("delete", "release.deleted"),
            ],
            action,
        ),
        "emoji" => find(
            &[("award", "reaction.added"), ("revoke", "reaction.removed")],
            action,
        ),
        "access_token" | "deploy_token" => Some("access_token.expiry_announced"),
        "milestone" => find(
            &[
                ("create", "milestone.created"),
                ("close", "milestone.closed"),
                ("reopen", "milestone.updated"),
                ("delete", "milestone.deleted"),
            ],
            action,
        ),
        "vulnerability" => find(
            &[
                ("detected", "security_alert.opened"),
                ("confirmed", "security_alert.updated"),
                ("dismissed", "security_alert.dismissed"),
                ("resolved", "security_alert.resolved"),
            ],
            action,
        ),
        "gitlab_subscription_member_approval" | "gitlab_subscription_member_approvals" => find(
            &[
                ("enqueue", "access.requested"),
                ("approve", "permission.granted"),
                ("deny", "access.request_rejected"),
            ],
            action,
        ),
        _ => None,
    }
}

fn noted(action: &str, body: &Value<'_>) -> Option<&'static str> {
    match (
        action,
        look::text(body, &["object_attributes", "noteable_type"])?,
    ) {
        ("update", _) => Some("comment.updated"),
        (_, "MergeRequest") => Some("pull_request.commented"),
        (_, "Issue" | "WorkItem") => Some("issue.commented"),
        (_, "Commit") => Some("commit.commented"),
        _ => Some("comment.created"),
    }
}

/// The operation of a system hook's or membership's event.
pub(super) fn of_system(name: &str) -> Name {
    find(SYSTEM, name).map_or_else(|| generic(name, ""), Cow::Borrowed)
}

/// The operation of an audit event's type.
pub(super) fn of_audit(event_type: &str) -> Name {
    find(AUDIT, event_type).map_or_else(|| generic(event_type, ""), Cow::Borrowed)
}

/// How something ended; `None` while it runs.
pub(super) fn outcome(status: &str) -> Option<Outcome> {
    match status {
        "success" => Some(Outcome::of("success")),
        "failed" => Some(Outcome::of("failure")),
        "canceled" | "skipped" => Some(Outcome::of("cancelled")),
        _ => None,
    }
}

type Table = &'static [(&'static str, &'static str)];

fn find(table: &[(&str, &'static str)], wanted: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == wanted)
        .map(|(_, name)| *name)
}

const MERGE_REQUESTS: Table = &[
    ("open", "pull_request.opened"),
    ("close", "pull_request.closed"),
    ("reopen", "pull_request.reopened"),
    ("update", "pull_request.updated"),
    ("merge", "pull_request.merged"),
    // One user's, and the last of those that are needed.
    ("approval", "pull_request.approved"),
    ("approved", "pull_request.approved"),
    ("unapproval", "pull_request.approval_dismissed"),
    ("unapproved", "pull_request.approval_dismissed"),
];

const ISSUES: Table = &[
    ("open", "issue.opened"),
    ("close", "issue.closed"),
    ("reopen", "issue.reopened"),
    ("update", "issue.updated"),
];

const PIPELINES: Table = &[
    ("created", "workflow.requested"),
    ("waiting_for_resource", "workflow.requested"),
    ("preparing", "workflow.requested"),
    ("pending", "workflow.requested"),
    ("scheduled", "workflow.requested"),
    ("running", "workflow.started"),
    ("success", "workflow.succeeded"),
    ("failed", "workflow.failed"),
    ("canceled", "workflow.cancelled"),
    ("skipped", "workflow.skipped"),
];

const JOBS: Table = &[
    ("created", "job.queued"),
    ("waiting_for_resource", "job.queued"),
    ("preparing", "job.queued"),
    ("pending", "job.queued"),
    ("scheduled", "job.queued"),
    ("running", "job.started"),
    ("success", "job.succeeded"),
    ("failed", "job.failed"),
    ("canceled", "job.cancelled"),
    ("skipped", "job.skipped"),
];

const DEPLOYMENTS: Table = &[
    ("created", "deployment.created"),
    ("blocked", "deployment.approval_requested"),
    ("running", "deployment.started"),
    ("success", "deployment.succeeded"),
    ("failed", "deployment.failed"),
    ("canceled", "deployment.cancelled"),
];

const SYSTEM: Table = &[
    ("project_create", "project.created"),
    ("project_destroy", "project.deleted"),
    ("project_rename", "project.updated"),
    ("project_transfer", "project.transferred"),
    ("project_update", "project.updated"),
    ("group_create", "team.created"),
    ("group_destroy", "team.deleted"),
    ("group_rename", "team.updated"),
    ("subgroup_create", "team.created"),
    ("subgroup_destroy", "team.deleted"),
    ("user_add_to_team", "team.member_added"),
    ("user_add_to_group", "team.member_added"),
    ("user_remove_from_team", "team.member_removed"),
    ("user_remove_from_group", "team.member_removed"),
    ("user_update_for_team", "user.role_changed"),
    ("user_update_for_group", "user.role_changed"),
    ("user_access_request_to_project", "access.requested"),
    ("user_access_request_to_group", "access.requested"),
    ("user_create", "user.created"),
    ("user_destroy", "user.deleted"),
    ("user_rename", "user.updated"),
    ("user_failed_login", "user.login_failed"),
    ("key_create", "ssh_key.added"),
    ("key_destroy", "ssh_key.removed"),
    ("repository_update", "code.pushed"),
];

#[rustfmt::skip] // a table reads better packed
const AUDIT: Table = &[
    // Members, users, sign-in.
    ("member_created", "team.member_added"),
    ("member_updated", "user.role_changed"),
    ("member_destroyed", "team.member_removed"),
    ("user_created", "user.created"),
    ("user_destroyed", "user.deleted"),
    ("user_blocked", "user.suspended"),
    ("user_banned", "user.suspended"),
    ("user_deactivated", "user.suspended"),
    ("user_unblocked", "user.reactivated"),
    ("user_activated", "user.reactivated"),
    ("user_impersonation", "user.impersonated"),
    ("user_password_updated", "password.changed"),
    ("user_enable_two_factor", "mfa.enabled"),
    ("user_disable_two_factor", "mfa.disabled"),
    ("user_records_viewed", "personal_data.viewed"),
    ("authenticated_with_password", "user.logged_in"),
    ("authenticated_with_oauth", "user.logged_in"),
    ("login_failed_with_standard_authentication", "user.login_failed"),
    ("login_failed_with_omniauth_authentication", "user.login_failed"),
    ("login_failed_with_otp_authentication", "mfa.challenge_failed"),
    ("admin_role_assigned_to_user", "user.role_changed"),
    // Keys and tokens.
    ("personal_access_token_issued", "access_token.created"),
    ("personal_access_token_revoked", "access_token.revoked"),
    ("project_access_token_created", "access_token.created"),
    ("project_access_token_deleted", "access_token.revoked"),
    ("group_access_token_created", "access_token.created"),
    ("group_access_token_deleted", "access_token.revoked"),
    ("deploy_token_created", "access_token.created"),
    ("deploy_token_revoked", "access_token.revoked"),
    ("deploy_token_destroyed", "access_token.revoked"),
    ("add_ssh_key", "ssh_key.added"),
    ("remove_ssh_key", "ssh_key.removed"),
    ("add_gpg_key", "signing_key.added"),
    ("remove_gpg_key", "signing_key.removed"),
    ("deploy_key_added", "deploy_key.added"),
    ("deploy_key_removed", "deploy_key.removed"),
    ("oauth_application_created", "oauth_application.created"),
    // Projects, groups, code.
    ("project_created", "project.created"),
    ("project_destroyed", "project.deleted"),
    ("project_archived", "project.archived"),
    ("project_unarchived", "project.unarchived"),
    ("project_path_updated", "project.updated"),
    ("project_name_updated", "project.updated"),
    ("project_visibility_level_updated", "repository.visibility_changed"),
    ("project_export_file_download_started", "data.exported"),
    ("group_created", "team.created"),
    ("group_destroyed", "team.deleted"),
    ("group_name_updated", "team.updated"),
    ("group_path_updated", "team.updated"),
    ("group_visibility_level_updated", "team.updated"),
    ("project_group_link_created", "team.access_granted"),
    ("project_group_link_updated", "team.access_updated"),
    ("project_group_link_deleted", "team.access_revoked"),
    ("repository_git_operation", "repository.cloned"),
    ("repository_download_operation", "repository.cloned"),
    ("protected_branch_created", "branch_protection.created"),
    ("protected_branch_updated", "branch_protection.updated"),
    ("protected_branch_removed", "branch_protection.deleted"),
    ("merge_request_create", "pull_request.opened"),
    ("merge_request_merged_by_project_bot", "pull_request.merged"),
    // Configuration.
    ("ci_variable_created", "environment_variable.created"),
    ("ci_variable_updated", "environment_variable.updated"),
    ("ci_variable_deleted", "environment_variable.deleted"),
    ("ci_group_variable_created", "environment_variable.created"),
    ("ci_group_variable_updated", "environment_variable.updated"),
    ("ci_group_variable_deleted", "environment_variable.deleted"),
    ("ci_instance_variable_created", "environment_variable.created"),
    ("ci_instance_variable_updated", "environment_variable.updated"),
    ("ci_instance_variable_deleted", "environment_variable.deleted"),
    ("feature_flag_created", "feature_flag.created"),
    ("feature_flag_updated", "feature_flag.updated"),
    ("feature_flag_deleted", "feature_flag.deleted"),
    ("environment_protected", "environment.updated"),
    ("environment_unprotected", "environment.updated"),
    ("release_created", "release.created"),
    ("release_updated", "release.updated"),
    ("release_deleted_audit_event", "release.deleted"),
    ("webhook_created", "webhook.created"),
    ("webhook_destroyed", "webhook.deleted"),
    ("create_event_streaming_destination", "audit_trail.created"),
    ("update_event_streaming_destination", "audit_trail.updated"),
    ("destroy_event_streaming_destination", "audit_trail.deleted"),
    ("application_setting_updated", "setting.updated"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_tables_is_of_the_vocabulary() {
        let tables = [
            MERGE_REQUESTS,
            ISSUES,
            PIPELINES,
            JOBS,
            DEPLOYMENTS,
            SYSTEM,
            AUDIT,
        ];
        for (known, name) in tables.into_iter().flatten() {
            assert!(ledger::vocabulary::find(name).is_some(), "{known}: {name}");
        }
    }
}
