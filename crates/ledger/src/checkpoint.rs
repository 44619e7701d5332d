//! Checkpoints: a log's origin, size and root as the text of a signed note (C2SP tlog-checkpoint v1.0.0).
//!
//! Promises: a checkpoint that parses prints to the same bytes. Must never: be taken from a note whose signature was
//! not checked; [`open`] is the way in for anything that came from outside.

use std::fmt;

use base64ct::{Base64, Encoding};

use crate::hash::Hash;
use crate::limits::NOTE_BYTES_MAX;
use crate::note::{Note, NoteError, VerifierKey, is_key_name};

/// Longest origin of a log of ours in bytes: cosigners commit to it with a one-byte length.
pub const ORIGIN_BYTES_MAX: usize = 255;

/// Why there is no checkpoint to go by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The note is malformed or not signed by the expected key.
    #[error("the note can not be trusted")]
    Note(#[from] NoteError),
    /// The text is no checkpoint.
    #[error("expected a checkpoint: {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// A checkpoint of another log.
    #[error("the checkpoint is of another log")]
    OtherOrigin,
}

/// A log's size and root. What it claims is true if a key one trusts signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: Hash,
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The statement that the log `origin` has `size` leaves under `root`.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] for an origin that is no key name or over [`ORIGIN_BYTES_MAX`] bytes, and for
    /// a root that the empty tree does not have.
    pub fn new(origin: &str, size: u64, root: Hash) -> Result<Self, CheckpointError> {
        if !is_key_name(origin) || origin.len() > ORIGIN_BYTES_MAX {
            let expected = "an origin without spaces and plus signs, of at most 255 bytes";
            return Err(CheckpointError::Malformed { expected });
        }
        check_empty_root(size, &root)?;
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions: Vec::new(),
        })
    }

    /// Reads the text of a note. Any origin that is not empty is read, as the specification demands.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let malformed = |expected| CheckpointError::Malformed { expected };
        if text.len() > NOTE_BYTES_MAX {
            return Err(malformed("a text shorter than the longest note"));
        }
        if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(malformed("no control characters"));
        }
        let lines = text
            .strip_suffix('\n')
            .ok_or(malformed("a final newline"))?;
        let mut lines = lines.split('\n');
        let origin = lines
            .next()
            .filter(|line| !line.is_empty())
            .ok_or(malformed("an origin"))?;
        let size = lines.next().and_then(parse_decimal);
        let size = size.ok_or(malformed("a decimal tree size without leading zeros"))?;
        let root = lines.next().and_then(parse_hash);
        let root = root.ok_or(malformed("a root hash of 44 base64 characters"))?;
        check_empty_root(size, &root)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(malformed("no empty line"));
        }
        Ok(Self {
            origin: origin.to_owned(),
            size,
            root,
            extensions,
        })
    }

    /// Which log this is about.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Leaves in the tree.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Root of the tree.
    pub fn root(&self) -> &Hash {
        &self.root
    }

    /// Lines after the root, which mean nothing here. We write none.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl fmt::Display for Checkpoint {
    /// The text of the note, its final newline included.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            size,
            root,
            extensions,
        } = self;
        writeln!(f, "{origin}\n{size}\n{}", hash_base64(root))?;
        extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Reads a signed checkpoint of the log `origin` and checks that `key` signed it.
///
/// # Errors
/// [`CheckpointError::Note`], [`CheckpointError::Malformed`] or [`CheckpointError::OtherOrigin`].
pub fn open(note: &str, key: &VerifierKey, origin: &str) -> Result<Checkpoint, CheckpointError> {
    let note = Note::parse(note)?.verify(std::slice::from_ref(key))?;
    let checkpoint = Checkpoint::parse(note.text())?;
    if checkpoint.origin == origin {
        Ok(checkpoint)
    } else {
        Err(CheckpointError::OtherOrigin)
    }
}

/// Reads ASCII digits without sign or leading zero.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if canonical { text.parse().ok() } else { None }
}

/// Reads a hash in base64 as C2SP's text formats write it: 44 characters, padded.
pub(crate) fn parse_hash(text: &str) -> Option<Hash> {
    let mut bytes = [0; 32];
    let decoded = Base64::decode(text, &mut bytes).ok()?;
    if decoded.len() == 32 {
        Some(Hash(bytes))
    } else {
        None
    }
}

/// Writes a hash as [`parse_hash`] reads it.
pub(crate) fn hash_base64(hash: &Hash) -> String {
    Base64::encode_string(&hash.0)
}

