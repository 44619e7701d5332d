//! Whether the server that runs is of the version of this program.

use super::Finding;
use super::answers::Answers;

const ID: &str = "version";

/// Judges it. `own` is this program's version.
pub(crate) fn judge(answers: &Answers, own: &str) -> Finding {
    match &answers.version {
        Ok(version) if version == own => Finding::fine(ID, format!("this program and the server are of version {own}")),
        Ok(version) => Finding::warning(ID, format!("this program is of version {own}, the server of {version}"))
            .advice("restart the server after an upgrade, or call the program that it was started from: docs/guide/upgrade.md"),
        Err(why) => Finding::unknown(ID, format!("this program is of version {own}; of the server's nothing is known: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn an_old_server_goes_on_until_it_is_restarted() {
        let told = |version: &str| Answers {
            version: Ok(version.to_owned()),
            ..Answers::none("u", "")
        };
        assert_eq!(judge(&told("1.2.3"), "1.2.3").verdict, Verdict::Fine);
        assert_eq!(judge(&told("1.2.2"), "1.2.3").verdict, Verdict::Warning);
        assert_eq!(
            judge(&Answers::none("u", ""), "1.2.3").verdict,
            Verdict::Unknown
        );
    }
}
