//! The values of a database, looked at byte by byte before anything decodes them.
//!
//! Promises: whatever stands there, every value ends within its section, is of a known type, leads nowhere in circles
//! and is no deeper than [`DEPTH_MAX`]; looking takes time in proportion to the section. Decoding recurses, so that
//! without this a chain of pointers could use up a thread's stack.

use std::collections::HashMap;

/// Deepest value, pointers counted: records of places need ten levels.
const DEPTH_MAX: usize = 32;
/// How many values are looked at for each byte of a section, of which parts may be shared and overlap.
const VALUES_PER_BYTE: usize = 16;

/// What is wrong with values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataError {
    /// It goes on beyond its section.
    #[error("a value does not end where its section does")]
    CutOff,
    /// A type that the format does not have, or of a size that it can't have.
    #[error("a value is of no known type and size")]
    Unknown,
    /// A text that is no UTF-8, or a member's name that is no text.
    #[error("a text is none")]
    NotText,
    /// A pointer to a pointer.
    #[error("a pointer leads to a pointer")]
    PointerChain,
    /// Deeper than records are.
    #[error("a value is too deep, or leads to itself")]
    TooDeep,
    /// Small, and means very much.
    #[error("values are too large together")]
    TooMuch,
}

/// A section of values, and what is known of them.
#[derive(Debug)]
pub(crate) struct Section<'a> {
    bytes: &'a [u8],
    /// How high each value is that a pointer led to.
    heights: HashMap<usize, usize>,
    values_left: usize,
}

/// What the first bytes of a value say.
struct Head {
    kind: Kind,
    /// Where what follows begins.
    at: usize,
}

enum Kind {
    Pointer(usize),
    Text(usize),
    Map(usize),
    List(usize),
    /// So many bytes of something else.
    Plain(usize),
}

impl<'a> Section<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            heights: HashMap::new(),
            values_left: bytes.len().saturating_mul(VALUES_PER_BYTE),
        }
    }

    /// Looks at the value at an offset and all that it leads to.
    pub(crate) fn check(&mut self, at: usize) -> Result<(), DataError> {
        self.value(at, DEPTH_MAX).map(drop)
    }

    /// Counts what was made of values elsewhere, too.
    pub(crate) fn spend(&mut self, values: usize) -> Result<(), DataError> {
        self.values_left = self
            .values_left
            .checked_sub(values)
            .ok_or(DataError::TooMuch)?;
        Ok(())
    }

    /// Where a value ends, and how many levels it has. Recurses no deeper than `levels`.
    fn value(&mut self, at: usize, levels: usize) -> Result<(usize, usize), DataError> {
        self.spend(1)?;
        let levels = levels.checked_sub(1).ok_or(DataError::TooDeep)?;
        let Head { kind, at } = self.head(at)?;
        match kind {
            Kind::Pointer(to) => Ok((at, self.target(to, levels)? + 1)),
            Kind::Text(_) => Ok((self.text(&Head { kind, at })?, 1)),
            Kind::Plain(size) => Ok((self.end(at, size)?, 1)),
            Kind::Map(members) => self.members(at, members, levels, true),
            Kind::List(items) => self.members(at, items, levels, false),
        }
    }

    fn members(
        &mut self,
        mut at: usize,
        count: usize,
        levels: usize,
        named: bool,
    ) -> Result<(usize, usize), DataError> {
        let mut highest = 0;
        for _ in 0..count {
            if named {
                at = self.name(at)?;
            }
            let (end, height) = self.value(at, levels)?;
            at = end;
            highest = highest.max(height);
        }
        Ok((at, highest + 1))
    }

    /// How high the value is that a pointer leads to.
    fn target(&mut self, to: usize, levels: usize) -> Result<usize, DataError> {
        if let Some(height) = self.heights.get(&to) {
            return if *height > levels {
                Err(DataError::TooDeep)
            } else {
                Ok(*height)
            };
        }
        if let Kind::Pointer(_) = self.head(to)?.kind {
            return Err(DataError::PointerChain);
        }
        let (_, height) = self.value(to, levels)?;
        self.heights.insert(to, height);
        Ok(height)
    }

    /// Where the name of a member ends.
    fn name(&mut self, at: usize) -> Result<usize, DataError> {
        self.spend(1)?;
        let head = self.head(at)?;
        if let Kind::Pointer(to) = head.kind {
            self.text(&self.head(to)?)?;
            return Ok(head.at);
        }
        self.text(&head)
    }

    fn text(&self, head: &Head) -> Result<usize, DataError> {
        let Kind::Text(size) = head.kind else {
            return Err(DataError::NotText);
        };
        let end = self.end(head.at, size)?;
        let bytes = self.bytes.get(head.at..end).ok_or(DataError::CutOff)?;
        str::from_utf8(bytes).map_err(|_| DataError::NotText)?;
        Ok(end)
    }

    fn end(&self, at: usize, size: usize) -> Result<usize, DataError> {
        let end = at.checked_add(size);
        end.filter(|end| *end <= self.bytes.len())
            .ok_or(DataError::CutOff)
    }

    fn head(&self, at: usize) -> Result<Head, DataError> {
        let control = self.number(at, 1)?;
        let (kind, low) = (control >> 5, control & 31);
        if kind == 1 {
            return self.pointer(at + 1, low);
        }
        let (kind, at) = match kind {
            0 => (self.number(at + 1, 1)? + 7, at + 2),
            kind => (kind, at + 1),
        };
        let (size, at) = match low {
            29 => (29 + self.number(at, 1)?, at + 1),
            30 => (285 + self.number(at, 2)?, at + 2),
            31 => (65_821 + self.number(at, 3)?, at + 3),
            size => (size, at),
        };
        let fits = |most: usize| {
            if size <= most {
                Ok(Kind::Plain(size))
            } else {
                Err(DataError::Unknown)
            }
        };
        let exactly = |bytes: usize| {
            if size == bytes {
                Ok(Kind::Plain(size))
            } else {
                Err(DataError::Unknown)
            }
        };
        let kind = match kind {
            2 => Kind::Text(size),
            3 => exactly(8)?,
            4 => Kind::Plain(size),
            5 => fits(2)?,
            6 | 8 => fits(4)?,
            7 => Kind::Map(size),
            9 => fits(8)?,
            10 => fits(16)?,
            11 => Kind::List(size),
            // The size of a boolean is its value.
            14 => fits(1).map(|_| Kind::Plain(0))?,
            15 => exactly(4)?,
            _ => return Err(DataError::Unknown),
        };
        Ok(Head { kind, at })
    }

    fn pointer(&self, at: usize, low: usize) -> Result<Head, DataError> {
        let (high, bytes) = (low & 7, (low >> 3) + 1);
        let number = self.number(at, bytes)?;
        let to = match bytes {
            1 => high << 8 | number,
            2 => (high << 16 | number) + 2_048,
            3 => (high << 24 | number) + 526_336,
            _ => number,
        };
        Ok(Head {
            kind: Kind::Pointer(to),
            at: at + bytes,
        })
    }

    /// So many bytes as a number, at most four.
    fn number(&self, at: usize, bytes: usize) -> Result<usize, DataError> {
        let bytes = self
            .bytes
            .get(at..self.end(at, bytes)?)
            .ok_or(DataError::CutOff)?;
        Ok(bytes
            .iter()
            .fold(0, |all, byte| all << 8 | usize::from(*byte)))
    }
}