fn check_empty_root(size: u64, root: &Hash) -> Result<(), CheckpointError> {
    if size == 0 && *root != Hash::empty_root() {
        return Err(CheckpointError::Malformed {
            expected: "the root of the empty tree at size 0",
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::note::sign_note;

    const SPEC: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const ROOT: &str = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

    #[test]
    fn the_specification_s_text_is_read_and_written_to_the_same_bytes() {
        let checkpoint = Checkpoint::parse(SPEC).unwrap();
        assert_eq!(
            (checkpoint.origin(), checkpoint.size()),
            ("example.com/behind-the-sofa", 20_852_163)
        );
        assert_eq!(checkpoint.to_string(), SPEC);
        let built =
            Checkpoint::new(checkpoint.origin(), checkpoint.size(), *checkpoint.root()).unwrap();
        assert_eq!(built, checkpoint);
    }

    #[test]
    fn extension_lines_are_reported_and_kept() {
        let text = format!("{SPEC}one\ntwo\n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!(checkpoint.extensions(), ["one", "two"]);
        assert_eq!(checkpoint.to_string(), text);
    }

    #[test]
    fn sizes_and_roots_have_one_spelling() {
        let short = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==";
        let cases = [
            String::new(),
            "log\n1\n".into(),
            format!("\n1\n{ROOT}\n"),
            format!("log\n1\n{ROOT}"),
            format!("log\n1\n{ROOT}\n\n"),
            format!("log\n1\n{ROOT}\n\nextension\n"),
            format!("log\n01\n{ROOT}\n"),
            format!("log\n+1\n{ROOT}\n"),
            format!("log\n-1\n{ROOT}\n"),
            format!("log\n\n{ROOT}\n"),
            format!("log\n1 \n{ROOT}\n"),
            format!("log\n18446744073709551616\n{ROOT}\n"),
            format!("log\n1\n{short}\n"),
            format!("log\n1\nAAAA{ROOT}\n"),
            format!("log\n1\n{}\n", ROOT.trim_end_matches('=')),
            format!("log\n1\n{}\n", ROOT.replace("q2I=", "q2J=")),
            format!("log\n1\n{}\n", ROOT.replace('/', "_")),
            format!("log\n1\n{ROOT} \n"),
            format!("log\r\n1\r\n{ROOT}\r\n"),
            format!("log\n0\n{ROOT}\n"),
        ];
        for text in cases {
            let found = Checkpoint::parse(&text);
            assert!(
                matches!(found, Err(CheckpointError::Malformed { .. })),
                "{text:?}: {found:?}"
            );
        }
        assert_eq!(
            Checkpoint::parse(&format!("log\n{}\n{ROOT}\n", u64::MAX))
                .unwrap()
                .size(),
            u64::MAX
        );
        let empty = Checkpoint::new("log", 0, Hash::empty_root()).unwrap();
        assert_eq!(Checkpoint::parse(&empty.to_string()), Ok(empty));
    }

    #[test]
    fn origins_that_break_the_format_are_not_written() {
        let root = Hash::leaf(b"");
        for origin in ["", "a b", "a\nb", "a+b", &"x".repeat(256)] {
            let found = Checkpoint::new(origin, 1, root);
            assert!(
                matches!(found, Err(CheckpointError::Malformed { .. })),
                "{origin:?}"
            );
        }
        assert!(Checkpoint::new("log", 0, root).is_err());
    }

    #[test]
    fn open_wants_the_key_the_form_and_the_origin() {
        let signing_key = SigningKey::from_bytes(&[9; 32]);
        let key = VerifierKey::new("log", signing_key.verifying_key()).unwrap();
        let checkpoint = Checkpoint::new("log", 3, Hash::leaf(b"")).unwrap();
        let note = sign_note(&checkpoint.to_string(), "log", &signing_key).unwrap();
        assert_eq!(open(&note, &key, "log"), Ok(checkpoint));
        assert_eq!(
            open(&note, &key, "other"),
            Err(CheckpointError::OtherOrigin)
        );
        let stranger =
            VerifierKey::new("log", SigningKey::from_bytes(&[8; 32]).verifying_key()).unwrap();
        assert_eq!(
            open(&note, &stranger, "log"),
            Err(NoteError::Unsigned.into())
        );
        let grown = note.replacen("\n3\n", "\n4\n", 1);
        assert_eq!(
            open(&grown, &key, "log"),
            Err(NoteError::BadSignature { name: "log".into() }.into())
        );
        let no_checkpoint = sign_note("log\nthree\n", "log", &signing_key).unwrap();
        assert!(matches!(
            open(&no_checkpoint, &key, "log"),
            Err(CheckpointError::Malformed { .. })
        ));
    }
}
