//! Opaque places to go on from: cursors between the pages of a search, and the ids of a stream's events.
//!
//! Promises: what a caller brings back is what we gave: to this tenant, for this log and question, and a cursor to this
//! API key and not too long ago. Everything else is refused alike. Must never: be taken for anything but bytes outside
//! of here; no version of these formats is stored.

use api::code;
use base64ct::{Base64UrlUnpadded, Encoding};
use ledger::keyring::TenantKeys;
use ledger::name::LogId;
use ledger::time::Micros;
use store::index::{Order, Place};
use subtle::ConstantTimeEq;

use super::asked::Texts;
use super::error::HttpError;
use crate::access::SearchId;

/// How long a cursor is good for, in microseconds.
pub(crate) const CURSOR_MICROS: i64 = 15 * 60 * 1_000_000;
/// Longest text of a cursor in bytes: the longest query, thrice escaped, and what else it holds.
const TEXT_BYTES_MAX: usize = 8 * 1024;
const TAG_BYTES: usize = 16;
/// What each kind of tag is for.
const OF_SEARCH: &[u8] = b"veritrail/cursor/search/1";
const OF_STREAM: &[u8] = b"veritrail/cursor/stream/1";

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The search.
    pub(crate) search: SearchId,
    /// The log it looks through.
    pub(crate) log: LogId,
    /// In which order.
    pub(crate) order: Order,
    /// When its texts were read: what `24h` in them counts back from.
    pub(crate) read_at: Micros,
    /// When this cursor was given.
    pub(crate) given_at: Micros,
    /// Nothing at or beyond this seq belongs to it.
    pub(crate) size: u64,
    /// The last place that was shown.
    pub(crate) after: Place,
    /// What was asked.
    pub(crate) texts: Texts,
}

impl Cursor {
    /// The text for a caller.
    pub(crate) fn write(&self, keys: &TenantKeys, key_id: &str) -> String {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&self.search.0);
        bytes.extend_from_slice(&self.log.0);
        bytes.push(match self.order {
            Order::Newest => 0,
            Order::Oldest => 1,
        });
        for number in [self.read_at, self.given_at, self.after.time] {
            bytes.extend_from_slice(&number.as_micros().to_be_bytes());
        }
        for number in [self.size, self.after.seq] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for text in [&self.texts.q, &self.texts.since, &self.texts.until] {
            // Nothing that was sent is empty, so nothing is as good as an empty text.
            let text = text.as_deref().unwrap_or_default();
            let length = u16::try_from(text.len()).expect("texts are bounded by the query");
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        let tag = keys.cursor_tag(&[OF_SEARCH, key_id.as_bytes(), &bytes]);
        bytes.extend_from_slice(&tag);
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// Reads a text that [`Cursor::write`] made for the same tenant and key at most [`CURSOR_MICROS`] before `now`.
    pub(crate) fn read(
        text: &str,
        keys: &TenantKeys,
        key_id: &str,
        now: Micros,
    ) -> Result<Self, HttpError> {
        let bytes = authentic(text, |said| {
            keys.cursor_tag(&[OF_SEARCH, key_id.as_bytes(), said])
        })
        .ok_or_else(bad_cursor)?;
        let cursor = Self::of(&mut Pieces(&bytes)).ok_or_else(bad_cursor)?;
        let age = now.as_micros() - cursor.given_at.as_micros();
        if age > CURSOR_MICROS {
            return Err(HttpError::new(
                code::CURSOR_EXPIRED,
                "a cursor is good for 15 minutes; search again",
            )
            .of_parameter("cursor"));
        }
        Ok(cursor)
    }

    fn of(pieces: &mut Pieces<'_>) -> Option<Self> {
        let search = SearchId(pieces.array()?);
        let log = LogId(pieces.array()?);
        let order = match pieces.array()? {
            [0] => Order::Newest,
            [1] => Order::Oldest,
            _ => return None,
        };
        let (read_at, given_at, time) = (pieces.time()?, pieces.time()?, pieces.time()?);
        let (size, seq) = (pieces.number()?, pieces.number()?);
        let texts = Texts::new(
            Some(pieces.text()?),
            Some(pieces.text()?),
            Some(pieces.text()?),
        );
        pieces.0.is_empty().then_some(Self {
            search,
            log,
            order,
            read_at,
            given_at,
            size,
            after: Place { time, seq },
            texts,
        })
    }
}

/// The refusal of whatever is no cursor of the caller's for this search: forged, foreign and misplaced ones alike.
pub(crate) fn bad_cursor() -> HttpError {
    HttpError::new(
        code::BAD_CURSOR,
        "expected the cursor of a page of this search, with the same parameters or none of them",
    )
    .of_parameter("cursor")
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Position {
    /// Showing what was there when it began.
    History {
        /// The last place that was shown.
        after: Option<Place>,
    },
    /// Following the log.
    Live {
        /// The next seq to look at.
        next: u64,
    },
}

/// A stream at a position; what the id of an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// When the question was read.
    pub(crate) read_at: Micros,
    /// How large the log was when the stream began: history ends and following begins there.
    pub(crate) size: u64,
    /// Where it stands.
    pub(crate) position: Position,
}

/// What a mark is bound to. Another key of the tenant may go on with it: a stream outlives the keys it is read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound<'a> {
    /// The tenant's keys.
    pub(crate) keys: &'a TenantKeys,
    /// The log.
    pub(crate) log: LogId,
    /// What was asked.
    pub(crate) texts: &'a Texts,
}

