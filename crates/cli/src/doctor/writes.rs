//! Whether the server takes writes, or stopped taking them.

use super::Finding;
use super::answers::Answers;

const ID: &str = "writes";
/// More batches waiting than this is a server that does not keep up.
const QUEUE_MAX: u64 = 1_000;

/// Judges it.
pub(crate) fn judge(answers: &Answers) -> Finding {
    let ready = match &answers.ready {
        Ok(ready) => ready,
        Err(why) => {
            return Finding::unknown(ID, format!("whether writes are taken is not known: {why}"));
        }
    };
    if let Some(why) = &ready.refusing {
        return Finding::problem(ID, format!("writes are refused: {why}"))
            .advice("docs/guide/operate.md says what to do for each reason; after a failed sync the server must be restarted");
    }
    if ready.queue_batches > QUEUE_MAX {
        return Finding::warning(
            ID,
            format!("{} batches wait to be written", ready.queue_batches),
        )
        .advice("look at the disk: it is slower than what is sent");
    }
    Finding::fine(ID, "writes are taken")
}

#[cfg(test)]
mod tests {
    use api::Ready;

    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_server_that_stopped_writing_is_a_problem() {
        let judged = |ready: Ready| {
            judge(&Answers {
                ready: Ok(ready),
                ..Answers::none("u", "")
            })
        };
        assert_eq!(judged(Ready::default()).verdict, Verdict::Fine);
        assert_eq!(
            judged(Ready {
                queue_batches: 5_000,
                ..Ready::default()
            })
            .verdict,
            Verdict::Warning
        );
        let refusing = judged(Ready {
            refusing: Some("an fsync failed".into()),
            ..Ready::default()
        });
        assert_eq!(refusing.verdict, Verdict::Problem);
        assert!(refusing.found.contains("an fsync failed"));
        assert_eq!(judge(&Answers::none("u", "")).verdict, Verdict::Unknown);
    }
}
