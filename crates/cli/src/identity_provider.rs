//! Reaching the identity provider that people sign in with, for the server.
//!
//! Promises: every wait and every answer is bounded; no redirect is followed; the secret's file is read anew each time:
//! secrets are renewed. Must never: show or log the secret, a form, or an address with its query.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use server::config::OidcConfig;
use server::oidc::{ANSWER_BYTES_MAX, Asking, IdentityProvider, ProviderAnswer, ProviderRequest};
use ureq::Agent;
use ureq::http::HeaderValue;
use ureq::tls::{RootCerts, TlsConfig};
use zeroize::Zeroizing;

use crate::client::{authorities, host_of, is_loopback};
use crate::failure::Failure;
use crate::input;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest file with a secret in bytes.
const SECRET_BYTES_MAX: u64 = 4 * 1024;

/// The provider of the settings.
#[derive(Clone)]
struct Reached {
    agent: Agent,
    secret: Option<Arc<PathBuf>>,
}

/// The provider, if the settings name one. Its secret is read once, so that a start fails where a sign-in would.
pub(crate) fn reached(config: &OidcConfig) -> Result<Option<Arc<dyn IdentityProvider>>, Failure> {
    let Some(issuer) = &config.issuer else {
        return Ok(None);
    };
    let (_, host) = host_of(issuer)
        .ok_or_else(|| Failure::usage("oidc.issuer is not of the form https://HOST"))?;
    let mut agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("veritrail/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(PATIENCE));
    if let Some(path) = &config.ca_file {
        let roots = RootCerts::new_with_certs(&authorities(path)?);
        agent = agent.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    if is_loopback(host) {
        // A proxy has another idea of what this machine is.
        agent = agent.proxy(None);
    }
    let reached = Reached {
        agent: agent.build().new_agent(),
        secret: config.client_secret_file.clone().map(Arc::new),
    };
    reached.read_secret()?;
    Ok(Some(Arc::new(reached)))
}

impl Reached {
    fn read_secret(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(path) = &self.secret else {
            return Ok(None);
        };
        let text = Zeroizing::new(input::read_text(path, SECRET_BYTES_MAX)?);
        let secret = text.trim();
        if secret.is_empty() || secret.chars().any(char::is_control) {
            return Err(Failure::usage(format!(
                "{}: expected one line with the client's secret",
                path.display()
            )));
        }
        Ok(Some(Zeroizing::new(secret.to_owned())))
    }

    fn answer(&self, request: &ProviderRequest) -> io::Result<ProviderAnswer> {
        let authorization = request.authorization.as_ref().map(|text| {
            let mut value = HeaderValue::from_str(text)?;
            value.set_sensitive(true);
            Ok(value)
        });
        let authorization =
            authorization
                .transpose()
                .map_err(|_: ureq::http::header::InvalidHeaderValue| {
                    io::Error::other("the credential does not fit into a header")
                })?;
        let answer = match &request.form {
            None => {
                let mut asked = self
                    .agent
                    .get(&request.url)
                    .header("Accept", "application/json");
                if let Some(value) = authorization {
                    asked = asked.header("Authorization", value);
                }
                asked.call()
            }
            Some(form) => {
                let mut asked = self
                    .agent
                    .post(&request.url)
                    .header("Accept", "application/json")
                    .content_type("application/x-www-form-urlencoded");
                if let Some(value) = authorization {
                    asked = asked.header("Authorization", value);
                }
                asked.send(form.as_str())
            }
        };
        let mut answer = answer.map_err(io::Error::other)?;
        let status = answer.status().as_u16();
        let most = u64::try_from(ANSWER_BYTES_MAX).unwrap_or(u64::MAX);
        let mut body = Vec::new();
        let mut read = answer.body_mut().as_reader().take(most + 1);
        read.read_to_end(&mut body)?;
        if body.len() > ANSWER_BYTES_MAX {
            return Err(io::Error::other("the answer is too long"));
        }
        Ok(ProviderAnswer { status, body })
    }
}

impl IdentityProvider for Reached {
    fn ask(&self, request: ProviderRequest) -> Asking<'_, ProviderAnswer> {
        let this = self.clone();
        Box::pin(async move { tokio::task::spawn_blocking(move || this.answer(&request)).await? })
    }

    fn client_secret(&self) -> Asking<'_, Option<Zeroizing<String>>> {
        let this = self.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || this.read_secret()).await?;
            read.map_err(|failure| io::Error::other(failure.message))
        })
    }
}

impl std::fmt::Debug for Reached {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reached").finish_non_exhaustive()
    }
}
