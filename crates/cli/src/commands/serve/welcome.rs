//! What `serve` says when it is up: where it listens, what it may claim, and how to send the first event.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use server::Config;
use server::config::AnchorConfig;

use super::demo::Demo;
use super::first::{DEFAULT_TENANT, First};
use crate::demo::CONTRACTOR;
use crate::printer::Printer;

/// An event to try it with.
const SAMPLE: &str = r#"{"operation":"environment_variable.updated","actor":{"id":"42","email":"dev@example.com"},"resource":{"type":"environment_variable","id":"var_789","name":"DATABASE_URL","project_id":"proj_456"},"reason":"trying it out"}"#;

/// Prints it.
pub(super) fn print(config: &Config, address: SocketAddr, first: &First, printer: &mut Printer) {
    let secure = config.tls.files().is_some();
    let scheme = if secure { "https" } else { "http" };
    let url = format!("{scheme}://{}", reachable(address));
    printer.heading(&format!("Veritrail listens on {url}"));
    if secure {
        printer.line(
            "TLS: use the name that the certificate is for; --ca-cert names a private authority.",
        );
    }
    printer.line(&claim(config));
    if first.operator_key_written {
        printer.line(&format!(
            "Operator's key, for tenants and keys: {} (keep it secret)",
            first.operator_key.display()
        ));
    }
    if let Some(demo) = &first.demo {
        tell_demo(demo, &url, printer);
    }
    if let Some((key, end)) = &first.shown_key {
        printer.line(&format!(
            "API key of tenant {DEFAULT_TENANT}, writer and auditor, until {end}, not shown again:"
        ));
        printer.line(key);
        printer.line("Record an event:");
        printer.line(&format!(
            "  curl -sS {url}/v1/events -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{SAMPLE}'"
        ));
        return;
    }
    if first.tenant_made {
        printer.line(&format!(
            "Tenant {DEFAULT_TENANT} is there. No API key is shown, because this is no terminal."
        ));
    }
    printer.line(&format!(
        "For an API key: veritrail key create --url {url} --key-file {} --tenant {DEFAULT_TENANT} --role writer,auditor --source laptop --owner me --expires 24h",
        shell(&first.operator_key)
    ));
}

/// What the demo has to show, and how to ask it.
fn tell_demo(demo: &Demo, url: &str, printer: &mut Printer) {
    let calendar = demo.calendar;
    let mut made = String::new();
    if demo.stored > 0 {
        made = format!(" {} events were stored now.", demo.stored);
    }
    if demo.is_old {
        made.push_str(" For a week up to today start with new directories: --data and --keys.");
    }
    printer.line(&format!(
        "Demo: tenant demo holds a week of an invented platform, up to {}.{made}",
        calendar.date(0)
    ));
    // From whichever directory it is pasted in.
    let key = std::path::absolute(&demo.key_file).unwrap_or_else(|_| demo.key_file.clone());
    printer.line("What changed in the last hour? What did one person do? Who deleted a variable last Thursday?");
    let lines = [
        format!(
            "export VERITRAIL_URL={url} VERITRAIL_KEY=$(cat {})",
            shell(&key)
        ),
        "veritrail list since:1h".to_owned(),
        format!("veritrail list 'actor:{}'", CONTRACTOR.email),
        format!(
            "veritrail list 'operation:environment_variable.* project:checkout during:{}'",
            calendar.date(calendar.last_thursday())
        ),
    ];
    for line in lines {
        printer.line(&format!("  {line}"));
    }
}

/// What this configuration may claim, in one sentence (DESIGN section 3).
pub(crate) fn claim(config: &Config) -> String {
    let places = anchored(&config.anchor);
    if !places.is_empty() {
        let that = match places.as_slice() {
            [_] => "that place is",
            _ => "one of these places is",
        };
        return format!(
            "Claim: anchored ({}, every {} s): what an anchor covers can't be rewritten unnoticed even with the keys, as long as {that} out of reach of whoever administers this machine.",
            places.join(", "),
            config.anchor.interval_seconds
        );
    }
    if apart(&config.data, &config.keys) {
        "Claim: signer-separated: who changes or restores the data without the keys, which lie on another disk, is found out by `veritrail verify`; who has both is not.".to_owned()
    } else {
        "Claim: local: who changes the data without the keys is found out by `veritrail verify`; who has both, as on this disk, is not.".to_owned()
    }
}

/// Where anchors go, without what may be secret of it: a command's words, an address's path.
fn anchored(config: &AnchorConfig) -> Vec<String> {
    let file = config.file.as_ref().map(|file| file.display().to_string());
    let command = config.command.as_ref().map(|_| "a command".to_owned());
    let host = config.url.as_ref().map(|url| {
        let end = url.match_indices(['/', '?']).nth(2);
        end.map_or(url.as_str(), |(at, _)| &url[..at]).to_owned()
    });
    [file, command, host].into_iter().flatten().collect()
}

/// Whether two directories lie on different file systems.
fn apart(data: &Path, keys: &Path) -> bool {
    let device = |path| std::fs::metadata(path).map(|found: std::fs::Metadata| found.dev());
    match (device(data), device(keys)) {
        (Ok(data), Ok(keys)) => data != keys,
        _ => false,
    }
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    let mut reachable = address;
    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => reachable.set_ip(std::net::Ipv4Addr::LOCALHOST.into()),
            SocketAddr::V6(_) => reachable.set_ip(std::net::Ipv6Addr::LOCALHOST.into()),
        }
    }
    reachable
}

/// A path that a shell takes for one word.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,=".contains(&byte);
    if text.bytes().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_an_event_that_a_shell_hands_on_unchanged() {
        assert!(!SAMPLE.contains('\''));
        let value = ledger::json::parse(SAMPLE.as_bytes()).unwrap();
        let operation = value.member("operation").unwrap().as_str().unwrap();
        assert!(ledger::vocabulary::find(operation).is_some());
    }

    #[test]
    fn the_claim_follows_the_configuration() {
        let mut config = Config::default();
        assert!(claim(&config).starts_with("Claim: local"));
        config.anchor.file = Some("/mnt/anchors".into());
        assert!(claim(&config).starts_with("Claim: anchored (/mnt/anchors, every 3600 s)"));
        config.anchor.command = Some("notify --token hunter2".to_owned());
        config.anchor.url = Some("https://hook.example?token=hunter2/".to_owned());
        assert!(
            claim(&config).starts_with(
                "Claim: anchored (/mnt/anchors, a command, https://hook.example, every 3600 s)"
            ),
            "{}",
            claim(&config)
        );
    }

    #[test]
    fn a_path_stays_one_word() {
        assert_eq!(shell(Path::new("./a b'c")), "'./a b'\\''c'");
    }
}
