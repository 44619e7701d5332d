//! Whether searches are answered, and how much waits to be indexed.

use super::Finding;
use super::answers::Answers;
use super::words::counted;

const ID: &str = "index";
/// More events waiting than this takes memory and time at the next start.
const WAITING_MAX: u64 = 1_000_000;

/// Judges it.
pub(crate) fn judge(answers: &Answers) -> Finding {
    let index = match &answers.ready {
        Ok(ready) => &ready.index,
        Err(why) => {
            return Finding::unknown(ID, format!("how the index is doing is not known: {why}"));
        }
    };
    if let Some(progress) = index.rebuilding {
        let found = format!(
            "the index is being built anew, {} of {} events are done; searches are refused meanwhile",
            progress.done, progress.total
        );
        return Finding::warning(ID, found)
            .advice("wait; `veritrail index status` says how far it is");
    }
    if let Some(why) = &index.unavailable {
        return Finding::problem(ID, format!("searches are refused: {why}")).advice(
            "read the server's log; `veritrail index rebuild` makes the index anew from the ledger",
        );
    }
    let found = format!(
        "{} are indexed, {} wait in memory and are searched there",
        counted(index.indexed, "event"),
        index.waiting
    );
    if index.waiting > WAITING_MAX {
        Finding::warning(ID, found).advice(
            "look at the disk and the processor: indexing does not keep up with what is sent",
        )
    } else {
        Finding::fine(ID, found)
    }
}

#[cfg(test)]
mod tests {
    use api::{Index, Progress, Ready};

    use super::super::Verdict;
    use super::*;

    #[test]
    fn an_index_that_is_gone_or_behind_is_told() {
        let judged = |index: Index| {
            judge(&Answers {
                ready: Ok(Ready {
                    index,
                    ..Ready::default()
                }),
                ..Answers::none("u", "")
            })
            .verdict
        };
        assert_eq!(
            judged(Index {
                indexed: 5,
                ..Index::default()
            }),
            Verdict::Fine
        );
        assert_eq!(
            judged(Index {
                waiting: 2_000_000,
                ..Index::default()
            }),
            Verdict::Warning
        );
        let rebuilding = Some(Progress { done: 1, total: 2 });
        assert_eq!(
            judged(Index {
                rebuilding,
                unavailable: Some("x".into()),
                ..Index::default()
            }),
            Verdict::Warning
        );
        assert_eq!(
            judged(Index {
                unavailable: Some("x".into()),
                ..Index::default()
            }),
            Verdict::Problem
        );
        assert_eq!(judge(&Answers::none("u", "")).verdict, Verdict::Unknown);
    }
}
