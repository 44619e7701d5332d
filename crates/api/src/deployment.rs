//! What `GET /v1/deployments` and `GET /v1/deployments/figures` answer. Every number here has its definition in the answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource::Actor;
use crate::search::Searched;

/// Deployments of a window of time, the latest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployments {
    /// The deployments, at most as many as were asked for.
    pub deployments: Vec<Deployment>,
    /// How many there are.
    pub total: u64,
    /// What was looked at.
    pub window: DeploymentWindow,
    /// What the words of this answer mean.
    pub definitions: Vec<Definition>,
    /// The log that was looked through.
    pub searched: Searched,
}

/// Figures of the deployments of a window of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentTrends {
    /// Over everything.
    pub total: DeploymentFigures,
    /// By day or week, over everything. Those in which nothing happened are left out.
    pub trend: Vec<DeploymentBucket>,
    /// By project and environment, the most deployed first.
    pub groups: Vec<DeploymentGroup>,
    /// Groups beyond the 200 that are told; they count in `total` and `trend`.
    pub groups_left_out: u64,
    /// `day` or `week`: how wide the buckets of the trends are.
    #[schemars(extend("enum" = ["day", "week"]))]
    pub bucket: String,
    /// What was looked at.
    pub window: DeploymentWindow,
    /// What the words of this answer mean.
    pub definitions: Vec<Definition>,
    /// The log that was looked through.
    pub searched: Searched,
}

/// The figures of one project in one environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentGroup {
    /// The project; absent where events name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment; absent where events name none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// Over the window.
    pub figures: DeploymentFigures,
    /// By day or week. Those in which nothing happened are left out.
    pub trend: Vec<DeploymentBucket>,
}

/// The figures of one day or week.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentBucket {
    /// When it begins: midnight, or a Monday's midnight, UTC.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
    /// Whether a part of it lies outside the window, or was not covered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
    /// The figures.
    pub figures: DeploymentFigures,
}

/// Figures of deployments; `definitions` of the answer says what each of them counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentFigures {
    /// Deployments that finished: `succeeded`, `failed` and `rolled_back` together. What rates are parts of.
    pub finished: u64,
    /// Of them, those that succeeded and were not rolled back.
    pub succeeded: u64,
    /// Of them, those that failed and were not rolled back.
    pub failed: u64,
    /// Of them, those that were rolled back.
    pub rolled_back: u64,
    /// Stopped before their end; in no rate.
    pub cancelled: u64,
    /// Not finished yet; in no rate.
    pub running: u64,
    /// Of which no end was told for a day; in no rate.
    pub undecided: u64,
    /// Attempts to deploy that were denied or did not come about; they are no deployments.
    pub refused: u64,
    /// Finished deployments that put an earlier version back.
    pub rollbacks: u64,
    /// Deployment frequency: `finished` for each day of the window.
    pub per_day: f64,
    /// `(failed + rolled_back) / finished`; absent when nothing finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_failure_rate: Option<f64>,
    /// `rolled_back / finished`; absent when nothing finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_rate: Option<f64>,
    /// Median time to restore in whole seconds; absent when nothing was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore_seconds_median: Option<u64>,
    /// Restorations that the median is of.
    pub restored: u64,
    /// Targets whose last finished deployment failed in the window and that were not restored.
    pub unrestored: u64,
    /// Median duration of deployments that succeeded, in whole seconds; absent when none has a known beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds_median: Option<u64>,
    /// Durations that the median is of.
    pub durations: u64,
}

/// One deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployment {
    /// What was acted upon.
    pub resource: DeployedResource,
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The service or application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The version: a release, a commit, an image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How it ended.
    #[schemars(extend("enum" = ["succeeded", "failed", "rolled_back", "cancelled", "running", "undecided"]))]
    pub outcome: String,
    /// Why it is a rollback: `event`, an event says so; `version`, the version had served before. Absent when it is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["event", "version"]))]
    pub rollback: Option<String>,
    /// When it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub requested: Option<String>,
    /// When it began; when it was asked for, where nothing says that it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub started: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub finished: Option<String>,
    /// From `started` to `finished`, in whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// When it was rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub rolled_back: Option<String>,
    /// When what it broke was restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"))]
    pub restored: Option<String>,
    /// Who asked for it, or acted first; as far as the caller may know.
    pub actor: Actor,
    /// Its first events in order of time, at most 20.
    pub events: Vec<DeploymentEvent>,
    /// How many events tell of it.
    pub events_total: u64,
    /// What changed before it; absent when no project and no environment is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes_before: Option<ChangesBefore>,
}

/// What a deployment's events act upon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployedResource {
    /// The type, such as `deployment`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// One event of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentEvent {
    /// The event's id.
    pub id: String,
    /// What happened.
    pub operation: String,
    /// When.
    #[schemars(extend("format" = "date-time"))]
    pub at: String,
}

/// The configuration, secret and permission changes of the half hour before a deployment began, on its project and environment or
/// on the project alone. The three texts are parameters of `GET /v1/events`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangesBefore {
    /// The query that finds them.
    pub query: String,
    /// Half an hour before the deployment began.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// When the deployment began.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
    /// How many there are; with `changes=true`, of the first 50 deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ChangeCounts>,
}

/// How many changes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeCounts {
    /// Variables, settings, feature flags, domains, integrations, projects.
    pub configuration: u64,
    /// Secrets.
    pub secrets: u64,
    /// Roles, permissions, teams, members, keys.
    pub permissions: u64,
}

/// The window that an answer is of, and how much of it was covered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeploymentWindow {
    /// The window's beginning, which belongs to it.
    #[schemars(extend("format" = "date-time"))]
    pub since: String,
    /// The window's end, which does not: nothing dated at or after it was looked at.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
    /// Always `UTC`.
    pub time_zone: String,
    /// Whether the whole window was looked at. If not, the answer is of what happened from `covered_since` on.
    pub complete: bool,
    /// From here on, every event was looked at. Earlier than `since`, so that beginnings and failures before the window are known.
    #[schemars(extend("format" = "date-time"))]
    pub covered_since: String,
    /// Events that were looked at.
    pub events: u64,
    /// Most events that are looked at.
    pub events_max: u64,
}

/// What a word means here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// The word.
    pub name: String,
    /// What it means.
    pub text: String,
}
