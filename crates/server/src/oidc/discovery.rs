//! What the provider says of itself: where people sign in, where codes become tokens, where its keys are.
//!
//! Promises: it is the issuer that is configured, to the letter; every address is as safe as the issuer's. Must never:
//! take an address from anything but this document.

use serde::Deserialize;

use super::failure::SignInFailure;
use super::provider::{IdentityProvider, ProviderRequest};
use crate::config::is_safe_url;

/// Where the document is, below the issuer.
const PATH: &str = "/.well-known/openid-configuration";

/// The provider, as it describes itself.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether every answer names the issuer (RFC 9207).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// How we say who we are at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientProof {
    /// By our name alone: PKCE has to do.
    None,
    /// In the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

impl Discovery {
    pub(super) async fn ask(
        provider: &dyn IdentityProvider,
        issuer: &str,
    ) -> Result<Self, SignInFailure> {
        let request = ProviderRequest {
            url: format!("{}{PATH}", issuer.trim_end_matches('/')),
            form: None,
            authorization: None,
        };
        let failed = |why: &str| SignInFailure::Provider(format!("its description: {why}"));
        let answer = provider.ask(request).await;
        let answer = answer.map_err(|error| failed(&error.to_string()))?;
        if answer.status != 200 {
            return Err(failed("the answer is not 200"));
        }
        let read: Self = serde_json::from_slice(&answer.body)
            .map_err(|_| failed("expected OpenID Connect metadata"))?;
        if read.issuer != issuer {
            return Err(failed("it is another issuer than oidc.issuer names"));
        }
        let addresses = [
            Some(&read.authorization_endpoint),
            Some(&read.token_endpoint),
            Some(&read.jwks_uri),
            read.userinfo_endpoint.as_ref(),
        ];
        // A provider on this machine may be plain, but one elsewhere must not send us to this machine.
        let secure = issuer.starts_with("https://");
        let safe = |url: &String| is_safe_url(url) && (!secure || url.starts_with("https://"));
        if !addresses.into_iter().flatten().all(safe) {
            return Err(failed("expected https addresses"));
        }
        Ok(read)
    }

    /// How we say who we are, if we have a secret.
    pub(super) fn client_proof(&self, has_secret: bool) -> Result<ClientProof, SignInFailure> {
        if !has_secret {
            return Ok(ClientProof::None);
        }
        let Some(methods) = &self.token_endpoint_auth_methods_supported else {
            return Ok(ClientProof::Basic);
        };
        let takes = |name: &str| methods.iter().any(|method| method == name);
        if takes("client_secret_basic") {
            Ok(ClientProof::Basic)
        } else if takes("client_secret_post") {
            Ok(ClientProof::Post)
        } else {
            let why =
                "it takes no client secret: leave oidc.client_secret_file away for a public client";
            Err(SignInFailure::Provider(why.to_owned()))
        }
    }
}
