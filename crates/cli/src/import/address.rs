//! Where a database is and how it is reached: `postgres://user@host/database?sslmode=verify-full`.
//!
//! Promises: the password may come from elsewhere, and is in nothing that this program prints: what is shown of an address
//! is host, port and database. Certificates are believed as libpq believes them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, Connection, Socket};

use super::database_tls::{Rustls, Secured, Trust};
use crate::failure::Failure;

/// How long a connection may take to be made.
const CONNECT_SECONDS: u64 = 15;
/// Longest file with a password in bytes.
const PASSWORD_BYTES_MAX: u64 = 4 * 1024;
/// What a session is told before it reads: one form for every time, nothing written, no limit of its own.
const SESSION: &str = "set session characteristics as transaction read only; set timezone = 'UTC'; \
    set datestyle = 'ISO, YMD'; set intervalstyle = 'iso_8601'; set statement_timeout = 0; \
    set idle_in_transaction_session_timeout = 0";

/// A database, and how to be let in.
pub(crate) struct Address {
    config: Config,
    tls: Rustls,
    shown: String,
    /// Encrypted, but with whom is anybody's guess.
    pub(crate) is_unverified: bool,
}

/// How much is asked of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Disable,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Address {
    /// Reads an address. The password of the address goes before that of the file, and that before the environment's.
    pub(crate) fn read(
        url: &str,
        password_file: Option<&Path>,
        environment: Option<&str>,
        authority: Option<&Path>,
    ) -> Result<Self, Failure> {
        let (url, mode, named) = own_parameters(url)?;
        // The parser's own words could repeat what it was given.
        let mut config: Config = url.parse().map_err(|_| malformed())?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(malformed());
        }
        if config.get_password().is_none() {
            let password = match password_file {
                Some(path) => {
                    let text = crate::input::read_text(path, PASSWORD_BYTES_MAX)?;
                    Some(text.trim_end_matches(['\r', '\n']).to_owned())
                }
                None => environment.map(str::to_owned),
            };
            if let Some(password) = password.filter(|password| !password.is_empty()) {
                config.password(password);
            }
        }
        let authority = authority.map(Path::to_owned).or(named);
        let trust = match (mode, &authority) {
            (Mode::VerifyFull, _) => Trust::Name,
            (Mode::VerifyCa, _) | (Mode::Require, Some(_)) => Trust::Authority,
            _ => Trust::Anybody,
        };
        config
            .ssl_mode(match mode {
                Mode::Disable => SslMode::Disable,
                Mode::Prefer => SslMode::Prefer,
                _ => SslMode::Require,
            })
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .application_name("veritrail import");
        let shown = shown(&config);
        let local = config
            .get_hosts()
            .iter()
            .all(|host| matches!(host, Host::Unix(_)));
        Ok(Self {
            tls: Rustls::new(trust, authority.as_deref())?,
            is_unverified: trust == Trust::Anybody
                && mode != Mode::Disable
                && !local
                && !is_loopback(&config),
            config,
            shown,
        })
    }

    /// Host, port and database.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// Connects. The connection must be driven for the client to get answers.
    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Secured>), Failure> {
        self.config.connect(self.tls.clone()).await.map_err(|error| {
            let failure = Failure::unreachable(format!("no answer from {}: {}", self.shown, causes(&error)));
            match error.code().map(tokio_postgres::error::SqlState::code) {
                Some("28P01" | "28000") => failure.hint("the password may come from PGPASSWORD or --password-file"),
                Some("3D000") => failure.hint("the address ends with the name of the database"),
                _ => failure.hint("is this the database, and does sslmode= fit? --database-ca-cert names a private authority"),
            }
        })
    }

    /// Prepares the session for reading.
    pub(crate) async fn begin(&self, client: &Client) -> Result<(), Failure> {
        client
            .batch_execute(SESSION)
            .await
            .map_err(|error| self.failed(&error))
    }

    /// What went wrong while it was read.
    pub(crate) fn failed(&self, error: &tokio_postgres::Error) -> Failure {
        let message = format!("{} can not be read: {}", self.shown, causes(error));
        match error.as_db_error() {
            // Not allowed, not there, not of that form: trying again does not help.
            Some(told) if !is_passing(told.code().code()) => Failure::usage(message),
            _ => Failure::unreachable(message),
        }
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Address").field(&self.shown).finish()
    }
}

/// Whether it may be better soon, by the class of `SQLSTATE`: connections, resources, operators, conflicts.
fn is_passing(code: &str) -> bool {
    ["08", "53", "57", "40", "55", "58", "XX"]
        .iter()
        .any(|class| code.starts_with(class))
}

