//! Big-endian integers and length-prefixed bytes, read with every bound checked.

/// Bytes that ended too soon or hold an impossible number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {offset}")]
pub(crate) struct Malformed {
    /// What was expected.
    pub(crate) expected: &'static str,
    /// Where.
    pub(crate) offset: usize,
}

/// A place in a byte string.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn fail<T>(&self, expected: &'static str) -> Result<T, Malformed> {
        Err(Malformed {
            expected,
            offset: self.at,
        })
    }

    pub(crate) fn take(
        &mut self,
        length: usize,
        expected: &'static str,
    ) -> Result<&'a [u8], Malformed> {
        let end = self
            .at
            .checked_add(length)
            .filter(|end| *end <= self.bytes.len());
        match end.and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += length;
                Ok(bytes)
            }
            None => self.fail(expected),
        }
    }

    pub(crate) fn array<const N: usize>(
        &mut self,
        expected: &'static str,
    ) -> Result<[u8; N], Malformed> {
        let bytes = self.take(N, expected)?;
        bytes.try_into().or_else(|_| self.fail(expected))
    }

    pub(crate) fn u8(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        self.array::<1>(expected).map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self, expected: &'static str) -> Result<u32, Malformed> {
        self.array(expected).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self, expected: &'static str) -> Result<u64, Malformed> {
        self.array(expected).map(u64::from_be_bytes)
    }

    /// A length as u32, and that many bytes.
    pub(crate) fn sized(&mut self, expected: &'static str) -> Result<&'a [u8], Malformed> {
        let length = self.u32(expected)?;
        self.take(length as usize, expected)
    }

    /// Like [`sized`](Self::sized), with length + 1 stored so that 0 means absent.
    pub(crate) fn optional(
        &mut self,
        expected: &'static str,
    ) -> Result<Option<&'a [u8]>, Malformed> {
        match self.u32(expected)? {
            0 => Ok(None),
            length => self.take(length as usize - 1, expected).map(Some),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }
}

/// Appends a length as u32 and the bytes.
pub(crate) fn push_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&length(bytes.len()).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends length + 1 and the bytes, or 0 for what is absent.
pub(crate) fn push_optional(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => out.extend_from_slice(&0_u32.to_be_bytes()),
        Some(bytes) => {
            out.extend_from_slice(&(length(bytes.len()) + 1).to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

/// A length that fits u32: everything stored is bounded far below.
pub(crate) fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("limits.rs keeps every stored piece below 4 GiB")
}
