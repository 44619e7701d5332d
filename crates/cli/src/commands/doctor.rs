//! `veritrail doctor`: whether keys, data, settings and server are as they should be, and what to do where not.
//!
//! Promises: works while the server runs and while it does not, takes no lock and changes nothing; every check answers, if
//! only that it could not be made; names and order of checks, and the JSON, stay. Must never print a key or the value
//! of a setting that may be secret.

mod report;

use std::path::PathBuf;

use clap::CommandFactory as _;
use ledger::source::Clock as _;
use ledger::time::Micros;
use server::Config;
use server::config::{Review, Setting, environment, environment_names, settings};

use self::report::Report;
use super::Ending;
use super::serve::refusals;
use crate::arguments::Arguments;
use crate::client::{Client, Connection, Credential, Trust};
use crate::clock::SystemClock;
use crate::doctor::anchors::Facts as Anchors;
use crate::doctor::answers::{Answers, PATIENCE};
use crate::doctor::clock::Facts as Clock;
use crate::doctor::config::Facts as Settings;
use crate::doctor::directories::Facts as Directories;
use crate::doctor::verification::Facts as Verification;
use crate::doctor::{
    Finding, anchors, apart, api_keys, certificate, checkpoints, claims, clock, config,
    demo_tenant, directories, disk, file_system, geoip, http, index, open_files, permissions,
    platform_keys, process, server as serving, verification, version, within, writes,
};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::verified::Notes;

/// Look whether keys, data, settings and server are as they should be
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads the settings as serve does: --config, then the environment of this shell, then these flags.
Looks at both directories without a lock, and asks the server if one answers. Some checks take an
operator's key: --key-file KEYS/operator.key. What can't be found out is said to be unknown.

Exit codes: 0 nothing is wrong, or warnings only; 1 a problem, or with --strict a warning; 2 usage.")]
pub(crate) struct Doctor {
    /// The data directory [default: ./veritrail-data]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,

    /// The keys directory [default: ./veritrail-keys]
    #[arg(long, value_name = "DIR")]
    keys: Option<String>,

    /// Settings in TOML, as serve takes them
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The running server [default: where the settings have it listen, on this machine]
    #[arg(
        long,
        env = "VERITRAIL_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    url: Option<String>,

    /// End with 1 for warnings, too
    #[arg(long)]
    strict: bool,

    /// Print the findings as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    notes: Notes,

    #[command(flatten)]
    trust: Trust,

    #[command(flatten)]
    credential: Credential,
}

impl Doctor {
    pub(crate) fn run(self, printer: &mut Printer) -> anyhow::Result<Ending> {
        let review = self.review();
        let url = self.url.clone().unwrap_or_else(|| address(&review.config));
        let answers = self.ask(url, printer)?;
        let now = SystemClock.wall();
        let report = Report {
            at: now,
            data: review.config.data.display().to_string(),
            keys: review.config.keys.display().to_string(),
            url: answers.url.clone(),
            findings: self.findings(review, &answers, now),
        };
        if self.json {
            report.print_json(printer);
        } else {
            report.print(printer);
        }
        Ok(report.ending(self.strict))
    }

