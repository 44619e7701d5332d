//! What each vendor's sources leave out unless they are told otherwise: health checks, leases, controllers at their own
//! work, plain reads. `docs/guide/sources.md` lists them.

use super::{Rule, Rules};
use crate::event::Nature;
use crate::vendor::Vendor;

/// The rules of a vendor.
pub(super) fn rules(vendor: Vendor) -> Rules {
    match vendor {
        Vendor::Kubernetes => kubernetes(),
        Vendor::Cloudtrail => cloudtrail(),
        Vendor::Github | Vendor::Hec => github(),
        Vendor::Gitlab => gitlab(),
        Vendor::Argocd | Vendor::Cloudevents => Rules::none(),
    }
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        ..Rule::default()
    }
}

/// What a cluster does all day by itself. What was refused is kept, whoever asked; so are reads of secrets and of logs of
/// pods, and whatever people, pipelines and operators change. Names of actors are those of Kubernetes' own parts: a service
/// account that somebody adds to `kube-system` is none of them.
fn kubernetes() -> Rules {
    let actor = |name: &str, actor: &str| Rule {
        actor: Some(actor.to_owned()),
        ..rule(name)
    };
    let resource = |name: &str, resource: &str| Rule {
        resource: Some(resource.to_owned()),
        ..rule(name)
    };
    let operation = |operation: &str, rule: Rule| Rule {
        operation: Some(operation.to_owned()),
        ..rule
    };
    let mut exclude = Vec::new();
    // Not their deletion, and not by people: a lease that is gone hands a part of the cluster to somebody else.
    for who in PARTS {
        for (name, kind, what) in [
            ("kubernetes.leases", "lease", "lease.updated"),
            ("kubernetes.events", "event", "resource.created"),
            ("kubernetes.events", "event", "resource.updated"),
        ] {
            let mut rule = operation(what, resource(name, kind));
            rule.actor = Some(who.to_owned());
            exclude.push(rule);
        }
    }
    for path in ["healthz", "livez", "readyz", "metrics", "version"] {
        let mut health = resource("kubernetes.health", &format!("path:/{path}*"));
        health.nature = Some(Nature::Read);
        exclude.push(health);
    }
    for path in ["api", "api/*", "apis", "apis/*", "openapi/*", "swagger*"] {
        let mut discovery = resource("kubernetes.discovery", &format!("path:/{path}"));
        discovery.nature = Some(Nature::Read);
        exclude.push(discovery);
    }
    let named = |name, what: &str| operation(what, rule(name));
    exclude.push(named("kubernetes.reviews", "access_token.checked"));
    exclude.push(named("kubernetes.reviews", "permission.checked"));
    exclude.push(named("kubernetes.dry_runs", "resource.change_tried"));
    for who in PARTS {
        exclude.push(operation(
            "resource.status_updated",
            actor("kubernetes.status", who),
        ));
    }
    exclude.push(Rule {
        nature: Some(Nature::Read),
        ..rule("kubernetes.reads")
    });
    for who in ["system:node:*", "system:kube-controller-manager"] {
        exclude.push(operation(
            "access_token.created",
            actor("kubernetes.tokens", who),
        ));
    }
    exclude
        .extend(KUBELET.map(|what| operation(what, actor("kubernetes.kubelet", "system:node:*"))));
    exclude.push(operation(
        "pod.bound",
        actor("kubernetes.scheduler", "system:kube-scheduler"),
    ));
    for (who, what) in CONTROLLERS {
        let mut rule = resource("kubernetes.controllers", what);
        rule.actor = Some(format!("system:serviceaccount:kube-system:{who}"));
        exclude.push(rule);
    }
    for what in MANAGED {
        let mut rule = resource("kubernetes.controllers", what);
        rule.actor = Some("system:kube-controller-manager".to_owned());
        exclude.push(rule);
    }
    Rules {
        include: vec![Rule {
            outcome: Some("denied".to_owned()),
            ..rule("kubernetes.denied")
        }],
        exclude,
        ..Rules::none()
    }
}

/// Parts of the cluster and whatever runs in it. Types and names, so that `system:admin`, whom some distributions give to
/// people, is not among them.
const PARTS: [&str; 4] = [
    "system:system:*",
    "system:eks:*",
    "system:aksService",
    "service_account:*",
];

/// What kubelets do to their node and its pods.
const KUBELET: [&str; 5] = [
    "node.created",
    "node.updated",
    "pod.created",
    "pod.deleted",
    "pod.updated",
];

/// Controllers and what each of them makes, changes and removes of what others asked for.
const CONTROLLERS: [(&str, &str); 16] = [
    ("deployment-controller", "replica_set"),
    ("replicaset-controller", "pod"),
    ("statefulset-controller", "pod"),
    ("daemon-set-controller", "pod"),
    ("job-controller", "pod"),
    ("cronjob-controller", "job"),
    ("*-controller", "controller_revision"),
    ("pod-garbage-collector", "pod"),
    ("generic-garbage-collector", "pod"),
    ("generic-garbage-collector", "replica_set"),
    ("endpoint-controller", "endpoints"),
    ("endpointslice*-controller", "endpoint_slice"),
    ("node-controller", "node"),
    ("ttl-controller", "node"),
    ("root-ca-cert-publisher", "config_map:*/kube-root-ca.crt"),
    ("service-account-controller", "service_account:*/default"),
];

/// The same where controllers have no accounts of their own.
const MANAGED: [&str; 8] = [
    "replica_set",
    "pod",
    "job",
    "controller_revision",
    "endpoints",
    "endpoint_slice",
    "node",
    "config_map:*/kube-root-ca.crt",
];

/// Successful reads; keys that were used to decrypt; services at their own work: taking on the roles that they were
/// given, opening log streams; agents that report. What was refused or failed is kept.
fn cloudtrail() -> Rules {
    let succeeded = |name: &str| Rule {
        outcome: Some("success".to_owned()),
        ..rule(name)
    };
    let verb = |name: &str, verb: &str| Rule {
        verb: Some(verb.to_owned()),
        ..succeeded(name)
    };
    let exclude = vec![
        Rule {
            operation: Some("encryption_key.used".to_owned()),
            ..succeeded("cloudtrail.key_use")
        },
        Rule {
            nature: Some(Nature::Read),
            ..succeeded("cloudtrail.reads")
        },
        Rule {
            operation: Some("role.assumed".to_owned()),
            actor: Some("system:*".to_owned()),
            ..succeeded("cloudtrail.service_roles")
        },
        verb("cloudtrail.agents", "updateinstanceinformation"),
        verb("cloudtrail.agents", "updateinstanceassociationstatus"),
        verb("cloudtrail.agents", "putinventory"),
        verb("cloudtrail.agents", "putcomplianceitems"),
        verb("cloudtrail.log_streams", "createlogstream"),
    ];
    Rules {
        exclude,
        ..Rules::none()
    }
}

/// Stars, under both names that GitHub sends: they change nothing. Forks stay: code goes elsewhere.
fn github() -> Rules {
    let verbs = ["star.*", "watch.*"].map(|verb| Rule {
        verb: Some(verb.to_owned()),
        ..rule("github.social")
    });
    Rules {
        exclude: verbs.into(),
        ..Rules::none()
    }
}

/// Emoji on issues, merge requests and comments.
fn gitlab() -> Rules {
    Rules {
        exclude: vec![Rule {
            verb: Some("emoji*".to_owned()),
            ..rule("gitlab.social")
        }],
        ..Rules::none()
    }
}
