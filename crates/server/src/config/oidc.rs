//! Signing people in: the pages' address, how long a session lasts, and the identity provider.

use std::path::PathBuf;

use store::Role;
use store::registry::INSTANCE_TENANT;

use super::setting::{Setting, path, whole};
use crate::admin::is_tenant_name;

/// The pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiConfig {
    /// Where browsers find them: scheme, host and port.
    pub url: Option<String>,
    /// How long a session lasts without a request, in minutes.
    pub session_idle_minutes: u64,
    /// How long a session lasts at all, in hours.
    pub session_hours: u64,
}

impl Default for UiConfig {
    fn default() -> Self {
        Self {
            url: None,
            session_idle_minutes: 30,
            session_hours: 12,
        }
    }
}

/// The identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcConfig {
    /// Its name, which is an address. Without one nobody signs in with it.
    pub issuer: Option<String>,
    /// What people read on the button.
    pub name: Option<String>,
    /// What it calls us.
    pub client_id: Option<String>,
    /// A file with the secret that it knows us by.
    pub client_secret_file: Option<PathBuf>,
    /// The authority that signed its certificate, if it is no public one.
    pub ca_file: Option<PathBuf>,
    /// What is asked of it.
    pub scopes: Vec<String>,
    /// The claim that names a person's groups.
    pub groups_claim: String,
    /// What the members of groups may do.
    pub roles: Vec<GroupRole>,
}

/// What the members of one group may do in one tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRole {
    /// The group, as the provider names it.
    pub group: String,
    /// The tenant's name.
    pub tenant: String,
    /// The role.
    pub role: Role,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            name: None,
            client_id: None,
            client_secret_file: None,
            ca_file: None,
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            groups_claim: "groups".to_owned(),
            roles: Vec::new(),
        }
    }
}

