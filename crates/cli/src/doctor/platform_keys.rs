//! Keys of platforms, which name any tenant: few, known, and with an end.

use api::Key;
use ledger::time::Micros;

use super::api_keys::{is_alive, told};
use super::words::number_of;
use super::{Finding, Told};

const ID: &str = "platform_keys";

/// Judges them. `everybodys` is whether the list has all keys of the instance.
pub(crate) fn judge(keys: &Told<Vec<Key>>, everybodys: bool, now: Micros) -> Finding {
    let keys = match keys {
        Ok(_) if !everybodys => {
            return Finding::unknown(
                ID,
                "keys of platforms are shown to operators only; this key is none",
            );
        }
        Ok(keys) => keys,
        Err(why) => {
            return Finding::unknown(
                ID,
                format!("whether there are keys of platforms is not known: {why}"),
            );
        }
    };
    let alive: Vec<&Key> = keys
        .iter()
        .filter(|key| key.platform && is_alive(key, now))
        .collect();
    let endless: Vec<&Key> = alive
        .iter()
        .copied()
        .filter(|key| key.expires_at.is_none())
        .collect();
    let found = format!(
        "{} in force: each acts in every tenant",
        number_of(&alive, "platform key")
    );
    let list = |keys: &[&Key]| keys.iter().map(|key| told(key)).collect();
    if alive.is_empty() {
        Finding::fine(ID, "no platform key is in force")
    } else if endless.is_empty() {
        Finding::note(ID, found).advice("see that each is known and kept like an operator's: `veritrail key list --platform`").details(list(&alive))
    } else {
        Finding::warning(ID, format!("{found}, and {} never end", endless.len()))
            .advice("make one that ends with `veritrail key create --platform --expires 90d`, and revoke these")
            .details(list(&endless))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::super::api_keys::sample;
    use super::*;

    #[test]
    fn a_platforms_key_should_end() {
        let now = Micros::parse("2026-11-21T12:00:00Z").unwrap();
        let judged = |keys: &[Key]| judge(&Ok(keys.to_vec()), true, now).verdict;
        let made = "2026-06-01T00:00:00Z";
        let ending = sample(made, Some("2027-06-01T00:00:00Z"), true);
        assert_eq!(judged(&[sample(made, None, false)]), Verdict::Fine);
        assert_eq!(judged(std::slice::from_ref(&ending)), Verdict::Note);
        assert_eq!(
            judged(&[ending, sample(made, None, true)]),
            Verdict::Warning
        );
        assert_eq!(judge(&Ok(Vec::new()), false, now).verdict, Verdict::Unknown);
        assert_eq!(
            judge(&Err("no".into()), true, now).verdict,
            Verdict::Unknown
        );
    }
}