impl Bound<'_> {
    fn tag(&self, said: &[u8]) -> [u8; TAG_BYTES] {
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into_bytes();
        let (q, since) = (text(&self.texts.q), text(&self.texts.since));
        self.keys
            .cursor_tag(&[OF_STREAM, &self.log.0, &q, &since, said])
    }
}

impl Mark {
    /// The text for a caller.
    pub(crate) fn write(&self, to: &Bound<'_>) -> String {
        let (phase, time, seq) = match self.position {
            Position::History { after: None } => (0, Micros::default(), 0),
            Position::History { after: Some(place) } => (1, place.time, place.seq),
            Position::Live { next } => (2, Micros::default(), next),
        };
        let mut bytes = Vec::with_capacity(64);
        bytes.push(phase);
        bytes.extend_from_slice(&self.read_at.as_micros().to_be_bytes());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        bytes.extend_from_slice(&time.as_micros().to_be_bytes());
        bytes.extend_from_slice(&seq.to_be_bytes());
        let tag = to.tag(&bytes);
        bytes.extend_from_slice(&tag);
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// Reads a text that [`Mark::write`] made of the same tenant's log and question.
    pub(crate) fn read(text: &str, to: &Bound<'_>) -> Option<Self> {
        let bytes = authentic(text, |said| to.tag(said))?;
        let mut pieces = Pieces(&bytes);
        let [phase] = pieces.array()?;
        let (read_at, size) = (pieces.time()?, pieces.number()?);
        let (time, seq) = (pieces.time()?, pieces.number()?);
        let position = match phase {
            0 => Position::History { after: None },
            1 => Position::History {
                after: Some(Place { time, seq }),
            },
            2 => Position::Live { next: seq },
            _ => return None,
        };
        pieces.0.is_empty().then_some(Self {
            read_at,
            size,
            position,
        })
    }
}

/// The bytes of a text without their tag, if that is right.
fn authentic(text: &str, tag: impl FnOnce(&[u8]) -> [u8; TAG_BYTES]) -> Option<Vec<u8>> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let mut bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    let said = bytes.len().checked_sub(TAG_BYTES)?;
    let right = bool::from(tag(bytes.get(..said)?).as_slice().ct_eq(bytes.get(said..)?));
    bytes.truncate(said);
    right.then_some(bytes)
}

/// Bytes that are taken from the front.
struct Pieces<'a>(&'a [u8]);

impl Pieces<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (piece, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*piece)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn time(&mut self) -> Option<Micros> {
        let micros = i64::from_be_bytes(self.array()?);
        Some(Micros::from_micros(micros))
    }

    fn text(&mut self) -> Option<String> {
        let length = u16::from_be_bytes(self.array()?);
        let (piece, rest) = self.0.split_at_checked(length.into())?;
        self.0 = rest;
        String::from_utf8(piece.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> TenantKeys {
        TenantKeys::new("0011aabb", [1; 32], [2; 32], [3; 32], [byte; 32])
    }

    fn cursor() -> Cursor {
        Cursor {
            search: SearchId([7; 16]),
            log: LogId([8; 16]),
            order: Order::Oldest,
            read_at: Micros::from_micros(5),
            given_at: Micros::from_micros(6),
            size: 1 << 40,
            after: Place {
                time: Micros::from_micros(4),
                seq: 3,
            },
            texts: Texts::new(Some("role:admin".into()), None, Some("2026".into())),
        }
    }

    #[test]
    fn a_cursor_reads_back_for_its_key_and_tenant_only() {
        let (keys_of, now) = (keys, Micros::from_micros(CURSOR_MICROS + 6));
        let text = cursor().write(&keys_of(4), "k1");
        assert_eq!(
            Cursor::read(&text, &keys_of(4), "k1", now).unwrap(),
            cursor()
        );
        for (keys, key) in [(4, "k2"), (5, "k1")] {
            let refused = Cursor::read(&text, &keys_of(keys), key, now).unwrap_err();
            assert_eq!(refused.problem().code, code::BAD_CURSOR);
        }
        let late = Cursor::read(&text, &keys_of(4), "k1", now.plus(1)).unwrap_err();
        assert_eq!(late.problem().code, code::CURSOR_EXPIRED);
    }

    #[test]
    fn no_changed_byte_passes() {
        let text = cursor().write(&keys(4), "k1");
        let bytes = Base64UrlUnpadded::decode_vec(&text).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            let forged = Base64UrlUnpadded::encode_string(&forged);
            assert!(Cursor::read(&forged, &keys(4), "k1", Micros::default()).is_err());
        }
        for text in ["", "AAAA", "not base64!", &"A".repeat(10_000)] {
            assert!(Cursor::read(text, &keys(4), "k1", Micros::default()).is_err());
        }
    }

    #[test]
    fn a_mark_is_bound_to_its_log_and_question() {
        let (keys, texts) = (keys(4), cursor().texts);
        let to = Bound {
            keys: &keys,
            log: LogId([8; 16]),
            texts: &texts,
        };
        let other = Texts::new(Some("role:viewer".into()), None, None);
        for position in [
            Position::History { after: None },
            Position::History {
                after: Some(cursor().after),
            },
            Position::Live { next: 9 },
        ] {
            let mark = Mark {
                read_at: Micros::from_micros(1),
                size: 2,
                position,
            };
            let text = mark.write(&to);
            assert_eq!(Mark::read(&text, &to), Some(mark));
            let log = LogId([9; 16]);
            assert_eq!(Mark::read(&text, &Bound { log, ..to }), None);
            let texts = &other;
            assert_eq!(Mark::read(&text, &Bound { texts, ..to }), None);
            assert_eq!(Mark::read(&cursor().write(&keys, "k"), &to), None);
        }
    }
}