/// Longest text in bytes.
const TEXT_BYTES_MAX: usize = 512;
/// Most scopes.
const SCOPES_MAX: usize = 16;
/// Most rules for groups.
const ROLES_MAX: usize = 256;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "ui.url",
        default: "none",
        bounds: "https://HOST, with a port if need be and without a path; http:// on this machine only",
        meaning: "Where people's browsers find this server. The identity provider sends them back to /sign-in/callback \
                  below it. Needed for oidc.issuer.",
        apply: |config, value| {
            let url = value.strip_suffix('/').unwrap_or(value);
            let rest = url.split_once("://")?.1;
            let fits = is_safe_url(url) && !rest.contains(['/', '?']);
            config.ui.url = fits.then(|| url.to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "ui.session_idle_minutes",
        default: "30",
        bounds: "1 to 1440 minutes",
        meaning: "How long a browser stays signed in without a request.",
        apply: |config, value| {
            config.ui.session_idle_minutes = whole(value, 1..=1_440)?;
            Some(())
        },
    },
    Setting {
        name: "ui.session_hours",
        default: "12",
        bounds: "1 to 168 hours",
        meaning: "How long a browser stays signed in at all. What the identity provider says of a person's groups counts \
                  until then.",
        apply: |config, value| {
            config.ui.session_hours = whole(value, 1..=168)?;
            Some(())
        },
    },
    Setting {
        name: "oidc.issuer",
        default: "none",
        bounds: "an https address as the provider writes it; http:// on this machine only",
        meaning: "The OpenID Connect provider that people sign in with, to the letter as it names itself: its \
                  description is asked for at /.well-known/openid-configuration below it. Needs oidc.client_id and \
                  ui.url.",
        apply: |config, value| {
            let fits = is_safe_url(value) && !value.contains('?');
            config.oidc.issuer = fits.then(|| value.to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "oidc.name",
        default: "none",
        bounds: "a text of 1 to 64 bytes",
        meaning: "What the provider is called on the page where people sign in; the issuer's host without it.",
        apply: |config, value| {
            let fits = is_text(value) && value.len() <= 64;
            config.oidc.name = fits.then(|| value.trim().to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "oidc.client_id",
        default: "none",
        bounds: "a text of 1 to 512 bytes",
        meaning: "What the provider calls this server. The address that people come back to, which it must know, is \
                  ui.url with /sign-in/callback.",
        apply: |config, value| {
            let fits = is_text(value);
            config.oidc.client_id = fits.then(|| value.to_owned());
            fits.then_some(())
        },
    },
    Setting {
        name: "oidc.client_secret_file",
        default: "none",
        bounds: "a path",
        meaning: "A file with the secret that the provider knows this server by; without one it is a public client. It \
                  is read for each sign-in and never logged.",
        apply: |config, value| {
            config.oidc.client_secret_file = Some(path(value)?);
            Some(())
        },
    },
    Setting {
        name: "oidc.ca_file",
        default: "none",
        bounds: "a path",
        meaning: "A file with the certificates, in PEM, of the authority that signed the provider's, in the place of the \
                  public ones: for a provider with a company's own.",
        apply: |config, value| {
            config.oidc.ca_file = Some(path(value)?);
            Some(())
        },
    },
    Setting {
        name: "oidc.scopes",
        default: "openid profile email",
        bounds: "scopes, openid among them, separated by spaces or as a list, at most 16",
        meaning: "What is asked of the provider. Some tell a person's groups only when asked for the scope groups.",
        apply: |config, value| {
            let scopes: Vec<String> = value
                .split(['\0', ' '])
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect();
            let plain = |scope: &String| {
                scope.len() <= TEXT_BYTES_MAX
                    && scope
                        .bytes()
                        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
            };
            let fits = scopes.len() <= SCOPES_MAX
                && scopes.iter().all(plain)
                && scopes.iter().any(|scope| scope == "openid");
            config.oidc.scopes = scopes;
            fits.then_some(())
        },
    },
    Setting {
        name: "oidc.groups_claim",
        default: "groups",
        bounds: "a claim's name, or a JSON pointer such as /realm_access/roles",
        meaning: "What the provider says of a person's groups: a list of names, in the ID token or at its userinfo \
                  address.",
        apply: |config, value| {
            let fits = is_text(value);
            value.clone_into(&mut config.oidc.groups_claim);
            fits.then_some(())
        },
    },
    Setting {
        name: "oidc.roles",
        default: "none",
        bounds: "GROUP=TENANT:ROLE, separated by commas or as a list, at most 256; roles are analyst, reader, auditor and \
                 admin, and in _instance reader, auditor and operator",
        meaning: "What the members of a group may do: platform-ops=default:reader lets whoever is in platform-ops read \
                  in the tenant default, operators=_instance:operator lets operators look after tenants and keys. \
                  Besides, people have the accounts that admins gave them (docs/guide/sign-in.md). A group with a comma \
                  in its name needs the list.",
        apply: |config, value| {
            let entries = value.strip_prefix('\0').map_or_else(
                || value.split(',').collect::<Vec<_>>(),
                |list| list.split('\0').collect(),
            );
            let entries = entries.into_iter().map(str::trim);
            let entries = entries.filter(|entry| !entry.is_empty());
            config.oidc.roles = entries.map(group_role).collect::<Option<_>>()?;
            (config.oidc.roles.len() <= ROLES_MAX).then_some(())
        },
    },
];

fn group_role(entry: &str) -> Option<GroupRole> {
    // Neither tenants nor roles have an equals sign; groups may.
    let (group, place) = entry.rsplit_once('=')?;
    let (tenant, role) = place.split_once(':')?;
    let role = Role::parse(role)?;
    let fits = match role {
        Role::Writer => false,
        Role::Operator => tenant == INSTANCE_TENANT,
        Role::Analyst | Role::Admin => is_tenant_name(tenant),
        Role::Reader | Role::Auditor => tenant == INSTANCE_TENANT || is_tenant_name(tenant),
    };
    (fits && is_text(group)).then(|| GroupRole {
        group: group.to_owned(),
        tenant: tenant.to_owned(),
        role,
    })
}

fn is_text(value: &str) -> bool {
    (1..=TEXT_BYTES_MAX).contains(&value.len())
        && !value.trim().is_empty()
        && !value.chars().any(char::is_control)
}

/// Whether what is said there can't be heard on the way: `https`, or `http` that does not leave this machine.
pub(crate) fn is_safe_url(url: &str) -> bool {
    let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let local = host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    url.len() <= TEXT_BYTES_MAX
        && url.bytes().all(|byte| byte.is_ascii_graphic())
        && !url.contains(['#', '\\'])
        && !authority.contains('@')
        && !host.is_empty()
        && (secure || local)
}
