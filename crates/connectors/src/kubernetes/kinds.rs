//! Resources of the API: what they are called here, and which operations of the vocabulary they have.

use std::borrow::Cow;

use crate::clean;

/// What kind of thing a resource is, as far as the vocabulary tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Deployments and their like, jobs among them.
    Workload,
    /// Pods.
    Pod,
    /// Nodes.
    Node,
    /// Secrets: their values are never kept, reads of them are.
    Secret,
    /// `ConfigMaps`: their values are not kept either.
    ConfigMap,
    /// Roles.
    Role,
    /// Bindings of roles to somebody.
    Binding,
    /// Service accounts.
    ServiceAccount,
    /// Requests for certificates.
    CertificateRequest,
    /// Definitions of custom resources.
    Definition,
    /// Questions in the form of objects: token and access reviews.
    Review,
    /// Other resources of Kubernetes itself, with the first part of their operations.
    Named(&'static str),
    /// Others of Kubernetes itself.
    Other,
    /// Of somebody else: nothing is known about their fields.
    Custom,
}

/// Resources of Kubernetes itself by their plural.
#[rustfmt::skip] // a table reads better packed
const BUILT_IN: &[(&str, &str, Family)] = &[
    ("deployments", "deployment", Family::Workload),
    ("statefulsets", "stateful_set", Family::Workload),
    ("daemonsets", "daemon_set", Family::Workload),
    ("replicasets", "replica_set", Family::Workload),
    ("replicationcontrollers", "replication_controller", Family::Workload),
    ("jobs", "job", Family::Workload),
    ("cronjobs", "cron_job", Family::Named("cron_job")),
    ("pods", "pod", Family::Pod),
    ("bindings", "pod", Family::Pod),
    ("nodes", "node", Family::Node),
    ("namespaces", "namespace", Family::Named("namespace")),
    ("secrets", "secret", Family::Secret),
    ("configmaps", "config_map", Family::ConfigMap),
    ("roles", "role", Family::Role),
    ("clusterroles", "cluster_role", Family::Role),
    ("rolebindings", "role_binding", Family::Binding),
    ("clusterrolebindings", "cluster_role_binding", Family::Binding),
    ("serviceaccounts", "service_account", Family::ServiceAccount),
    ("services", "service", Family::Named("service")),
    ("ingresses", "ingress", Family::Named("ingress")),
    ("networkpolicies", "network_policy", Family::Named("firewall_rule")),
    ("persistentvolumes", "persistent_volume", Family::Named("volume")),
    ("persistentvolumeclaims", "persistent_volume_claim", Family::Named("volume")),
    ("validatingwebhookconfigurations", "validating_webhook_configuration", Family::Named("admission_webhook")),
    ("mutatingwebhookconfigurations", "mutating_webhook_configuration", Family::Named("admission_webhook")),
    ("customresourcedefinitions", "custom_resource_definition", Family::Definition),
    ("certificatesigningrequests", "certificate_signing_request", Family::CertificateRequest),
    ("tokenreviews", "token_review", Family::Review),
    ("subjectaccessreviews", "subject_access_review", Family::Review),
    ("localsubjectaccessreviews", "local_subject_access_review", Family::Review),
    ("selfsubjectaccessreviews", "self_subject_access_review", Family::Review),
    ("selfsubjectrulesreviews", "self_subject_rules_review", Family::Review),
    ("selfsubjectreviews", "self_subject_review", Family::Review),
    ("leases", "lease", Family::Other),
    ("events", "event", Family::Other),
    ("endpoints", "endpoints", Family::Other),
    ("endpointslices", "endpoint_slice", Family::Other),
    ("componentstatuses", "component_status", Family::Other),
    ("limitranges", "limit_range", Family::Other),
    ("resourcequotas", "resource_quota", Family::Other),
    ("podtemplates", "pod_template", Family::Other),
    ("controllerrevisions", "controller_revision", Family::Other),
    ("horizontalpodautoscalers", "horizontal_pod_autoscaler", Family::Other),
    ("poddisruptionbudgets", "pod_disruption_budget", Family::Other),
    ("priorityclasses", "priority_class", Family::Other),
    ("runtimeclasses", "runtime_class", Family::Other),
    ("storageclasses", "storage_class", Family::Other),
    ("volumeattachments", "volume_attachment", Family::Other),
    ("csidrivers", "csi_driver", Family::Other),
    ("csinodes", "csi_node", Family::Other),
    ("csistoragecapacities", "csi_storage_capacity", Family::Other),
    ("ingressclasses", "ingress_class", Family::Other),
    ("ipaddresses", "ip_address", Family::Other),
    ("servicecidrs", "service_cidr", Family::Other),
    ("apiservices", "api_service", Family::Other),
    ("flowschemas", "flow_schema", Family::Other),
    ("prioritylevelconfigurations", "priority_level_configuration", Family::Other),
    ("validatingadmissionpolicies", "validating_admission_policy", Family::Other),
    ("validatingadmissionpolicybindings", "validating_admission_policy_binding", Family::Other),
    ("mutatingadmissionpolicies", "mutating_admission_policy", Family::Other),
    ("mutatingadmissionpolicybindings", "mutating_admission_policy_binding", Family::Other),
    ("clustertrustbundles", "cluster_trust_bundle", Family::Other),
    ("podsecuritypolicies", "pod_security_policy", Family::Other),
    ("storageversions", "storage_version", Family::Other),
];

