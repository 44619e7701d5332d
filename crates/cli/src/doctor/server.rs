//! Whether a server runs, answers, and is the one of these data.

use super::Finding;
use super::answers::Answers;
use super::process::Process;

const ID: &str = "server";

/// Judges it. `locked` is who holds the data, `origin` what the data's logs begin with.
pub(crate) fn judge(answers: &Answers, locked: Option<Process>, origin: Option<&str>) -> Finding {
    let url = &answers.url;
    match (&answers.reached, locked) {
        (Err(why), Some(_)) => Finding::warning(
            ID,
            format!("a process holds the data, but nothing answers at {url}: {why}"),
        )
        .advice("name its address with --url, or look at its log: it may be starting, or hang"),
        (Err(_), None) => Finding::note(
            ID,
            format!("no server answers at {url}: what only a running one can tell is unknown"),
        )
        .advice("start it with `veritrail serve`, or name its address with --url"),
        (Ok(()), _) if is_another(answers, origin) => Finding::problem(
            ID,
            format!("the server at {url} serves other data than those in the data directory"),
        )
        .advice(
            "name the directories of that server with --data and --keys, or its address with --url",
        ),
        (Ok(()), Some(Process { id: Some(id), .. })) => {
            Finding::fine(ID, format!("the server answers at {url}, as process {id}"))
        }
        (Ok(()), _) => Finding::fine(ID, format!("the server answers at {url}")),
    }
}

/// Whether every log that we may see has an origin of another installation.
fn is_another(answers: &Answers, origin: Option<&str>) -> bool {
    let (Ok(logs), Some(origin)) = (&answers.logs, origin) else {
        return false;
    };
    let ours = |log: &api::Log| {
        log.origin
            .rsplit_once('/')
            .is_some_and(|(found, _)| found == origin)
    };
    !logs.is_empty() && !logs.iter().any(ours)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn answering(origin: &str) -> Answers {
        let log = api::Log {
            id: "1".into(),
            kind: "main".into(),
            size: 1,
            signed_size: 1,
            recorded_at: None,
            signed_to: None,
            origin: format!("{origin}/1"),
        };
        Answers {
            reached: Ok(()),
            logs: Ok(vec![log]),
            ..Answers::none("http://127.0.0.1:7400", "")
        }
    }

    #[test]
    fn a_server_that_is_down_is_a_note_unless_it_should_be_up() {
        let down = Answers::none("http://127.0.0.1:7400", "no answer");
        let somebody = Process {
            id: None,
            open_files: None,
        };
        assert_eq!(judge(&down, None, None).verdict, Verdict::Note);
        assert_eq!(judge(&down, Some(somebody), None).verdict, Verdict::Warning);
        assert_eq!(
            judge(&answering("a"), Some(somebody), Some("a")).verdict,
            Verdict::Fine
        );
        assert_eq!(
            judge(&answering("a"), None, Some("b")).verdict,
            Verdict::Problem
        );
        assert_eq!(judge(&answering("a"), None, None).verdict, Verdict::Fine);
    }
}
