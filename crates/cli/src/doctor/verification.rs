//! When these data were last verified, and how that ended, as `verify` noted it on this machine.

use ledger::time::Micros;

use super::words::span;
use super::{Finding, Told};
use crate::verified::Verified;

const ID: &str = "verification";
const DAY_SECONDS: i64 = 86_400;
/// Verified longer ago than this is a warning.
const AGE_SECONDS_MAX: i64 = 35 * DAY_SECONDS;

/// What is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The newest note of these data.
    pub(crate) last: Told<Option<Verified>>,
    /// How old the data are, in seconds.
    pub(crate) age_seconds: Option<i64>,
    /// When this is.
    pub(crate) now: Micros,
}

/// Judges it.
pub(crate) fn judge(facts: &Facts) -> Finding {
    const VERIFY: &str = "run `veritrail verify --data DATA --keys KEYS`, best each week from a timer, with --anchors where there are some";
    let last = match &facts.last {
        Err(why) => {
            return Finding::unknown(
                ID,
                format!("when these data were last verified is not known: {why}"),
            );
        }
        Ok(None) => {
            let found = "these data were never verified by this user of this machine";
            let young = facts.age_seconds.is_none_or(|age| age <= AGE_SECONDS_MAX);
            let finding = if young {
                Finding::note(ID, found)
            } else {
                Finding::warning(ID, found)
            };
            return finding.advice(VERIFY);
        }
        Ok(Some(last)) => last,
    };
    let age = facts.now.as_micros().saturating_sub(last.at.as_micros()) / 1_000_000;
    let ago = span(age);
    match last.verdict.as_str() {
        "verified" if age > AGE_SECONDS_MAX => Finding::warning(ID, format!("these data were last verified {ago} ago")).advice(VERIFY),
        "verified" => Finding::fine(ID, format!("these data were verified {ago} ago, against {}", last.against)),
        "self_consistent" => Finding::warning(ID, format!("when these data were last verified, {ago} ago, nothing outside vouched for them"))
            .advice("verify with --keys, and with --anchors, --receipts or --checkpoint"),
        "tampered" => Finding::problem(ID, format!("when these data were last verified, {ago} ago, they had been tampered with"))
            .advice("run `veritrail verify` again for what does not hold, keep the disk as it is, and see docs/guide/verify.md"),
        _ => Finding::unknown(ID, format!("how the last verification ended, {ago} ago, is not understood")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn judged(verdict: &str, days_ago: i64) -> Verdict {
        let now = Micros::parse("2026-11-21T12:00:00Z").unwrap();
        let at = now.plus(-days_ago * DAY_SECONDS * 1_000_000);
        let last = Verified {
            at,
            data: "/d".into(),
            verdict: verdict.to_owned(),
            against: "the keys directory".to_owned(),
        };
        judge(&Facts {
            last: Ok(Some(last)),
            age_seconds: None,
            now,
        })
        .verdict
    }

    #[test]
    fn how_and_when_it_ended_decides() {
        assert_eq!(judged("verified", 3), Verdict::Fine);
        assert_eq!(judged("verified", 40), Verdict::Warning);
        assert_eq!(judged("self_consistent", 3), Verdict::Warning);
        assert_eq!(judged("tampered", 3), Verdict::Problem);
        assert_eq!(judged("perhaps", 3), Verdict::Unknown);
    }

    #[test]
    fn never_is_worse_for_old_data() {
        let now = Micros::from_micros(0);
        let never = |age_seconds| {
            judge(&Facts {
                last: Ok(None),
                age_seconds,
                now,
            })
            .verdict
        };
        assert_eq!(never(Some(DAY_SECONDS)), Verdict::Note);
        assert_eq!(never(Some(100 * DAY_SECONDS)), Verdict::Warning);
        assert_eq!(never(None), Verdict::Note);
        let unknown = Facts {
            last: Err("no home".into()),
            age_seconds: None,
            now,
        };
        assert_eq!(judge(&unknown).verdict, Verdict::Unknown);
    }
}