    fn review(&self) -> Review {
        let flags = [("--data", &self.data), ("--keys", &self.keys)];
        let flags = flags
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?)));
        let flags: Vec<(&str, String)> = flags.collect();
        Review::read(self.config.as_deref(), &environment, &flags)
    }

    /// What the server answers. A key or an address that can't be used is a usage error: it was typed.
    fn ask(&self, url: String, printer: &mut Printer) -> Result<Answers, Failure> {
        let connection = Connection {
            url,
            trust: self.trust.clone(),
            credential: self.credential.clone(),
        };
        let client = Client::within(PATIENCE, &connection, printer)?;
        Ok(Answers::gather(&client, &|| SystemClock.wall()))
    }

    /// Every check, in the order in which causes come before effects.
    fn findings(&self, review: Review, answers: &Answers, now: Micros) -> Vec<Finding> {
        let settings = review.config.clone();
        let (data, keys) = (settings.data.clone(), settings.keys.clone());
        let directories = Directories::gather(&data, &keys);
        let locked_data = data.clone();
        let locked = within(move || process::of(&locked_data)).ok().flatten();
        let anchors = Anchors::gather(&settings.anchor, &data, directories.origin(), answers, now);
        let verification = Verification {
            last: self.notes.last(&data),
            age_seconds: age(&data, now),
            now,
        };
        let reserve = settings.limits.reserve_disk_bytes;
        let databases = settings.geoip.clone();
        let config = Settings {
            review,
            places: within(move || refusals(&databases)),
            variables: environment_names(),
            known_variables: known_variables(),
            origin: directories.origin().map(str::to_owned),
        };
        vec![
            config::judge(&config),
            directories::judge(&directories),
            apart::judge(&apart::gather(&data, &keys)),
            permissions::judge(&permissions::gather(&settings, self.config.as_deref())),
            file_system::judge(&file_system::gather(&data, &keys)),
            disk::judge(&disk::gather(&data, &keys, reserve, now)),
            open_files::judge(&open_files::gather(locked, settings.limits.connections)),
            clock::judge(&Clock::gather(answers.ahead_seconds)),
            http::judge(&settings, &answers.url),
            certificate::judge(certificate::gather(&settings).as_ref(), now),
            serving::judge(answers, locked, directories.origin()),
            version::judge(answers, env!("CARGO_PKG_VERSION")),
            writes::judge(answers),
            checkpoints::judge(answers, settings.checkpoint_interval_ms, now),
            index::judge(answers),
            anchors::judge(&anchors),
            claims::judge(&settings, &anchors),
            verification::judge(&verification),
            api_keys::judge(&answers.keys, now),
            platform_keys::judge(&answers.keys, answers.tenants.is_ok(), now),
            geoip::judge(answers),
            demo_tenant::judge(&demo_tenant::gather(&settings, &answers.tenants)),
        ]
    }
}

/// Where a server with these settings is reached from this machine.
fn address(config: &Config) -> String {
    let scheme = if config.tls.files().is_some() {
        "https"
    } else {
        "http"
    };
    let mut address = config.listen;
    if address.port() == 0 {
        // The system chose, and only the server's own words say what.
        address.set_port(Config::default().listen.port());
    }
    let host = match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv6() => "[::1]".to_owned(),
        ip if ip.is_unspecified() => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        std::net::IpAddr::V4(ip) => ip.to_string(),
    };
    format!("{scheme}://{host}:{}", address.port())
}

/// How long ago the data directory was made.
fn age(data: &std::path::Path, now: Micros) -> Option<i64> {
    let format = data.join("FORMAT");
    let made = within(move || std::fs::metadata(format).and_then(|format| format.modified()));
    let made = made
        .ok()?
        .ok()?
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .ok()?;
    let made = i64::try_from(made.as_secs()).ok()?;
    Some(now.as_micros() / 1_000_000 - made)
}

/// Every variable that the server or a command reads, and those that it sets for an anchor's command.
fn known_variables() -> Vec<String> {
    let mut known: Vec<String> = settings().map(Setting::variable).collect();
    known.extend(["VERITRAIL_ANCHOR_LOG", "VERITRAIL_ANCHOR_AT"].map(str::to_owned));
    let mut open = vec![Arguments::command()];
    while let Some(command) = open.pop() {
        let variables = command.get_arguments().filter_map(clap::Arg::get_env);
        known.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        open.extend(command.get_subcommands().cloned());
    }
    known.sort_unstable();
    known.dedup();
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_where_its_settings_have_it_listen() {
        let mut config = Config::default();
        for (listen, url) in [
            ("127.0.0.1:7400", "http://127.0.0.1:7400"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:81", "http://[::1]:81"),
            ("[2001:db8::1]:82", "http://[2001:db8::1]:82"),
            ("127.0.0.1:0", "http://127.0.0.1:7400"),
        ] {
            config.listen = listen.parse().unwrap();
            assert_eq!(address(&config), url);
        }
        config.tls.cert = Some("c".into());
        config.tls.key = Some("k".into());
        assert!(address(&config).starts_with("https://"));
    }

    #[test]
    fn the_variables_of_clients_are_known_as_well_as_those_of_the_server() {
        let known = known_variables();
        for name in [
            "VERITRAIL_DATA",
            "VERITRAIL_URL",
            "VERITRAIL_KEY",
            "VERITRAIL_STATE_DIR",
        ] {
            assert!(known.iter().any(|known| known == name), "{name}");
        }
    }
}
