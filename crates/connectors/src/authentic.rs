//! Whether a delivery comes from who knows the source's secret.
//!
//! Promises: secrets and signatures are compared in constant time; what is checked are the raw bytes of the body.
//! Must never: look into a body before its signature was found right.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::delivery::Delivery;

/// How a vendor proves that it knows a source's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// `X-Hub-Signature-256: sha256=<hex>`, an HMAC over the body.
    GithubSignature,
    /// `X-Gitlab-Token: <secret>`.
    GitlabToken,
    /// `Authorization: Splunk <secret>`, or Bearer, or Basic with it as the password.
    Splunk,
    /// `Authorization: Bearer <secret>`, or Basic with it as the password.
    Bearer,
}

/// What came of a check. The server answers both kinds of refusal alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// One of the secrets was used.
    Right,
    /// Nothing was there to be checked.
    Missing,
    /// Something was, and it is of none of the secrets.
    Wrong,
}

impl Proof {
    /// Checks a delivery against the secrets that count now (two while one is being replaced). All of them are tried,
    /// whichever is right.
    pub fn check(self, delivery: &Delivery<'_>, secrets: &[&str]) -> Verdict {
        match self {
            Self::GithubSignature => match delivery.header("x-hub-signature-256") {
                None => Verdict::Missing,
                Some(sent) => verdict(secrets, |secret| is_signed(delivery.body, sent, secret)),
            },
            Self::GitlabToken => presented(delivery.header("x-gitlab-token"), secrets),
            Self::Splunk | Self::Bearer => presented(self.credential(delivery).as_deref(), secrets),
        }
    }

    /// The secret that a delivery bears, where it bears one.
    pub fn credential(self, delivery: &Delivery<'_>) -> Option<String> {
        let splunk = match self {
            Self::GithubSignature => return None,
            Self::GitlabToken => return delivery.header("x-gitlab-token").map(str::to_owned),
            Self::Splunk => true,
            Self::Bearer => false,
        };
        let sent = delivery.header("authorization")?.trim();
        let (scheme, value) = sent.split_once(' ')?;
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("bearer")
            || (splunk && scheme.eq_ignore_ascii_case("splunk"))
        {
            return Some(value.to_owned());
        }
        if scheme.eq_ignore_ascii_case("basic") {
            return basic_password(value);
        }
        None
    }
}

fn verdict(secrets: &[&str], is_right: impl Fn(&str) -> bool) -> Verdict {
    // No early end: how many secrets there are, and which was used, is nobody's business.
    let right = secrets
        .iter()
        .fold(false, |right, secret| is_right(secret) | right);
    if right {
        Verdict::Right
    } else {
        Verdict::Wrong
    }
}

fn presented(sent: Option<&str>, secrets: &[&str]) -> Verdict {
    match sent {
        None | Some("") => Verdict::Missing,
        Some(sent) => verdict(secrets, |secret| {
            !secret.is_empty() && bool::from(sent.as_bytes().ct_eq(secret.as_bytes()))
        }),
    }
}

fn is_signed(body: &[u8], sent: &str, secret: &str) -> bool {
    let Some(tag) = sent
        .strip_prefix("sha256=")
        .and_then(ledger::name::from_hex::<32>)
    else {
        return false;
    };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return false;
    };
    mac.update(body);
    !secret.is_empty() && mac.verify_slice(&tag).is_ok()
}

fn basic_password(value: &str) -> Option<String> {
    use base64ct::{Base64, Encoding};
    let bytes = Base64::decode_vec(value).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(proof: Proof, headers: &[(&str, &str)], body: &[u8], secrets: &[&str]) -> Verdict {
        proof.check(&Delivery { headers, body }, secrets)
    }

    /// The example of GitHub's documentation.
    #[test]
    fn the_vendors_own_example_is_right() {
        let tag = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let headers = [("X-Hub-Signature-256", tag)];
        let secret = "It's a Secret to Everybody";
        let signed =
            |body: &[u8], secrets: &[&str]| check(Proof::GithubSignature, &headers, body, secrets);
        assert_eq!(signed(b"Hello, World!", &[secret]), Verdict::Right);
        assert_eq!(signed(b"Hello, World!", &["new", secret]), Verdict::Right);
        assert_eq!(signed(b"Hello, World?", &[secret]), Verdict::Wrong);
        assert_eq!(signed(b"Hello, World!", &["other"]), Verdict::Wrong);
        assert_eq!(signed(b"Hello, World!", &[]), Verdict::Wrong);
    }

    #[test]
    fn a_missing_malformed_or_weaker_signature_is_not_right() {
        let proof = Proof::GithubSignature;
        assert_eq!(check(proof, &[], b"x", &["s"]), Verdict::Missing);
        let sha1 = [(
            "X-Hub-Signature",
            "sha1=0000000000000000000000000000000000000000",
        )];
        assert_eq!(check(proof, &sha1, b"x", &["s"]), Verdict::Missing);
        for sent in [
            "",
            "sha256=",
            "sha256=zz",
            "757107ea0eb2509fc211221cce984b8a",
        ] {
            let headers = [("x-hub-signature-256", sent)];
            assert_eq!(
                check(proof, &headers, b"x", &["s"]),
                Verdict::Wrong,
                "{sent}"
            );
        }
    }

    #[test]
    fn presented_secrets_count_in_the_forms_that_vendors_use() {
        let right = |proof, name: &str, value: &str| {
            check(proof, &[(name, value)], b"", &["s3cret"]) == Verdict::Right
        };
        assert!(right(Proof::GitlabToken, "X-Gitlab-Token", "s3cret"));
        assert!(right(Proof::Splunk, "Authorization", "Splunk s3cret"));
        assert!(right(Proof::Splunk, "Authorization", "Basic eDpzM2NyZXQ="));
        assert!(right(Proof::Bearer, "authorization", "bearer s3cret"));
        assert!(!right(Proof::Bearer, "Authorization", "Splunk s3cret"));
        assert!(!right(Proof::Bearer, "Authorization", "Bearer s3cre"));
        assert!(!right(Proof::Bearer, "Authorization", "Bearer "));
        assert!(!right(Proof::GitlabToken, "X-Gitlab-Token", ""));
    }
}
