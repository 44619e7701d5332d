//! The manifest of an export: what the file holds, for whom it was made, and what it proves.
//!
//! ```text
//! veritrail/export/1
//! {
//!   "export": "…",
//!   …one member a line
//! }
//! ```
//!
//! Promises: a text that parses prints to the same bytes, so nothing else is in it. Must never: be believed before its
//! signature was checked; parsing looks at the form only.

use base64ct::{Base64, Encoding};

use super::{Format, HEADING, Kind};
use crate::entry;
use crate::hash::Hash;
use crate::json::{self, Value, write_compact, write_string};
use crate::limits::NOTE_BYTES_MAX;
use crate::name::{LogId, TenantId, from_hex};
use crate::time::Micros;

/// What an export says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Names the export: 32 hex digits.
    pub export: String,
    /// What it holds.
    pub kind: Kind,
    /// How its rows are written.
    pub format: Format,
    /// The origin of the log, which is the name of the key that signs the manifest.
    pub origin: String,
    /// The log.
    pub log: LogId,
    /// What the log is for.
    pub log_kind: entry::Kind,
    /// Whose log it is.
    pub tenant: TenantId,
    /// What was asked, word for word: names and texts.
    pub asked: Vec<(String, String)>,
    /// The query as it was understood, times worked out; empty for everything.
    pub query: String,
    /// Id of the API key that asked.
    pub key: String,
    /// Whose key it was.
    pub owner: String,
    /// The zone of readable times.
    pub zone: String,
    /// When the export began.
    pub begun_at: Micros,
    /// When it ended.
    pub ended_at: Micros,
    /// Entries that the log had when the export began; those that the checkpoint does not cover are not in it.
    pub entries: u64,
    /// The signed checkpoint that rows are held to.
    pub checkpoint: String,
    /// Rows in the file.
    pub count: u64,
    /// The lowest seq; none of no rows.
    pub first: Option<u64>,
    /// The highest seq.
    pub last: Option<u64>,
    /// The derived chain at the last row, of whole exports that begin at entry 0.
    pub chain: Option<Hash>,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: Hash,
    /// The perfect subtrees left of the range, widest first; of whole exports.
    pub left: Vec<Hash>,
    /// The perfect subtrees right of the range up to the checkpoint's size, in order; of whole exports.
    pub right: Vec<Hash>,
    /// Level of `subtrees`.
    pub subtree_level: u8,
    /// The perfect subtrees of that level within the range, in order: they narrow down what is wrong.
    pub subtrees: Vec<Hash>,
}

/// A text that is no manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct NotAManifest {
    /// What was expected.
    pub expected: &'static str,
}