/// An error with its causes; what the database says is in them.
fn causes(error: &tokio_postgres::Error) -> String {
    if let Some(told) = error.as_db_error() {
        return told.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The address without the parameters that are ours to understand; how secure it is to be, and whose certificates count.
fn own_parameters(url: &str) -> Result<(String, Mode, Option<PathBuf>), Failure> {
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(malformed());
    }
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut mode, mut authority, mut kept) = (Mode::Prefer, None, Vec::new());
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslmode", value)) => {
                mode = match value {
                    "disable" => Mode::Disable,
                    "allow" | "prefer" => Mode::Prefer,
                    "require" => Mode::Require,
                    "verify-ca" => Mode::VerifyCa,
                    "verify-full" => Mode::VerifyFull,
                    _ => {
                        return Err(Failure::usage(
                            "expected sslmode=disable, prefer, require, verify-ca or verify-full",
                        ));
                    }
                };
            }
            Some(("sslrootcert", value)) if value != "system" => {
                authority = Some(PathBuf::from(value));
            }
            Some(("sslrootcert", _)) => mode = Mode::VerifyFull,
            _ => kept.push(parameter),
        }
    }
    let url = if kept.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{}", kept.join("&"))
    };
    Ok((url, mode, authority))
}

fn malformed() -> Failure {
    Failure::usage("the database's address is not of the form postgres://USER@HOST/DATABASE")
        .hint("the password may come from PGPASSWORD or --password-file; of special characters in it, % and two digits")
}

fn is_loopback(config: &Config) -> bool {
    let named = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    });
    named
        && config
            .get_hostaddrs()
            .iter()
            .all(std::net::IpAddr::is_loopback)
}

fn shown(config: &Config) -> String {
    let host = config.get_hosts().first().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let host = host.or_else(|| config.get_hostaddrs().first().map(ToString::to_string));
    let port = config.get_ports().first().filter(|port| **port != 5432);
    let port = port.map_or(String::new(), |port| format!(":{port}"));
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("{}{port}/{database}", host.unwrap_or_default())
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "files of a test need not survive a power cut"
)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Address, Failure> {
        Address::read(url, None, Some("from-env"), None)
    }

    #[test]
    fn the_password_is_in_nothing_that_is_shown() {
        let address = read("postgres://me:s3cr3t@db.example:6000/app?sslmode=require").unwrap();
        assert_eq!(address.shown(), "db.example:6000/app");
        assert_eq!(address.config.get_password(), Some(&b"s3cr3t"[..]));
        assert!(!format!("{address:?}").contains("s3cr3t"));
        for wrong in [
            "postgres://me:s3cr3t@[db/app",
            "mysql://me:s3cr3t@h/d",
            "postgres://me:s3cr3t@h/d?sslmode=s3cr3t",
            "postgres://me:s3cr3t@h:s3cr3t/d",
            "host=h password=s3cr3t",
        ] {
            let failure = read(wrong).unwrap_err();
            assert!(!format!("{failure:?}").contains("s3cr3t"), "{wrong}");
        }
    }

    #[test]
    fn a_password_may_come_from_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pw");
        std::fs::write(&file, "from-file\n").unwrap();
        let of = |url: &str, file: Option<&Path>| {
            let address = Address::read(url, file, Some("from-env"), None).unwrap();
            String::from_utf8(address.config.get_password().unwrap().to_vec()).unwrap()
        };
        assert_eq!(of("postgres://me@h/d", None), "from-env");
        assert_eq!(of("postgres://me@h/d", Some(&file)), "from-file");
        assert_eq!(of("postgres://me:own@h/d", Some(&file)), "own");
    }

    #[test]
    fn how_secure_it_is_to_be_is_said_as_libpq_says_it() {
        for (parameters, mode, unverified) in [
            ("", SslMode::Prefer, true),
            ("?sslmode=disable", SslMode::Disable, false),
            ("?sslmode=require", SslMode::Require, true),
            (
                "?connect_timeout=3&sslmode=verify-full",
                SslMode::Require,
                false,
            ),
        ] {
            let address = read(&format!("postgres://u@db.example/d{parameters}")).unwrap();
            assert_eq!(address.config.get_ssl_mode(), mode, "{parameters}");
            assert_eq!(address.is_unverified, unverified, "{parameters}");
        }
        assert!(!read("postgres://u@localhost/d").unwrap().is_unverified);
        assert!(
            !read("postgres:///d?host=/run/postgresql&user=u")
                .unwrap()
                .is_unverified
        );
    }
}
