//! The vendors whose deliveries can be read.

use std::fmt;

use crate::authentic::Proof;
use crate::delivery::Delivery;
use crate::reading::{Item, Reading, Unreadable};
use crate::{argocd, cloudevents, cloudtrail, github, gitlab, hec, kubernetes};

/// Somebody whose deliveries can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// GitHub webhooks.
    Github,
    /// GitLab webhooks and system hooks.
    Gitlab,
    /// Kubernetes audit events: the API server's webhook, its log files, and what managed clusters wrap around them.
    Kubernetes,
    /// AWS `CloudTrail`: log files, and notifications about them.
    Cloudtrail,
    /// Argo CD notifications.
    Argocd,
    /// `CloudEvents` 1.0, `CDEvents` among them.
    Cloudevents,
    /// Splunk's HTTP event collector as input, for what streams to Splunk; GitHub's audit log among it.
    Hec,
}

impl Vendor {
    /// Every vendor.
    pub const ALL: [Self; 7] = [
        Self::Github,
        Self::Gitlab,
        Self::Kubernetes,
        Self::Cloudtrail,
        Self::Argocd,
        Self::Cloudevents,
        Self::Hec,
    ];

    /// Its name in commands and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Kubernetes => "kubernetes",
            Self::Cloudtrail => "cloudtrail",
            Self::Argocd => "argocd",
            Self::Cloudevents => "cloudevents",
            Self::Hec => "hec",
        }
    }

    /// The vendor of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// How the vendor proves that it sent a delivery.
    pub fn proof(self) -> Proof {
        match self {
            Self::Github => Proof::GithubSignature,
            Self::Gitlab => Proof::GitlabToken,
            Self::Hec => Proof::Splunk,
            Self::Kubernetes | Self::Cloudtrail | Self::Argocd | Self::Cloudevents => Proof::Bearer,
        }
    }

    /// Whether ids of its events are digests of what it sent. Then a known id is a known delivery.
    pub fn ids_commit_to_bodies(self) -> bool {
        matches!(self, Self::Github | Self::Gitlab | Self::Argocd)
    }

    /// Reads a delivery whose sender was checked.
    ///
    /// # Errors
    /// When nothing in it can be told apart. What is wrong with one item only is in the reading.
    pub fn read(self, delivery: &Delivery<'_>) -> Result<Reading, Unreadable> {
        let mut reading = match self {
            Self::Github => github::read(delivery),
            Self::Gitlab => gitlab::read(delivery),
            Self::Kubernetes => kubernetes::read(delivery),
            Self::Cloudtrail => cloudtrail::read(delivery),
            Self::Argocd => argocd::read(delivery),
            Self::Cloudevents => cloudevents::read(delivery),
            Self::Hec => hec::read(delivery),
        }?;
        for item in &mut reading.items {
            if let Item::Event(event) = item {
                event.canonicalise();
            }
        }
        if reading.items.len() > crate::limits::EVENTS_MAX {
            return Err(Unreadable::TooMany);
        }
        Ok(reading)
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
