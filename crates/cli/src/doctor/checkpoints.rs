//! Whether what was acknowledged gets signed: the newest checkpoint against the heads.

use ledger::time::Micros;

use super::Finding;
use super::answers::Answers;
use super::words::span;

const ID: &str = "checkpoints";
/// Entries may wait for so many intervals.
const INTERVALS: u64 = 10;
/// And for so long, whatever the interval is: a large group takes its time.
const SECONDS_MIN: i64 = 30;

/// Judges it.
pub(crate) fn judge(answers: &Answers, interval_ms: u64, now: Micros) -> Finding {
    let ready = match &answers.ready {
        Ok(ready) => ready,
        Err(why) => {
            return Finding::unknown(
                ID,
                format!(
                    "how far checkpoints reach is not known: {why}; `veritrail verify` finds out"
                ),
            );
        }
    };
    let signed_at = ready
        .signed_at
        .as_deref()
        .and_then(|text| Micros::parse(text).ok());
    let age = signed_at.map(|at| now.as_micros().saturating_sub(at.as_micros()) / 1_000_000);
    let patience = i64::try_from(interval_ms.saturating_mul(INTERVALS) / 1_000).unwrap_or(i64::MAX);
    let waiting = match ready.unsigned_entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    };
    match (ready.unsigned_entries, age) {
        (0, None) => Finding::fine(ID, "nothing waits for a checkpoint"),
        (0, Some(age)) => Finding::fine(
            ID,
            format!(
                "the newest checkpoint covers everything; it was signed {} ago",
                span(age)
            ),
        ),
        (_, Some(age)) if age <= patience.max(SECONDS_MIN) => Finding::fine(
            ID,
            format!("{waiting} of the last moments wait for the next checkpoint"),
        ),
        (_, age) => {
            let since = age.map_or_else(
                || "none was signed since the start".to_owned(),
                |age| format!("the newest was signed {} ago", span(age)),
            );
            Finding::warning(ID, format!("{waiting} wait for a checkpoint, and {since}"))
                .advice("read the server's log: packing failed, or the signer refuses")
        }
    }
}

#[cfg(test)]
mod tests {
    use api::Ready;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn entries_wait_for_moments_and_not_for_minutes() {
        let now = Micros::parse("2026-11-21T12:00:00Z").unwrap();
        let judged = |unsigned_entries, signed_at: Option<&str>| {
            let ready = Ready {
                unsigned_entries,
                signed_at: signed_at.map(str::to_owned),
                ..Ready::default()
            };
            judge(
                &Answers {
                    ready: Ok(ready),
                    ..Answers::none("u", "")
                },
                1_000,
                now,
            )
            .verdict
        };
        assert_eq!(judged(0, None), Verdict::Fine);
        assert_eq!(
            judged(0, Some("2026-10-21T12:00:00.000000Z")),
            Verdict::Fine
        );
        assert_eq!(
            judged(5, Some("2026-11-21T11:59:45.000000Z")),
            Verdict::Fine
        );
        assert_eq!(
            judged(5, Some("2026-11-21T11:50:00.000000Z")),
            Verdict::Warning
        );
        assert_eq!(judged(5, None), Verdict::Warning);
        assert_eq!(
            judge(&Answers::none("u", ""), 1, now).verdict,
            Verdict::Unknown
        );
    }
}
