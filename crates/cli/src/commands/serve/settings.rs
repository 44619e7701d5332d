//! The flags of `serve`: one for each setting of the server, handed on as text, so that bounds and messages stand in
//! one place (`server::config`). A test holds this list to the server's table.

use std::path::PathBuf;

use server::Config;
use server::config::environment;

use crate::failure::Failure;

/// Run the server
///
/// Settings come from --config, then the environment (`VERITRAIL_LISTEN` and so on), then these flags;
/// the later wins. docs/reference/config.md describes them all.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The first start makes the keys and data directories, a tenant `default`, and an operator's key in
KEYS/operator.key. On a terminal, or with --print-key, it shows an API key of `default` that may
write and audit for 24 hours.")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of the command line"
)]
pub(crate) struct Serve {
    /// The data directory [default: ./veritrail-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,

    /// The keys directory; best on another disk than the data [default: ./veritrail-keys]
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,

    /// Where to listen [default: 127.0.0.1:7400]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,

    /// Settings in TOML
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Make an API key of tenant default for 24 hours and print it, also where stdout is no terminal
    #[arg(long)]
    pub(super) print_key: bool,

    /// Make a tenant demo with a week in the life of an invented platform, and a key for it in KEYS/demo.key
    #[arg(long)]
    pub(super) demo: bool,

    /// Make a new operator's key and put it in the place of KEYS/operator.key
    #[arg(long)]
    pub(super) new_operator_key: bool,

    /// What the origins of new logs begin with; never a host's or customer's name
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,

    /// Serve plain HTTP beyond this machine
    #[arg(long)]
    allow_plain_http: bool,

    /// The certificate chain in PEM: HTTPS instead of HTTP; read again when it changes and on SIGHUP
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,

    /// The key of the certificate in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,

    /// A database of places (.mmdb): where addresses are, searched as country: and city:; may be given several times
    #[arg(long, value_name = "FILE")]
    geoip: Vec<String>,

    /// How often checkpoints are signed, in milliseconds
    #[arg(long, value_name = "N")]
    checkpoint_interval_ms: Option<String>,

    #[command(flatten)]
    anchor: AnchorFlags,

    #[command(flatten)]
    people: PeopleFlags,

    #[command(flatten)]
    limits: LimitFlags,

    #[command(flatten)]
    log: LogFlags,
}

/// Publishing heads outside.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Anchors")]
#[expect(
    clippy::struct_field_names,
    reason = "flags are named as their settings, and a prefix tells which table"
)]
struct AnchorFlags {
    /// File that gets a signed checkpoint of the instance log each interval; best on another machine
    #[arg(long, value_name = "FILE")]
    anchor_file: Option<String>,

    /// Command that gets it on standard input, by sh -c
    #[arg(long, value_name = "COMMAND")]
    anchor_command: Option<String>,

    /// Address that it is posted to
    #[arg(long, value_name = "URL")]
    anchor_url: Option<String>,

    /// File with a header line for that address, such as Authorization: Bearer and a token
    #[arg(long, value_name = "FILE")]
    anchor_url_header_file: Option<String>,

    /// How often, in seconds
    #[arg(long, value_name = "N")]
    anchor_interval_seconds: Option<String>,
}

/// People's browsers, and the identity provider that they sign in with.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Sign-in of people")]
struct PeopleFlags {
    /// Where browsers find this server, such as <https://audit.example.com>
    #[arg(long, value_name = "URL")]
    ui_url: Option<String>,

    /// How long a browser stays signed in without a request, in minutes
    #[arg(long, value_name = "N")]
    ui_session_idle_minutes: Option<String>,

    /// How long a browser stays signed in at all, in hours
    #[arg(long, value_name = "N")]
    ui_session_hours: Option<String>,

    /// The OpenID Connect provider, as it names itself
    #[arg(long, value_name = "URL")]
    oidc_issuer: Option<String>,

    /// What people read on the button
    #[arg(long, value_name = "NAME")]
    oidc_name: Option<String>,

    /// What the provider calls this server
    #[arg(long, value_name = "ID")]
    oidc_client_id: Option<String>,

    /// File with the secret that the provider knows this server by
    #[arg(long, value_name = "FILE")]
    oidc_client_secret_file: Option<String>,

    /// Certificates of the authority that signed the provider's, in PEM
    #[arg(long, value_name = "FILE")]
    oidc_ca_file: Option<String>,

    /// What is asked of the provider [default: openid profile email]
    #[arg(long, value_name = "SCOPES")]
    oidc_scopes: Option<String>,

    /// The claim with a person's groups [default: groups]
    #[arg(long, value_name = "CLAIM")]
    oidc_groups_claim: Option<String>,

    /// What members of a group may do, as GROUP=TENANT:ROLE; may be given several times
    #[arg(long, value_name = "RULE")]
    oidc_roles: Vec<String>,
}

impl PeopleFlags {
    fn given(&self) -> Vec<(&'static str, String)> {
        let roles = server::config::list(self.oidc_roles.iter().map(String::as_str));
        let roles = (!self.oidc_roles.is_empty()).then_some(roles);
        let flags = [
            ("--ui-url", &self.ui_url),
            ("--ui-session-idle-minutes", &self.ui_session_idle_minutes),
            ("--ui-session-hours", &self.ui_session_hours),
            ("--oidc-issuer", &self.oidc_issuer),
            ("--oidc-name", &self.oidc_name),
            ("--oidc-client-id", &self.oidc_client_id),
            ("--oidc-client-secret-file", &self.oidc_client_secret_file),
            ("--oidc-ca-file", &self.oidc_ca_file),
            ("--oidc-scopes", &self.oidc_scopes),
            ("--oidc-groups-claim", &self.oidc_groups_claim),
            ("--oidc-roles", &roles),
        ];
        let flags = flags.into_iter();
        flags
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

/// Bounds.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
#[expect(
    clippy::struct_field_names,
    reason = "flags are named as their settings, and a prefix tells which table"
)]
struct LimitFlags {
    /// Request bodies held in memory at once, in bytes
    #[arg(long, value_name = "N")]
    limits_queue_bytes: Option<String>,

