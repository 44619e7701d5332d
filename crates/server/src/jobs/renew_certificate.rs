//! Every 10 seconds and on SIGHUP: takes a renewed certificate, if there is one.

use std::time::Duration;

use crate::http::chain;
use crate::listener::Secure;
use crate::tasks::Stop;
use crate::tls::Renewal;

const INTERVAL: Duration = Duration::from_secs(10);

pub(super) async fn run(secure: Secure, mut stop: Stop) {
    let Secure { tls, mut hangup } = secure;
    loop {
        tokio::select! {
            go_on = stop.sleep(INTERVAL) => {
                if !go_on {
                    return;
                }
            }
            Some(()) = hangup.recv() => {}
        }
        let looking = std::sync::Arc::clone(&tls);
        match tokio::task::spawn_blocking(move || looking.renew()).await {
            Ok(Renewal::Unchanged) => {}
            Ok(Renewal::Taken) => tracing::info!("a renewed certificate is in force"),
            Ok(Renewal::Refused(error)) => tracing::error!(
                error = chain(&error),
                "the certificate changed and was not taken; the one before stays in force"
            ),
            Err(error) => tracing::error!(%error, "looking for a renewed certificate panicked"),
        }
    }
}
