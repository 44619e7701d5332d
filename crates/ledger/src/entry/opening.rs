//! Entry 0 of every log: which log this is, whose, under which key, and what it continues. Never removed.

use std::fmt;

use super::{NotAnEntry, OPENING_VERSION};
use crate::hash::Hash;
use crate::json::{self, Value};
use crate::name::{LogId, TenantId};
use crate::time::Micros;

/// What a log is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A tenant's events.
    Main,
    /// Who read a tenant's events.
    Access,
    /// The instance's own acts and every log's recorded heads.
    Instance,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Main, Self::Access, Self::Instance];

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Access => "access",
            Self::Instance => "instance",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The head that a successor log continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// The old log.
    pub log: LogId,
    /// Its size.
    pub size: u64,
    /// Its root at that size.
    pub root: Hash,
}

/// Entry 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// This log.
    pub log: LogId,
    /// What it is for.
    pub kind: Kind,
    /// Whose it is.
    pub tenant: TenantId,
    /// The name that its checkpoints bear.
    pub origin: String,
    /// The key that signs its checkpoints, as a C2SP verifier key.
    pub vkey: String,
    /// When it began.
    pub recorded_at: Micros,
    /// What it continues.
    pub predecessor: Option<Predecessor>,
}

impl Opening {
    /// The entry's bytes: RFC 8785 of the closed schema `veritrail/log/1`.
    pub fn encode(&self) -> Vec<u8> {
        let text = |text: String| Value::string(text);
        let mut members = vec![
            ("kind".into(), text(self.kind.name().to_owned())),
            ("log".into(), text(self.log.to_string())),
            ("origin".into(), text(self.origin.clone())),
            ("recorded_at".into(), text(self.recorded_at.to_string())),
            ("seq".into(), text("0".to_owned())),
            ("tenant".into(), text(self.tenant.to_string())),
            ("v".into(), text(OPENING_VERSION.to_owned())),
            ("vkey".into(), text(self.vkey.clone())),
        ];
        if let Some(old) = &self.predecessor {
            let old = vec![
                ("log".into(), text(old.log.to_string())),
                ("root".into(), text(old.root.to_hex())),
                ("size".into(), text(old.size.to_string())),
            ];
            members.push(("predecessor".into(), Value::Object(old)));
        }
        let mut out = String::with_capacity(512);
        json::write_canonical(&Value::Object(members), &mut out);
        out.into_bytes()
    }

    /// Reads entry 0; anything but the canonical bytes of the schema is refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let refused = |expected| NotAnEntry {
            expected,
            offset: 0,
        };
        let value = json::parse(bytes).map_err(|error| NotAnEntry {
            expected: "JSON",
            offset: error.offset,
        })?;
        let text = |name: &str| value.member(name).and_then(Value::as_str);
        let opening = Self {
            log: text("log")
                .and_then(LogId::parse)
                .ok_or(refused("a log id"))?,
            kind: text("kind")
                .and_then(Kind::parse)
                .ok_or(refused("a kind of log"))?,
            tenant: text("tenant")
                .and_then(TenantId::parse)
                .ok_or(refused("a tenant id"))?,
            origin: text("origin").ok_or(refused("an origin"))?.to_owned(),
            vkey: text("vkey").ok_or(refused("a verifier key"))?.to_owned(),
            recorded_at: text("recorded_at")
                .and_then(|at| Micros::parse(at).ok())
                .ok_or(refused("a time"))?,
            predecessor: value.member("predecessor").map(predecessor).transpose()?,
        };
        // Encoding it again proves that nothing else was in it and that the bytes are canonical.
        if opening.encode() == bytes {
            Ok(opening)
        } else {
            Err(refused("the canonical bytes of veritrail/log/1"))
        }
    }
}

fn predecessor(value: &Value<'_>) -> Result<Predecessor, NotAnEntry> {
    let text = |name: &str| value.member(name).and_then(Value::as_str);
    let refused = NotAnEntry {
        expected: "a predecessor with log, size and root",
        offset: 0,
    };
    Ok(Predecessor {
        log: text("log").and_then(LogId::parse).ok_or(refused)?,
        size: text("size")
            .and_then(super::layout::decimal)
            .ok_or(refused)?,
        root: text("root")
            .and_then(crate::name::from_hex)
            .map(Hash)
            .ok_or(refused)?,
    })
}
