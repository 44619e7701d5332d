//! How something ended, where a payload of no vendor in particular says so by a usual name.
//!
//! Promises: what says that it failed goes before what says that it succeeded; a word that is not known is never taken
//! for a success, and is handed back as it was sent. Must never: read an outcome into what says none.

use ledger::json::Value;

use crate::event::{Event, Outcome};
use crate::look::{at, word};
use crate::{clean, payload};

/// Members that say nothing but how it ended. One that can't be read leaves the outcome open.
const OUTCOMES: &[&str] = &["outcome", "result"];
/// Members that say it too, among other things.
const STATUSES: &[&str] = &[
    "status",
    "success",
    "succeeded",
    "status_code",
    "statusCode",
    "http_status",
    "response_code",
];
/// Members that say it within an object of [`OUTCOMES`] or [`STATUSES`].
const WITHIN: &[&str] = &["result", "outcome", "status", "value", "success", "code"];

/// Words, in lower case.
const WORDS: &[(&str, &[&str])] = &[
    (
        "success",
        &[
            "success",
            "successful",
            "succeeded",
            "ok",
            "passed",
            "allow",
            "allowed",
            "true",
        ],
    ),
    (
        "failure",
        &[
            "failure",
            "failed",
            "fail",
            "error",
            "errored",
            "unsuccessful",
            "timeout",
            "false",
        ],
    ),
    (
        "denied",
        &[
            "denied",
            "deny",
            "forbidden",
            "unauthorized",
            "unauthorised",
            "rejected",
            "refused",
            "blocked",
        ],
    ),
    ("cancelled", &["cancelled", "canceled", "aborted"]),
];

/// Writes into an event how it ended, as the first of some payloads says that says anything; what can't be read becomes
/// `metadata.outcome_as_sent`.
pub(crate) fn fill(event: &mut Event, payloads: &[&Value<'_>]) {
    for payload in payloads {
        match stated(payload) {
            (Some(outcome), _) => event.outcome = Some(outcome),
            (None, Some(sent)) => event.note("outcome_as_sent", Some(sent)),
            (None, None) => continue,
        }
        return;
    }
}

/// What a payload says, and what it says that can't be read.
fn stated(payload: &Value<'_>) -> (Option<Outcome>, Option<String>) {
    let (mut found, mut unread, mut is_open) = (None::<Outcome>, None, false);
    for name in OUTCOMES.iter().chain(STATUSES) {
        let Some((outcome, sent)) = said(payload, name) else {
            continue;
        };
        match outcome {
            // A failure goes before a success, and else the first counts.
            Some(outcome)
                if found.is_none()
                    || (outcome.result != "success"
                        && found
                            .as_ref()
                            .is_some_and(|known| known.result == "success")) =>
            {
                found = Some(outcome);
            }
            Some(_) => {}
            None => {
                is_open |= OUTCOMES.contains(name);
                unread = unread.or(Some(sent));
            }
        }
    }
    let found = found.filter(|outcome| outcome.result != "success" || !is_open);
    (found, unread)
}

/// What one member says, and its words. `None` if it is not there, or is a payload of its own.
fn said(payload: &Value<'_>, name: &str) -> Option<(Option<Outcome>, String)> {
    let member = at(payload, &[name]).filter(|member| !payload::is_nothing(member))?;
    let words = match member {
        Value::Object(_) => WITHIN.iter().find_map(|within| word(member, &[within])),
        _ => word(payload, &[name]),
    };
    let Some(words) = words else {
        // An object under `outcome` says how it ended, in a way that is not known; under `result` it is what came out.
        let is_outcome = name == "outcome";
        return is_outcome.then(|| (None, payload::kept(member, &[]).to_compact()));
    };
    Some((outcome(words.trim()), clean::hide_emails(&words)))
}

fn outcome(words: &str) -> Option<Outcome> {
    if let Ok(status @ 100..=599) = words.parse::<u16>() {
        let result = match status {
            200..=299 => "success",
            401 | 403 => "denied",
            400.. => "failure",
            _ => return None,
        };
        return Some(Outcome {
            code: Some(status.to_string()),
            ..Outcome::of(result)
        });
    }
    let lower = words.to_ascii_lowercase();
    let (result, _) = WORDS.iter().find(|(_, known)| known.contains(&&*lower))?;
    Some(Outcome::of(result))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(payload: &str) -> (Option<&'static str>, Option<String>) {
        let payload = crate::delivery::parse(payload.as_bytes()).unwrap();
        let (outcome, sent) = stated(&payload);
        (outcome.map(|outcome| outcome.result), sent)
    }

    #[test]
    fn usual_words_flags_and_numbers_are_read() {
        for (payload, expect) in [
            (r#"{"outcome":"failure"}"#, "failure"),
            (r#"{"result":"Succeeded"}"#, "success"),
            (r#"{"status":"OK"}"#, "success"),
            (r#"{"status":"error"}"#, "failure"),
            (r#"{"outcome":"FORBIDDEN"}"#, "denied"),
            (r#"{"outcome":"unauthorized"}"#, "denied"),
            (r#"{"result":"cancelled"}"#, "cancelled"),
            (r#"{"success":false}"#, "failure"),
            (r#"{"success":true}"#, "success"),
            (r#"{"outcome":{"result":"DENY","reason":"x"}}"#, "denied"),
            (r#"{"status":200}"#, "success"),
            (r#"{"status":"503"}"#, "failure"),
            (r#"{"status_code":403}"#, "denied"),
            (r#"{"statusCode":404}"#, "failure"),
            (r#"{"status":"ok","success":false}"#, "failure"),
            (r#"{"status":"active","success":true}"#, "success"),
            (r#"{"outcome":"perhaps","success":false}"#, "failure"),
        ] {
            assert_eq!(of(payload).0, Some(expect), "{payload}");
        }
    }

    #[test]
    fn what_is_not_known_is_handed_back_and_never_a_success() {
        for (payload, sent) in [
            (r#"{"outcome":"perhaps"}"#, Some("perhaps")),
            (r#"{"outcome":"perhaps","status":200}"#, Some("perhaps")),
            (r#"{"status":"pending"}"#, Some("pending")),
            (r#"{"status":302}"#, Some("302")),
            (r#"{"result":0}"#, Some("0")),
            (r#"{"outcome":{"a":1}}"#, Some(r#"{"a":1}"#)),
            (r#"{"result":{"rows":[1]}}"#, None),
            (r#"{"outcome":null}"#, None),
            (r#"{"outcome":""}"#, None),
            (r#""failure""#, None),
            ("{}", None),
        ] {
            assert_eq!(of(payload), (None, sent.map(str::to_owned)), "{payload}");
        }
    }
}
