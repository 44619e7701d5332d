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

fn cloudtrail() -> Rules {
    Rules {
        exclude: vec![Rule {
            nature: Some(Nature::Read),
            ..rule("cloudtrail.reads")
        }],
        ..Rules::none()
    }
}

fn github() -> Rules {
    Rules::none()
}