/// Custom resources of two words that are met often: a plural doesn't say where one ends.
#[rustfmt::skip] // a table reads better packed
const CUSTOM: &[(&str, &str)] = &[
    ("applicationsets", "application_set"), ("appprojects", "app_project"),
    ("authorizationpolicies", "authorization_policy"), ("certificaterequests", "certificate_request"),
    ("ciliumnetworkpolicies", "cilium_network_policy"), ("clusterissuers", "cluster_issuer"),
    ("clusterpolicies", "cluster_policy"), ("destinationrules", "destination_rule"),
    ("externalsecrets", "external_secret"), ("gatewayclasses", "gateway_class"),
    ("gitrepositories", "git_repository"), ("grpcroutes", "grpc_route"),
    ("helmreleases", "helm_release"), ("helmrepositories", "helm_repository"),
    ("httproutes", "http_route"), ("ingressroutes", "ingress_route"), ("nodeclaims", "node_claim"),
    ("nodepools", "node_pool"), ("peerauthentications", "peer_authentication"),
    ("podmonitors", "pod_monitor"), ("prometheusrules", "prometheus_rule"),
    ("scaledobjects", "scaled_object"), ("sealedsecrets", "sealed_secret"),
    ("secretstores", "secret_store"), ("clustersecretstores", "cluster_secret_store"),
    ("serviceentries", "service_entry"), ("servicemonitors", "service_monitor"),
    ("virtualservices", "virtual_service"), ("volumesnapshots", "volume_snapshot"),
    ("pipelineruns", "pipeline_run"), ("taskruns", "task_run"),
];

/// The type and family of a resource.
pub(super) fn of(group: &str, plural: &str) -> (Cow<'static, str>, Family) {
    if is_own(group, plural)
        && let Some((_, kind, family)) = BUILT_IN.iter().find(|(name, _, _)| *name == plural)
    {
        return (Cow::Borrowed(kind), *family);
    }
    if let Some((_, kind)) = CUSTOM.iter().find(|(name, _)| *name == plural) {
        return (Cow::Borrowed(kind), Family::Custom);
    }
    // Anybody may call a resource of a group of theirs `leases`: it is not what rules for leases mean.
    let kind = clean::kind(&singular(plural));
    let is_taken = kind == "path" || BUILT_IN.iter().any(|(_, known, _)| *known == kind);
    let kind = match group {
        _ if !is_taken => kind,
        "" => format!("core_{kind}"),
        group => clean::kind(&format!("{group}_{kind}")),
    };
    (Cow::Owned(kind), Family::Custom)
}

/// Whether a group is Kubernetes' own. What is left out by its type alone must be of its very group.
fn is_own(group: &str, plural: &str) -> bool {
    match plural {
        "leases" => group == "coordination.k8s.io",
        "events" => matches!(group, "" | "events.k8s.io"),
        "tokenreviews" | "selfsubjectreviews" => group == "authentication.k8s.io",
        "subjectaccessreviews"
        | "localsubjectaccessreviews"
        | "selfsubjectaccessreviews"
        | "selfsubjectrulesreviews" => group == "authorization.k8s.io",
        _ => {
            let old = ["", "apps", "batch", "autoscaling", "policy", "extensions"];
            old.contains(&group) || group.ends_with(".k8s.io")
        }
    }
}

/// English plurals as API machinery makes them.
fn singular(plural: &str) -> String {
    let cut = |end: &str, other: &str| {
        plural
            .strip_suffix(end)
            .map(|stem| format!("{stem}{other}"))
    };
    cut("ies", "y")
        .or_else(|| cut("sses", "ss"))
        .or_else(|| cut("xes", "x"))
        .or_else(|| cut("ches", "ch"))
        .or_else(|| cut("shes", "sh"))
        .or_else(|| cut("s", ""))
        .unwrap_or_else(|| plural.to_owned())
}

/// How something was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It is there now.
    Created,
    /// It is different.
    Updated,
    /// It is gone.
    Deleted,
}

/// The operation for a change of a thing of some family.
pub(super) fn operation(family: Family, plural: &str, way: Way) -> Cow<'static, str> {
    let first = match family {
        Family::Workload => "workload",
        Family::Pod => "pod",
        Family::Node => "node",
        Family::Secret => "secret",
        Family::ConfigMap => "config_map",
        Family::Role => "role",
        Family::ServiceAccount => "service_account",
        Family::Definition => "custom_resource_definition",
        Family::Named(name) => name,
        Family::Binding => {
            return Cow::Borrowed(match way {
                Way::Created => "permission.granted",
                Way::Updated => "permission.updated",
                Way::Deleted => "permission.revoked",
            });
        }
        Family::CertificateRequest if way == Way::Created => {
            return Cow::Borrowed("certificate.requested");
        }
        Family::Other if plural == "leases" && way != Way::Deleted => {
            return Cow::Borrowed("lease.updated");
        }
        Family::CertificateRequest | Family::Review | Family::Other | Family::Custom => "resource",
    };
    Cow::Owned(match way {
        Way::Created => format!("{first}.created"),
        Way::Updated => format!("{first}.updated"),
        Way::Deleted => format!("{first}.deleted"),
    })
}
