//! What runs: checks, statuses, workflows, jobs, deployments, pages.

use super::kind::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    kind("check_run", &["check_run", "!deployment"], "check_run")
        .of("check_run")
        .id(&["check_run/id"])
        .named(&["check_run/name"])
        .maps(&[
            ("rerequested", "check.requested"),
            ("requested_action", "check.requested"),
        ])
        .facts(&[
            "head_sha=check_run/head_sha",
            "branch=check_run/check_suite/head_branch",
            "app=check_run/app/slug",
            "details_url=check_run/details_url",
            "requested_action=requested_action/identifier",
        ]),
    kind("check_suite", &["check_suite"], "check_suite")
        .of("check_suite")
        .id(&["check_suite/id"])
        .maps(&[
            ("requested", "check.requested"),
            ("rerequested", "check.requested"),
        ])
        .facts(&[
            "head_sha=check_suite/head_sha",
            "branch=check_suite/head_branch",
            "app=check_suite/app/slug",
            "runs=check_suite/latest_check_runs_count",
        ]),
    kind("status", &["state", "sha", "context"], "commit")
        .id(&["sha"])
        .facts(&["check=context", "state", "target_url", "status_id=id"]),
    kind("workflow_run", &["workflow_run", "?workflow", "!deployment"], "workflow_run")
        .of("workflow_run")
        .id(&["workflow_run/id"])
        .named(&["workflow_run/name", "workflow/name"])
        .maps(&[
            ("requested", "workflow.requested"),
            ("in_progress", "workflow.started"),
        ])
        .facts(&[
            "workflow=workflow/path",
            "event=workflow_run/event",
            "branch=workflow_run/head_branch",
            "head_sha=workflow_run/head_sha",
            "head_repository=workflow_run/head_repository/full_name",
            "run_number=workflow_run/run_number",
            "run_attempt=workflow_run/run_attempt",
        ])
        .people(&["workflow_run/actor"]),
    kind("workflow_job", &["workflow_job"], "workflow_job")
        .of("workflow_job")
        .id(&["workflow_job/id"])
        .named(&["workflow_job/name"])
        .maps(&[
            ("queued", "job.queued"),
            ("waiting", "job.queued"),
            ("in_progress", "job.started"),
        ])
        .facts(&[
            "workflow=workflow_job/workflow_name",
            "branch=workflow_job/head_branch",
            "head_sha=workflow_job/head_sha",
            "run_attempt=workflow_job/run_attempt",
            "labels=workflow_job/labels",
            "runner=workflow_job/runner_name",
            "runner_group=workflow_job/runner_group_name",
        ]),
    kind("workflow_dispatch", &["workflow", "ref", "?inputs", "!workflow_run"], "workflow")
        .id(&["workflow"])
        .named(&["workflow"])
        .maps(&[("*", "workflow.requested")])
        .facts(&["ref", "inputs"]),
    kind("repository_dispatch", &["?client_payload", "action"], "repository")
        .id(&["repository/id"])
        .named(&["repository/full_name"])
        .maps(&[("*", "repository.dispatched")])
        .facts(&["branch", "event_type=action"]),
    kind(
        "deployment",
        &["deployment", "!deployment_status", "!deployment_callback_url", "!check_run", "!workflow_job"],
        "deployment",
    )
    .of("deployment")
    .id(&["deployment/id"])
    .named(&["deployment/environment"])
    .maps(&[("created", "deployment.created"), ("*", "deployment.created")])
    .facts(&[
        "sha=deployment/sha",
        "ref=deployment/ref",
        "task=deployment/task",
        "production=deployment/production_environment",
        "transient=deployment/transient_environment",
    ]),
    kind("deployment_status", &["deployment", "deployment_status"], "deployment")
        .of("deployment_status")
        .id(&["deployment/id"])
        .named(&["deployment/environment"])
        .facts(&[
            "state=deployment_status/state",
            "status_id=deployment_status/id",
            "sha=deployment/sha",
            "ref=deployment/ref",
            "task=deployment/task",
            "target_url=deployment_status/target_url",
            "environment_url=deployment_status/environment_url",
        ])
        .people(&["deployment/creator"]),
    kind("deployment_review", &["workflow_run", "!workflow", "?since"], "workflow_run")
        .of("workflow_run")
        .id(&["workflow_run/id"])
        .named(&["workflow_run/name"])
        .maps(&[
            ("requested", "deployment.approval_requested"),
            ("approved", "deployment.approved"),
            ("rejected", "deployment.rejected"),
        ])
        .facts(&[
            "branch=workflow_run/head_branch",
            "head_sha=workflow_run/head_sha",
            "job=workflow_job_run/id",
        ])
        .people(&["requestor", "approver"]),
    kind("deployment_protection_rule", &["deployment_callback_url", "environment"], "deployment")
        .of("deployment")
        .id(&["deployment/id"])
        .named(&["environment"])
        .maps(&[("requested", "deployment.approval_requested")])
        .facts(&["event", "sha=deployment/sha", "ref=deployment/ref"]),
    kind("page_build", &["build"], "page_build")
        .of("build")
        .id(&["id"])
        .named(&["repository/full_name"])
        .facts(&["sha=build/commit", "status=build/status"]),
];
