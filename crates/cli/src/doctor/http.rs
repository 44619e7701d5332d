//! Whether keys and events cross a network in the clear.

use server::Config;

use super::Finding;

const ID: &str = "plain_http";

/// Judges the address that the server listens on, and the one that it was asked at.
pub(crate) fn judge(config: &Config, url: &str) -> Finding {
    const ADVICE: &str = "set tls.cert and tls.key, or listen on loopback behind a proxy with TLS: docs/guide/tls.md";
    let secure = config.tls.files().is_some();
    let loopback = config.listen.ip().is_loopback();
    let asked_far = crate::client::host_of(url)
        .is_some_and(|(secure, host)| !secure && !crate::client::is_loopback(host));
    if !secure && !loopback {
        Finding::warning(
            ID,
            format!(
                "by the settings plain HTTP is served on {}: API keys and events cross the network in the clear",
                config.listen
            ),
        )
        .advice(ADVICE)
    } else if asked_far {
        Finding::warning(
            ID,
            format!(
                "the server is asked at {url}: API keys and events cross the network in the clear"
            ),
        )
        .advice(ADVICE)
    } else if secure {
        Finding::fine(ID, "by the settings the server speaks TLS only")
    } else {
        Finding::fine(
            ID,
            format!(
                "by the settings plain HTTP is served on loopback only ({})",
                config.listen
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn in_the_clear_means_on_this_machine() {
        let mut config = Config::default();
        let here = "http://127.0.0.1:7400";
        assert_eq!(judge(&config, here).verdict, Verdict::Fine);
        assert_eq!(
            judge(&config, "http://audit.example").verdict,
            Verdict::Warning
        );
        assert_eq!(
            judge(&config, "https://audit.example").verdict,
            Verdict::Fine
        );
        config.listen = "0.0.0.0:7400".parse().unwrap();
        assert_eq!(judge(&config, here).verdict, Verdict::Warning);
        config.tls.cert = Some("c".into());
        config.tls.key = Some("k".into());
        assert_eq!(
            judge(&config, "https://127.0.0.1:7400").verdict,
            Verdict::Fine
        );
    }
}
