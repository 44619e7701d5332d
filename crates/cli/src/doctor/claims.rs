//! What this configuration may claim, and how it could claim more.

use server::Config;

use super::Finding;
use crate::commands::serve::claim;

const ID: &str = "claims";

/// Judges the configuration; `anchored` also when only the server says that it is.
pub(crate) fn judge(config: &Config, anchored: bool) -> Finding {
    let sentence = claim(config);
    let sentence = sentence.strip_prefix("Claim: ").unwrap_or(&sentence);
    let sentence = sentence.trim_end_matches('.');
    if sentence.starts_with("anchored") {
        return Finding::fine(ID, sentence);
    }
    if anchored {
        return Finding::fine(
            ID,
            "anchored, as the server says; where to is not in the settings that were read here",
        );
    }
    let more = "see docs/guide/operate.md: an anchor outside is what makes a rewrite by an administrator show";
    if sentence.starts_with("local") {
        Finding::note(ID, sentence).advice(format!(
            "keep the keys on another disk, and set an anchor; {more}"
        ))
    } else {
        Finding::note(ID, sentence).advice(format!("set an anchor; {more}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_claim_is_worth_what_lies_outside() {
        let mut config = Config::default();
        let local = judge(&config, false);
        assert_eq!(local.verdict, Verdict::Note);
        assert!(local.found.starts_with("local: "), "{local:?}");
        assert_eq!(judge(&config, true).verdict, Verdict::Fine);
        config.anchor.command = Some("notify --token hunter2".to_owned());
        let anchored = judge(&config, false);
        assert_eq!(anchored.verdict, Verdict::Fine);
        assert!(!anchored.found.contains("hunter2"), "{anchored:?}");
    }
}
