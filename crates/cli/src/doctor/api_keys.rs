//! API keys that end soon, or never. Keys are told by their public ids.

use api::Key;
use ledger::time::Micros;

use super::words::{number_of, span};
use super::{Finding, Told};

const ID: &str = "api_keys";
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// What ends within these is told.
const SOON_MICROS: i64 = 30 * DAY_MICROS;
/// A key that was made for no longer is meant to end.
const SHORT_LIFE_MICROS: i64 = 7 * DAY_MICROS;

/// Judges them.
pub(crate) fn judge(keys: &Told<Vec<Key>>, now: Micros) -> Finding {
    let keys = match keys {
        Ok(keys) => keys,
        Err(why) => {
            return Finding::unknown(ID, format!("which API keys end soon is not known: {why}"));
        }
    };
    let alive: Vec<&Key> = keys.iter().filter(|key| is_alive(key, now)).collect();
    let soon: Vec<String> = alive.iter().filter_map(|key| ends_soon(key, now)).collect();
    let alive_words = number_of(&alive, "API key");
    if !soon.is_empty() {
        return Finding::warning(ID, format!("{} of {alive_words} in force end within 30 days", soon.len()))
            .advice("make new ones with `veritrail key create`, hand them out, and revoke the old: docs/guide/rotate-keys.md")
            .details(soon);
    }
    let endless: Vec<String> = alive
        .iter()
        .filter(|key| key.expires_at.is_none())
        .map(|key| told(key))
        .collect();
    if endless.is_empty() {
        return Finding::fine(
            ID,
            format!("{alive_words} in force, each with an end, and none within 30 days"),
        );
    }
    Finding::note(ID, format!("{} of {alive_words} in force never end", endless.len()))
        .advice("a key that leaks stays good until somebody revokes it: prefer `veritrail key create --expires 90d`")
        .details(endless)
}

/// Whether a key may still be used.
pub(crate) fn is_alive(key: &Key, now: Micros) -> bool {
    key.revoked_at.is_none() && end(key).is_none_or(|end| end > now)
}

fn end(key: &Key) -> Option<Micros> {
    Micros::parse(key.expires_at.as_deref()?).ok()
}

fn ends_soon(key: &Key, now: Micros) -> Option<String> {
    let end = end(key)?.as_micros();
    let left = end.saturating_sub(now.as_micros());
    let made = Micros::parse(&key.created_at).map_or(0, Micros::as_micros);
    let short = end.saturating_sub(made) <= SHORT_LIFE_MICROS;
    (left <= SOON_MICROS && !short)
        .then(|| format!("{} ends in {}", told(key), span(left / 1_000_000)))
}

/// `A1b2C3d4 (writer of acme, source ci)`
pub(crate) fn told(key: &Key) -> String {
    let whose = key.tenant.as_deref().unwrap_or("a platform");
    format!(
        "{} ({} of {whose}, source {})",
        key.id,
        key.roles.join(", "),
        key.source
    )
}

#[cfg(test)]
pub(crate) fn sample(created_at: &str, expires_at: Option<&str>, platform: bool) -> Key {
    Key {
        id: "A1b2C3d4".into(),
        tenant: (!platform).then(|| "acme".into()),
        platform,
        create_tenants: false,
        roles: vec!["writer".into()],
        source: "ci".into(),
        owner: "pipeline".into(),
        created_at: created_at.into(),
        expires_at: expires_at.map(str::to_owned),
        revoked_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const MADE: &str = "2026-06-01T00:00:00Z";

    fn judged(keys: &[Key]) -> Finding {
        judge(
            &Ok(keys.to_vec()),
            Micros::parse("2026-11-21T12:00:00Z").unwrap(),
        )
    }

    #[test]
    fn what_ends_soon_comes_before_what_never_ends() {
        let later = sample(MADE, Some("2027-06-01T00:00:00Z"), false);
        let soon = sample(MADE, Some("2026-12-01T12:00:00Z"), false);
        let endless = sample(MADE, None, false);
        assert_eq!(judged(&[]).verdict, Verdict::Fine);
        assert_eq!(judged(std::slice::from_ref(&later)).verdict, Verdict::Fine);
        assert_eq!(
            judged(&[later.clone(), endless.clone()]).verdict,
            Verdict::Note
        );
        let found = judged(&[later, endless, soon]);
        assert_eq!(found.verdict, Verdict::Warning);
        assert_eq!(
            found.details,
            ["A1b2C3d4 (writer of acme, source ci) ends in 10 days"]
        );
        assert_eq!(
            judge(&Err("no key".into()), Micros::from_micros(0)).verdict,
            Verdict::Unknown
        );
    }

    #[test]
    fn keys_that_are_over_or_were_made_for_a_day_are_not_told() {
        let ended = sample(MADE, Some("2026-11-20T12:00:00Z"), false);
        let day = sample("2026-11-21T00:00:00Z", Some("2026-11-22T00:00:00Z"), false);
        let revoked = Key {
            revoked_at: Some(MADE.into()),
            ..sample(MADE, None, false)
        };
        assert_eq!(judged(&[ended, day, revoked]).verdict, Verdict::Fine);
    }
}
