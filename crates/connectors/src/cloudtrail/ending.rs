//! How it ended: error codes and answers as an outcome.
//!
//! `denied` means that AWS refused because of who asked: no permission, or credentials that don't count. Everything else
//! with an error code is `failure`; sign-ins say how they ended in their answer.

use ledger::json::Value;

use super::redact;
use crate::clean;
use crate::event::Outcome;
use crate::look::{text, word};

/// Parts of the codes of refusals, whichever service and version: `Client.UnauthorizedOperation`, `AccessDeniedException`,
/// `VpceAccessDenied`, `KMS.AccessDeniedException`.
const DENIED: &[&str] = &[
    "AccessDenied",
    "Unauthorized",
    "NotAuthorized",
    "AuthorizationError",
    "AuthFailure",
    "Forbidden",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClient",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "ExpiredToken",
    "RequestExpired",
    "AllAccessDisabled",
];

/// The outcome of a record.
pub(super) fn outcome(record: &Value<'_>) -> Outcome {
    let code = text(record, &["errorCode"]);
    let message = text(record, &["errorMessage"])
        .map(|message| clean::hide_emails(&redact::message(&clean::cut(message))));
    if let Some(code) = code {
        let is_denied = DENIED.iter().any(|part| code.contains(part));
        return Outcome {
            result: if is_denied { "denied" } else { "failure" },
            code: Some(code.to_owned()),
            message,
        };
    }
    let failed = answer(record).is_some_and(|answer| answer.eq_ignore_ascii_case("failure"));
    Outcome {
        result: if failed || message.is_some() {
            "failure"
        } else {
            "success"
        },
        code: None,
        message,
    }
}

/// What a sign-in, or one step of it, says of itself: `Success` or `Failure` under its own name.
pub(super) fn answer(record: &Value<'_>) -> Option<String> {
    let name = text(record, &["eventName"])?;
    word(record, &["responseElements", name])
        .or_else(|| word(record, &["serviceEventDetails", name]))
        .filter(|answer| {
            answer.eq_ignore_ascii_case("success") || answer.eq_ignore_ascii_case("failure")
        })
}
