//! When the server's certificate ends.
//!
//! Of X.509 only the two times are read, from where RFC 5280 puts them; whatever is not as expected is unknown.

use std::path::{Path, PathBuf};

use ledger::time::Micros;
use server::{Config, Tls};
use ureq::tls::{PemItem, parse_pem};

use super::words::span;
use super::{Finding, Told, within};

const ID: &str = "certificate";
/// Longest file in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Fewer days left than this are a warning.
const SECONDS_MIN: i64 = 21 * 86_400;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The file.
    pub(crate) path: PathBuf,
    /// When its first certificate begins and ends, in seconds since 1970.
    pub(crate) valid: Told<(i64, i64)>,
    /// Why certificate and key can't be served together, if they can't.
    pub(crate) refused: Option<String>,
}

/// Looks; none without TLS.
pub(crate) fn gather(config: &Config) -> Option<Told<Facts>> {
    let (cert, key) = config.tls.files()?;
    Some(within(move || Facts {
        valid: validity_in(&cert),
        refused: Tls::open(cert.clone(), key)
            .err()
            .map(|error| error.to_string()),
        path: cert,
    }))
}

fn validity_in(path: &Path) -> Told<(i64, i64)> {
    let text = crate::input::read(path, FILE_BYTES_MAX).map_err(|failure| failure.message)?;
    let first = parse_pem(&text).find_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let first = first.ok_or_else(|| format!("{}: no certificate in it", path.display()))?;
    validity(first.der())
        .ok_or_else(|| format!("{}: when it ends could not be read", path.display()))
}

/// Certificate → tbsCertificate → (version) serial signature issuer **validity**.
fn validity(der: &[u8]) -> Option<(i64, i64)> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (mut rest, _) = expect(certificate, SEQUENCE)?;
    if let Some((_, after)) = expect(rest, VERSION) {
        rest = after;
    }
    for _ in ["serial", "signature", "issuer"] {
        (_, _, rest) = element(rest)?;
    }
    let (both, _) = expect(rest, SEQUENCE)?;
    let (kind, begins, after) = element(both)?;
    let begins = time(kind, begins)?;
    let (kind, ends, _) = element(after)?;
    Some((begins, time(kind, ends)?))
}

/// The content of an element of that kind, and what follows it.
fn expect(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(der)?;
    (found == kind).then_some((content, rest))
}

/// Kind, content and rest. Lengths of up to four bytes.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (kind, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        short @ 0..=0x7f => (usize::from(*short), rest),
        long @ 0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (
                length
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*kind, content, rest))
}

/// `YYMMDDHHMMSSZ`, of which 50 to 99 are of the last century, or `YYYYMMDDHHMMSSZ`.
fn time(kind: u8, text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let text = match kind {
        UTC_TIME if text.starts_with(['5', '6', '7', '8', '9']) => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    let (year, month, day) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    let text = format!("{year}-{month}-{day}T{hour}:{minute}:{second}Z");
    Some(Micros::parse(&text).ok()?.as_micros().div_euclid(1_000_000))
}

/// Judges it.
pub(crate) fn judge(facts: Option<&Told<Facts>>, now: Micros) -> Finding {
    const RENEW: &str = "renew it; the server takes the new files by itself (docs/guide/tls.md)";
    let facts = match facts {
        None => {
            return Finding::fine(
                ID,
                "the server speaks no TLS of its own, so there is none to end",
            );
        }
        Some(Err(why)) => return Finding::unknown(ID, why),
        Some(Ok(facts)) => facts,
    };
    let (path, now) = (facts.path.display(), now.as_micros().div_euclid(1_000_000));
    if let Some(why) = &facts.refused {
        return Finding::problem(ID, format!("certificate and key can not be served: {why}"))
            .advice("see tls.cert and tls.key, and docs/guide/tls.md");
    }
    let (begins, ends) = match &facts.valid {
        Err(why) => return Finding::unknown(ID, why),
        Ok(valid) => *valid,
    };
    if ends <= now {
        Finding::problem(
            ID,
            format!("the certificate in {path} ended {} ago", span(now - ends)),
        )
        .advice(RENEW)
    } else if begins > now {
        Finding::problem(
            ID,
            format!("the certificate in {path} begins in {}", span(begins - now)),
        )
        .advice("look at the clock, or renew it")
    } else if ends - now < SECONDS_MIN {
        Finding::warning(
            ID,
            format!("the certificate in {path} ends in {}", span(ends - now)),
        )
        .advice(RENEW)
    } else {
        Finding::fine(
            ID,
            format!("the certificate in {path} is good for {}", span(ends - now)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    const DAY: i64 = 86_400;

    fn judged(valid: Told<(i64, i64)>, refused: Option<&str>) -> Verdict {
        let facts = Facts {
            path: "c".into(),
            valid,
            refused: refused.map(str::to_owned),
        };
        judge(Some(&Ok(facts)), Micros::from_micros(100 * DAY * 1_000_000)).verdict
    }

    #[test]
    fn what_ends_soon_is_told_in_time() {
        assert_eq!(judged(Ok((0, 200 * DAY)), None), Verdict::Fine);
        assert_eq!(judged(Ok((0, 120 * DAY)), None), Verdict::Warning);
        assert_eq!(judged(Ok((0, 99 * DAY)), None), Verdict::Problem);
        assert_eq!(judged(Ok((101 * DAY, 200 * DAY)), None), Verdict::Problem);
        assert_eq!(judged(Ok((0, 200 * DAY)), Some("no key")), Verdict::Problem);
        assert_eq!(judged(Err("odd".into()), None), Verdict::Unknown);
        assert_eq!(judge(None, Micros::from_micros(0)).verdict, Verdict::Fine);
    }

    #[test]
    fn the_times_of_a_real_certificate_are_read() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 3, 1);
        params.not_after = rcgen::date_time_ymd(2051, 1, 2);
        let made = params.self_signed(&key).unwrap();
        let second = |text: &str| Micros::parse(text).unwrap().as_micros() / 1_000_000;
        let expected = (
            second("2026-03-01T00:00:00Z"),
            second("2051-01-02T00:00:00Z"),
        );
        assert_eq!(validity(made.der()), Some(expected));
        // Whatever is cut off or changed is unknown, never a panic.
        for at in 0..made.der().len().min(200) {
            assert_eq!(validity(&made.der()[..at]), None, "{at}");
            let mut broken = made.der().to_vec();
            broken[at] ^= 0xff;
            let _ = validity(&broken);
        }
    }
}