    /// Requests in flight at once
    #[arg(long, value_name = "N")]
    limits_concurrent_requests: Option<String>,

    /// Open connections
    #[arg(long, value_name = "N")]
    limits_connections: Option<String>,

    /// How long a client may take to send a request's head
    #[arg(long, value_name = "N")]
    limits_header_timeout_seconds: Option<String>,

    /// How long a request may take
    #[arg(long, value_name = "N")]
    limits_request_timeout_seconds: Option<String>,

    /// How long running requests may take to end at shutdown
    #[arg(long, value_name = "N")]
    limits_shutdown_seconds: Option<String>,

    /// Below so many free bytes writes are refused
    #[arg(long, value_name = "N")]
    limits_reserve_disk_bytes: Option<String>,

    /// Events that each tenant may send in a second; 0 for no quota
    #[arg(long, value_name = "N")]
    limits_tenant_events_per_second: Option<String>,

    /// Events that each tenant may send at once
    #[arg(long, value_name = "N")]
    limits_tenant_burst_events: Option<String>,

    /// Searches of each tenant at once
    #[arg(long, value_name = "N")]
    limits_tenant_searches: Option<String>,

    /// Streams of each tenant open at once
    #[arg(long, value_name = "N")]
    limits_tenant_streams: Option<String>,

    /// Events that one question about deployments looks at
    #[arg(long, value_name = "N")]
    limits_deployment_events: Option<String>,

    /// Tenants up to which platform keys make new ones
    #[arg(long, value_name = "N")]
    limits_tenants: Option<String>,
}

/// The server's own log.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Log on stderr")]
struct LogFlags {
    /// text or json
    #[arg(long, value_name = "FORM")]
    log_format: Option<String>,

    /// error, warn, info or debug
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Serve {
    /// All settings, read and checked.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        let (anchor, limits, log) = (&self.anchor, &self.limits, &self.log);
        let geoip = server::config::list(self.geoip.iter().map(String::as_str));
        let geoip = (!self.geoip.is_empty()).then_some(geoip);
        let plain = self.allow_plain_http.then(|| "true".to_owned());
        let flags: Vec<(&str, String)> = [
            ("--data", &self.data),
            ("--keys", &self.keys),
            ("--listen", &self.listen),
            ("--origin", &self.origin),
            ("--allow-plain-http", &plain),
            ("--checkpoint-interval-ms", &self.checkpoint_interval_ms),
            ("--geoip", &geoip),
            ("--tls-cert", &self.tls_cert),
            ("--tls-key", &self.tls_key),
            ("--anchor-file", &anchor.anchor_file),
            ("--anchor-command", &anchor.anchor_command),
            ("--anchor-url", &anchor.anchor_url),
            ("--anchor-url-header-file", &anchor.anchor_url_header_file),
            ("--anchor-interval-seconds", &anchor.anchor_interval_seconds),
            ("--limits-queue-bytes", &limits.limits_queue_bytes),
            (
                "--limits-concurrent-requests",
                &limits.limits_concurrent_requests,
            ),
            ("--limits-connections", &limits.limits_connections),
            (
                "--limits-header-timeout-seconds",
                &limits.limits_header_timeout_seconds,
            ),
            (
                "--limits-request-timeout-seconds",
                &limits.limits_request_timeout_seconds,
            ),
            ("--limits-shutdown-seconds", &limits.limits_shutdown_seconds),
            (
                "--limits-reserve-disk-bytes",
                &limits.limits_reserve_disk_bytes,
            ),
            (
                "--limits-tenant-events-per-second",
                &limits.limits_tenant_events_per_second,
            ),
            (
                "--limits-tenant-burst-events",
                &limits.limits_tenant_burst_events,
            ),
            ("--limits-tenant-searches", &limits.limits_tenant_searches),
            ("--limits-tenant-streams", &limits.limits_tenant_streams),
            (
                "--limits-deployment-events",
                &limits.limits_deployment_events,
            ),
            ("--limits-tenants", &limits.limits_tenants),
            ("--log-format", &log.log_format),
            ("--log-level", &log.log_level),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)))
        .chain(self.people.given())
        .collect();
        Config::load(self.config.as_deref(), &environment, &flags).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            Failure::usage(format!("{error}{}", cause.unwrap_or_default()))
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use crate::arguments::Arguments;

    #[test]
    fn every_setting_has_its_flag() {
        let root = Arguments::command();
        let serve = root.find_subcommand("serve").unwrap();
        let flags: Vec<String> = serve
            .get_arguments()
            .filter_map(|argument| Some(format!("--{}", argument.get_long()?)))
            .collect();
        let reference = server::config::reference();
        let documented: Vec<&str> = reference
            .lines()
            .filter_map(|line| line.strip_prefix("* flag: `")?.strip_suffix('`'))
            .collect();
        assert!(documented.len() > 10, "{documented:?}");
        for flag in documented {
            assert!(flags.iter().any(|known| known == flag), "{flag} is missing");
        }
    }
}
