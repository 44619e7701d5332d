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
        Vendor::Gitlab | Vendor::Argocd | Vendor::Cloudevents => Rules::none(),
    }
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.to_owned(),
        ..Rule::default()
    }
}

fn kubernetes() -> Rules {
    Rules::none()
}

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

fn github() -> Rules {
    Rules::none()
}
