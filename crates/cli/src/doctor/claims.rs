//! What this configuration may claim, and how it could claim more.
//!
//! Promises: claims no anchor that does not exist, by what the server says and what the file holds.

use server::Config;

use super::Finding;
use super::anchors::Facts as Anchors;
use crate::commands::serve::claim;

const ID: &str = "claims";

/// Judges the configuration by the anchors that there are; the server may know of some that the settings do not name.
pub(crate) fn judge(config: &Config, anchors: &Anchors) -> Finding {
    let sentence = claim(config);
    let sentence = sentence.strip_prefix("Claim: ").unwrap_or(&sentence);
    let sentence = sentence.trim_end_matches('.');
    if sentence.starts_with("anchored") {
        return judge_anchored(sentence, anchors);
    }
    if anchors.running && anchors.published() > 0 {
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

/// The settings say that there are anchors.
fn judge_anchored(sentence: &str, anchors: &Anchors) -> Finding {
    const SAME: &str = "start the server with the settings that were read here, and look again after an interval: nothing is anchored until an anchor is published";
    let filed = anchors
        .file
        .as_ref()
        .map(|file| matches!(file.newest, Ok(Some(_))));
    let silent = anchors.running && anchors.counted && anchors.published() == 0;
    // One that has just been started has an older start's anchors to show.
    if silent && (anchors.counts.is_empty() || filed != Some(true)) {
        return Finding::warning(ID, "settings and server differ: the settings name a place for anchors, and the server that runs has published none since its start")
            .advice(SAME);
    }
    if filed == Some(false) {
        let what = "the settings name a file for anchors, and it holds none of this instance";
        let found = if anchors.running {
            format!("settings and server differ: {what}")
        } else {
            format!("{what}: by what is there, nothing is anchored")
        };
        return Finding::warning(ID, found).advice(SAME);
    }
    let unseen = !anchors.running || !anchors.counted;
    if unseen && filed.is_none() {
        return Finding::unknown(
            ID,
            "the settings name a place for anchors; whether any was published only the running server knows",
        );
    }
    Finding::fine(ID, sentence)
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::anchors::tests::facts;
    use super::*;

    fn without_file(result: Option<u64>) -> Anchors {
        let count = result.map(|count| ("command".to_owned(), "published".to_owned(), count));
        Anchors {
            file: None,
            counts: count.into_iter().collect(),
            ..facts(None)
        }
    }

    #[test]
    fn a_claim_is_worth_what_lies_outside() {
        let mut config = Config::default();
        let local = judge(&config, &without_file(None));
        assert_eq!(local.verdict, Verdict::Note);
        assert!(local.found.starts_with("local: "), "{local:?}");
        assert_eq!(
            judge(&config, &without_file(Some(0))).verdict,
            Verdict::Note
        );
        assert_eq!(
            judge(&config, &without_file(Some(1))).verdict,
            Verdict::Fine
        );
        config.anchor.command = Some("notify --token hunter2".to_owned());
        let anchored = judge(&config, &without_file(Some(1)));
        assert_eq!(anchored.verdict, Verdict::Fine);
        assert!(!anchored.found.contains("hunter2"), "{anchored:?}");
    }

    #[test]
    fn an_anchor_that_only_the_settings_know_is_not_claimed() {
        let mut config = Config::default();
        config.anchor.command = Some("notify".to_owned());
        for published in [None, Some(0)] {
            let found = judge(&config, &without_file(published));
            assert_eq!(found.verdict, Verdict::Warning);
            assert!(
                found.found.contains("settings and server differ"),
                "{found:?}"
            );
        }
        let stopped = |age| Anchors {
            running: false,
            ..facts(age)
        };
        assert_eq!(judge(&config, &stopped(None)).verdict, Verdict::Warning);
        assert_eq!(judge(&config, &stopped(Some(0))).verdict, Verdict::Fine);
        // An older start's line is no anchor of a server that runs without.
        assert_eq!(judge(&config, &facts(Some(0))).verdict, Verdict::Warning);
        let unseen = Anchors {
            running: false,
            ..without_file(None)
        };
        assert_eq!(judge(&config, &unseen).verdict, Verdict::Unknown);
    }
}