impl Manifest {
    /// The text to be signed.
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(2_048 + 50 * self.subtrees.len());
        out.push_str(HEADING);
        out.push_str("\n{");
        let mut first = true;
        for (name, value) in self.members() {
            out.push_str(if first { "\n  " } else { ",\n  " });
            first = false;
            write_string(name, &mut out);
            out.push_str(": ");
            write_compact(&value, &mut out);
        }
        out.push_str("\n}\n");
        out
    }

    fn members(&self) -> Vec<(&'static str, Value<'_>)> {
        let text = |text: &str| Value::string(text.to_owned());
        let asked = self.asked.iter();
        let asked = asked.map(|(name, said)| (name.clone().into(), text(said)));
        let mut members = vec![
            ("export", text(&self.export)),
            ("kind", text(self.kind.name())),
            ("format", text(self.format.name())),
            ("origin", text(&self.origin)),
            ("log", text(&self.log.to_string())),
            ("log_kind", text(self.log_kind.name())),
            ("tenant", text(&self.tenant.to_string())),
            ("asked", Value::Object(asked.collect())),
            ("query", text(&self.query)),
            ("key", text(&self.key)),
            ("owner", text(&self.owner)),
            ("zone", text(&self.zone)),
            ("begun_at", text(&self.begun_at.to_string())),
            ("ended_at", text(&self.ended_at.to_string())),
            ("entries", number(self.entries)),
            ("checkpoint", text(&self.checkpoint)),
            ("count", number(self.count)),
        ];
        members.extend(self.first.map(|seq| ("first", number(seq))));
        members.extend(self.last.map(|seq| ("last", number(seq))));
        members.extend(self.chain.map(|hash| ("chain", text(&hash.to_hex()))));
        members.push(("bytes", number(self.bytes)));
        members.push(("sha256", text(&self.sha256.to_hex())));
        if self.kind == Kind::Whole {
            members.push(("left", hashes(&self.left)));
            members.push(("right", hashes(&self.right)));
            members.push(("subtree_level", number(self.subtree_level.into())));
            members.push(("subtrees", hashes(&self.subtrees)));
        }
        members
    }

    /// Reads the text of a note. Anything but what [`Self::to_text`] writes is refused.
    ///
    /// # Errors
    /// [`NotAManifest`].
    pub fn parse(text: &str) -> Result<Self, NotAManifest> {
        let refused = |expected| NotAManifest { expected };
        if text.len() > NOTE_BYTES_MAX {
            return Err(refused("a text shorter than the longest note"));
        }
        let body = text.strip_prefix(HEADING);
        let body = body.ok_or(refused("the first line veritrail/export/1"))?;
        let value = json::parse(body.as_bytes()).map_err(|_| refused("JSON"))?;
        let read = Reader(&value);
        let manifest = Self {
            export: read.text("export")?.to_owned(),
            kind: Kind::parse(read.text("kind")?).ok_or(refused("a kind of export"))?,
            format: Format::parse(read.text("format")?).ok_or(refused("a format"))?,
            origin: read.text("origin")?.to_owned(),
            log: LogId::parse(read.text("log")?).ok_or(refused("a log id"))?,
            log_kind: entry::Kind::parse(read.text("log_kind")?).ok_or(refused("a kind of log"))?,
            tenant: TenantId::parse(read.text("tenant")?).ok_or(refused("a tenant id"))?,
            asked: read.asked()?,
            query: read.text("query")?.to_owned(),
            key: read.text("key")?.to_owned(),
            owner: read.text("owner")?.to_owned(),
            zone: read.text("zone")?.to_owned(),
            begun_at: read.time("begun_at")?,
            ended_at: read.time("ended_at")?,
            entries: read
                .number("entries")?
                .ok_or(refused("a count of entries"))?,
            checkpoint: read.text("checkpoint")?.to_owned(),
            count: read.number("count")?.ok_or(refused("a count of rows"))?,
            first: read.number("first")?,
            last: read.number("last")?,
            chain: match value.member("chain") {
                None => None,
                Some(_) => Some(read.hex("chain")?),
            },
            bytes: read.number("bytes")?.ok_or(refused("a length in bytes"))?,
            sha256: read.hex("sha256")?,
            left: read.hashes("left")?,
            right: read.hashes("right")?,
            subtree_level: read
                .number("subtree_level")?
                .map_or(Some(0), |level| u8::try_from(level).ok())
                .ok_or(refused("a level of the tree"))?,
            subtrees: read.hashes("subtrees")?,
        };
        // Writing it again proves that nothing else was in it.
        if manifest.to_text() == text {
            Ok(manifest)
        } else {
            Err(refused("the members of a manifest, each once and in order"))
        }
    }
}

/// Members by name.
struct Reader<'v, 'a>(&'v Value<'a>);

impl<'v> Reader<'v, '_> {
    fn text(&self, name: &'static str) -> Result<&'v str, NotAManifest> {
        let text = self.0.member(name).and_then(Value::as_str);
        text.ok_or(NotAManifest { expected: name })
    }

    fn time(&self, name: &'static str) -> Result<Micros, NotAManifest> {
        Micros::parse(self.text(name)?).map_err(|_| NotAManifest { expected: name })
    }

    fn hex(&self, name: &'static str) -> Result<Hash, NotAManifest> {
        let hash = from_hex(self.text(name)?).map(Hash);
        hash.ok_or(NotAManifest { expected: name })
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, NotAManifest> {
        match self.0.member(name) {
            None => Ok(None),
            Some(Value::Number(text)) => {
                let number = text.parse().map_err(|_| NotAManifest { expected: name })?;
                Ok(Some(number))
            }
            Some(_) => Err(NotAManifest { expected: name }),
        }
    }

    fn hashes(&self, name: &'static str) -> Result<Vec<Hash>, NotAManifest> {
        let Some(value) = self.0.member(name) else {
            return Ok(Vec::new());
        };
        let items = value.as_array().unwrap_or_default().iter();
        let hashes = items.map(|item| {
            let hash = item.as_str().and_then(crate::checkpoint::parse_hash);
            hash.ok_or(NotAManifest { expected: name })
        });
        hashes.collect()
    }

    fn asked(&self) -> Result<Vec<(String, String)>, NotAManifest> {
        let refused = NotAManifest { expected: "asked" };
        let members = self.0.member("asked").and_then(Value::as_object);
        let members = members.ok_or(refused)?.iter();
        let asked = members.map(|(name, value)| {
            let text = value.as_str().ok_or(refused)?;
            Ok((name.clone().into_owned(), text.to_owned()))
        });
        asked.collect()
    }
}

fn number(number: u64) -> Value<'static> {
    Value::Number(number.to_string().into())
}

fn hashes(hashes: &[Hash]) -> Value<'static> {
    let texts = hashes.iter().map(|hash| Base64::encode_string(&hash.0));
    Value::Array(texts.map(Value::string).collect())
}
