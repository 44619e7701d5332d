//! What stands around every page: title, navigation, who is signed in.

use super::asset;
use super::theme::Theme;

/// Where in the product a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// None of the others.
    None,
    /// What changed.
    Changes,
    /// Search.
    Search,
    /// Deployments.
    Deployments,
    /// Log health.
    Health,
    /// Who read the log.
    Access,
    /// Tenants, keys, sources.
    Admin,
}

/// One link of the navigation.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// Where to.
    pub(super) href: String,
    /// In words.
    pub(super) label: &'static str,
    /// Whether the page is there.
    pub(super) current: bool,
}

/// Who is signed in, as pages show it.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// The tenant's name.
    pub(super) tenant: String,
    /// What the viewer is called.
    pub(super) name: String,
    /// The viewer's roles.
    pub(super) roles: String,
    /// What our forms repeat.
    pub(super) csrf: String,
    /// Whether the viewer may enter other tenants, too.
    pub(super) several: bool,
    /// Whether the viewer sees persons.
    pub(super) sees_persons: bool,
    /// Links of the navigation.
    pub(super) links: Vec<Link>,
}

/// What stands around a page.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    /// The page's title.
    pub(super) title: String,
    /// Where assets are.
    pub(super) assets: String,
    /// Light or dark.
    pub(super) theme: Theme,
    /// This page's path and query, for what leads back to it.
    pub(super) here: String,
    /// What stands in the search box.
    pub(super) q: String,
    /// Nobody on the page to sign in.
    pub(super) signed_in: Option<SignedIn>,
}

impl Shell {
    /// Whether whoever is signed in sees persons.
    pub(super) fn sees_persons(&self) -> bool {
        self.signed_in.as_ref().is_some_and(|who| who.sees_persons)
    }

    /// Around a page without anybody.
    pub(super) fn bare(title: &str, theme: Theme) -> Self {
        Self {
            title: title.to_owned(),
            assets: asset::base(),
            theme,
            here: String::from("/"),
            q: String::new(),
            signed_in: None,
        }
    }
}
