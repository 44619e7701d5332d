//! How software gets there: stacks, pipelines, builds, deployments, repositories. Data only.

use super::{Call, change, read, sensitive};

const STACK: &str = "stack:>stackId|stackName";

#[rustfmt::skip] // tables read better packed
pub(super) const CLOUDFORMATION: &[Call] = &[
    change("CreateStack", "stack.created", STACK),
    change("UpdateStack", "stack.updated", STACK),
    change("ExecuteChangeSet", "stack.updated", "stack:stackName; change_set:changeSetName"),
    change("CancelUpdateStack", "stack.updated", STACK),
    change("ContinueUpdateRollback", "stack.updated", STACK),
    change("RollbackStack", "stack.updated", STACK),
    change("SetStackPolicy", "stack.updated", STACK),
    change("UpdateTerminationProtection", "stack.updated", STACK),
    change("DeleteStack", "stack.deleted", STACK),
    change("CreateStackSet", "stack.created", "stack_set:stackSetName"),
    change("UpdateStackSet", "stack.updated", "stack_set:stackSetName"),
    change("CreateStackInstances", "stack.updated", "stack_set:stackSetName; cloud_account:accounts.*"),
    change("DeleteStackInstances", "stack.updated", "stack_set:stackSetName; cloud_account:accounts.*"),
    change("DeleteStackSet", "stack.deleted", "stack_set:stackSetName"),
];

#[rustfmt::skip]
pub(super) const CODEPIPELINE: &[Call] = &[
    change("StartPipelineExecution", "workflow.started", "workflow:name|pipelineName; workflow_run:>pipelineExecutionId"),
    change("StopPipelineExecution", "workflow.cancelled", "workflow:pipelineName; workflow_run:pipelineExecutionId"),
    change("RetryStageExecution", "workflow.started", "workflow:pipelineName; workflow_run:pipelineExecutionId"),
    change("RollbackStage", "deployment.rolled_back", "workflow:pipelineName; workflow_run:targetPipelineExecutionId"),
    change("PutApprovalResult", "deployment.rejected", "workflow:pipelineName").when("result.status=Approved", "deployment.approved"),
    change("DisableStageTransition", "workflow.disabled", "workflow:pipelineName"),
    change("EnableStageTransition", "workflow.enabled", "workflow:pipelineName"),
    change("CreatePipeline", "resource.created", "workflow:pipeline.name"),
    change("UpdatePipeline", "resource.updated", "workflow:pipeline.name"),
    change("DeletePipeline", "resource.deleted", "workflow:name"),
];

#[rustfmt::skip]
pub(super) const CODEBUILD: &[Call] = &[
    change("StartBuild", "build.started", "build:>build.id; project:projectName"),
    change("RetryBuild", "build.started", "build:>build.id|id"),
    change("StopBuild", "build.cancelled", "build:id"),
    change("CreateProject", "project.created", "project:name"),
    change("UpdateProject", "project.updated", "project:name"),
    change("UpdateProjectVisibility", "project.updated", "project:projectArn"),
    change("DeleteProject", "project.deleted", "project:name"),
    change("ImportSourceCredentials", "secret.created", "secret:>arn"),
    change("DeleteSourceCredentials", "secret.deleted", "secret:arn"),
    change("CreateWebhook", "webhook.created", "project:projectName"),
    change("DeleteWebhook", "webhook.deleted", "project:projectName"),
];

#[rustfmt::skip]
pub(super) const CODEDEPLOY: &[Call] = &[
    change("CreateDeployment", "deployment.created", "deployment:>deploymentId; application:applicationName"),
    change("ContinueDeployment", "deployment.resumed", "deployment:deploymentId"),
    change("StopDeployment", "deployment.cancelled", "deployment:deploymentId"),
];

#[rustfmt::skip]
pub(super) const CODECOMMIT: &[Call] = &[
    change("CreateRepository", "repository.created", "repository:repositoryName"),
    change("UpdateRepositoryName", "repository.renamed", "repository:newName; repository:oldName"),
    change("DeleteRepository", "repository.deleted", "repository:repositoryName"),
    change("GitPush", "code.pushed", "repository:+repositoryName|repositoryName"),
    change("CreateCommit", "code.pushed", "repository:repositoryName"),
    change("PutFile", "code.pushed", "repository:repositoryName"),
    read("GitPull", "repository.cloned", "repository:+repositoryName|repositoryName"),
    change("CreateBranch", "branch.created", "branch:branchName; repository:repositoryName"),
    change("DeleteBranch", "branch.deleted", "branch:branchName; repository:repositoryName"),
    change("CreatePullRequest", "pull_request.opened", "pull_request:>pullRequest.pullRequestId"),
    change("MergePullRequestByFastForward", "pull_request.merged", "pull_request:pullRequestId; repository:repositoryName"),
    change("MergePullRequestBySquash", "pull_request.merged", "pull_request:pullRequestId; repository:repositoryName"),
    change("MergePullRequestByThreeWay", "pull_request.merged", "pull_request:pullRequestId; repository:repositoryName"),
];

#[rustfmt::skip]
pub(super) const STATES: &[Call] = &[
    change("StartExecution", "workflow.started", "workflow:stateMachineArn; workflow_run:>executionArn"),
    change("StopExecution", "workflow.cancelled", "workflow_run:executionArn"),
];

#[rustfmt::skip]
pub(super) const CODEARTIFACT: &[Call] = &[
    sensitive("GetAuthorizationToken", "access_token.created", "package_domain:domain|domainName|@"),
];

#[rustfmt::skip]
pub(super) const API_GATEWAY: &[Call] = &[
    change("CreateApiKey", "api_key.created", "api_key:>id|name"),
    change("UpdateApiKey", "api_key.updated", "api_key:apiKey"),
    change("DeleteApiKey", "api_key.revoked", "api_key:apiKey"),
    read("GetApiKey", "resource.read", "api_key:apiKey").sensitive_when("includeValue=true", "secret.read"),
    read("GetApiKeys", "resource.listed", "api_key:").sensitive_when("includeValues=true", "secret.read"),
    change("CreateDeployment", "deployment.created", "api:restApiId|apiId"),
];
