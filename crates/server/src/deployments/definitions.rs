//! What the words of deployment figures mean: the texts that answers carry and docs/guide/deployments.md repeats.

/// Every word and its meaning, in reading order.
pub(crate) const DEFINITIONS: &[(&str, &str)] = &[
    (
        "deployment",
        "One attempt to put a version into one environment, told by `deployment.*` or `application.sync_started`, \
         `application.synced` and `application.sync_failed`. Events are of one deployment when they act upon the same \
         resource of type `deployment`, or upon the same other resource under one correlation id, and name no different \
         project or environment. Without such an id, each end, and each beginning that no end follows, is a deployment. \
         What was only to be approved, or was denied, is none.",
    ),
    (
        "retry",
        "A retry is a deployment of its own, also under the same id: what begins, or succeeds, after a failure is another \
         one. The same end told twice counts once; of a success and a later failure without a beginning between them, the \
         failure stands.",
    ),
    (
        "finished",
        "Succeeded, failed or rolled back. A deployment counts once, at its end: in the window, day and week in which it \
         failed or succeeded, whenever it began and whenever it was rolled back.",
    ),
    (
        "failed",
        "`deployment.failed` or `application.sync_failed`, or an end whose outcome is `failure`.",
    ),
    (
        "rolled back",
        "A `deployment.rolled_back` names it; or the next deployment to its target succeeded with a version that had \
         succeeded there earlier. When nothing else is known of what was rolled back, it counts at the rollback.",
    ),
    (
        "rollback",
        "A deployment that puts an earlier version back: it names a `deployment.rolled_back` as its cause, or its version had \
         succeeded at the target before another one came. It is a deployment like any other.",
    ),
    (
        "running, undecided, cancelled",
        "Running: no end is told. Undecided: and nothing for 24 hours. Cancelled: stopped, or rejected by a reviewer. \
         They are counted, where they ended or began, and are in no rate.",
    ),
    (
        "refused",
        "A `deployment.*` event whose outcome is `denied`, or a beginning that failed or was cancelled: nothing was deployed.",
    ),
    (
        "deployment frequency",
        "Finished deployments divided by the days of the window (86,400 seconds each), as far as it was covered.",
    ),
    (
        "change failure rate",
        "Failed and rolled back deployments divided by finished ones.",
    ),
    (
        "rollback rate",
        "Rolled back deployments divided by finished ones.",
    ),
    (
        "target",
        "A project, an environment and a service or application, as far as events name them.",
    ),
    (
        "time to restore",
        "From a failure to the next success at the same target; a rollback that no deployment names as its cause is a \
         success, too. Failures in a row are one, from the first of them. It counts when it was restored; the median is \
         of all in the window. Until then the target is unrestored.",
    ),
    (
        "duration",
        "From `deployment.started` (`application.sync_started`), or `deployment.created` where nothing says that it started, to the \
         end. The median is of those that succeeded, rolled back later or not, and whose beginning is known.",
    ),
    (
        "median",
        "Of an even number, the mean of the two in the middle. Seconds are cut to whole ones.",
    ),
    (
        "window",
        "By the events' own time, UTC; days begin at midnight, weeks on Mondays. `since` belongs to the window and `until` does \
         not. Nothing dated at or after `until` is looked at: what ended later is running here. Events of the 30 days before \
         `since` are looked at too, for beginnings, versions and failures; what is earlier is unknown.",
    ),
];
