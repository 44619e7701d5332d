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

fn kubernetes() -> Rules {
    Rules::none()
}

fn cloudtrail() -> Rules {
    Rules {
        exclude: vec![Rule {
            nature: Some(Nature::Read),
            outcome: Some("success".to_owned()),
            ..rule("cloudtrail.reads")
        }],
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
