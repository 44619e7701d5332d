//! Proof files: an entry's inclusion proof with the checkpoint it leads to (C2SP tlog-proof v1, `.tlog-proof`).
//!
//! Promises: decoding gives back what was encoded, and there is one spelling. Must never: be believed before
//! [`TlogProof::verify`] was asked about the entry in hand; `extra` is not covered by anything.

use base64ct::{Base64, Encoding};

use crate::checkpoint::{
    self, Checkpoint, CheckpointError, hash_base64, parse_decimal, parse_hash,
};
use crate::hash::Hash;
use crate::limits::PROOF_HASHES_MAX;
use crate::note::{Note, NoteError, VerifierKey};
use crate::tree::{ProofError, verify_inclusion};

/// Longest proof file in bytes: a note, two parts in base64 and some room.
pub const TLOG_PROOF_BYTES_MAX: usize = 2 * 1024 * 1024;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a proof file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Over [`TLOG_PROOF_BYTES_MAX`] bytes.
    #[error("the proof file is longer than {TLOG_PROOF_BYTES_MAX} bytes")]
    TooLong,
    /// Over [`PROOF_HASHES_MAX`] hashes.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// Not the form of a proof file.
    #[error("expected a proof file: {expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// The checkpoint in it is no note.
    #[error("the checkpoint of the proof file is malformed")]
    BadNote(#[from] NoteError),
    /// The checkpoint is not to be trusted.
    #[error("the checkpoint of the proof file does not hold")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not in the tree of the checkpoint.
    #[error("the proof does not hold for this entry")]
    Proof(#[from] ProofError),
}

/// The contents of a proof file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// Anything; trusted by nobody. An empty one is written as none.
    pub extra: Option<Vec<u8>>,
    /// Index of the entry in its log.
    pub index: u64,
    /// The inclusion proof, the leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The signed note with the checkpoint, as it was issued.
    pub checkpoint: String,
}

impl TlogProof {
    /// Writes the file.
    ///
    /// # Errors
    /// [`TlogProofError::TooManyHashes`], [`TlogProofError::BadNote`] or [`TlogProofError::TooLong`]: what
    /// [`Self::decode`] would refuse.
    pub fn encode(&self) -> Result<String, TlogProofError> {
        let Self {
            extra,
            index,
            hashes,
            checkpoint,
        } = self;
        if hashes.len() > PROOF_HASHES_MAX {
            return Err(TlogProofError::TooManyHashes);
        }
        Note::parse(checkpoint)?;
        let extra = extra.as_deref().unwrap_or_default();
        if extra.len() > TLOG_PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLong);
        }
        let mut lines = vec![FIRST_LINE.to_owned()];
        if !extra.is_empty() {
            lines.push(format!("extra {}", Base64::encode_string(extra)));
        }
        lines.push(format!("index {index}"));
        lines.extend(hashes.iter().map(hash_base64));
        lines.push(String::new());
        lines.push(checkpoint.clone());
        let text = lines.join("\n");
        if text.len() > TLOG_PROOF_BYTES_MAX {
            Err(TlogProofError::TooLong)
        } else {
            Ok(text)
        }
    }

    /// Reads a file. Checks its form only.
    ///
    /// # Errors
    /// [`TlogProofError::TooLong`], [`TlogProofError::TooManyHashes`], [`TlogProofError::Malformed`] or
    /// [`TlogProofError::BadNote`].
    pub fn decode(text: &str) -> Result<Self, TlogProofError> {
        let malformed = |expected| TlogProofError::Malformed { expected };
        if text.len() > TLOG_PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLong);
        }
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or(malformed("an empty line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(malformed("c2sp.org/tlog-proof@v1 on the first line"));
        }
        let mut extra = None;
        if let Some(base64) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            let bytes = Base64::decode_vec(base64)
                .ok()
                .filter(|bytes| !bytes.is_empty());
            extra = Some(bytes.ok_or(malformed("extra data in base64"))?);
            lines.next();
        }
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .and_then(parse_decimal);
        let index = index.ok_or(malformed("a decimal index without leading zeros"))?;
        let mut hashes = Vec::new();
        for line in lines {
            if hashes.len() >= PROOF_HASHES_MAX {
                return Err(TlogProofError::TooManyHashes);
            }
            hashes.push(
                parse_hash(line).ok_or(malformed("a hash of 44 base64 characters on each line"))?,
            );
        }
        Note::parse(checkpoint)?;
        Ok(Self {
            extra,
            index,
            hashes,
            checkpoint: checkpoint.to_owned(),
        })
    }

    /// Checks that `key` signed the checkpoint and that the log it is about has `entry` at this index.
    ///
    /// The log is the one the key is named for: its origin must be the key's name.
    ///
    /// # Errors
    /// [`TlogProofError::Checkpoint`] or [`TlogProofError::Proof`].
    pub fn verify(&self, entry: &[u8], key: &VerifierKey) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = checkpoint::open(&self.checkpoint, key, key.name())?;
        let leaf = Hash::leaf(entry);
        verify_inclusion(
            self.index,
            checkpoint.size(),
            &leaf,
            &self.hashes,
            checkpoint.root(),
        )?;
        Ok(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::note::sign_note;
    use crate::tree::TreeError;

    fn signing_key() -> SigningKey {
        SigningKey::from_bytes(&[3; 32])
    }

    fn key() -> VerifierKey {
        VerifierKey::new("log", signing_key().verifying_key()).unwrap()
    }

    /// Entry "b" of the log "a", "b", "c".
    fn proof() -> TlogProof {
        let [a, b, c] = ["a", "b", "c"].map(|entry| Hash::leaf(entry.as_bytes()));
        let root = Hash::node(&Hash::node(&a, &b), &c);
        let checkpoint = Checkpoint::new("log", 3, root).unwrap();
        let checkpoint = sign_note(&checkpoint.to_string(), "log", &signing_key()).unwrap();
        TlogProof {
            extra: Some(b"extra".to_vec()),
            index: 1,
            hashes: vec![a, c],
            checkpoint,
        }
    }

    #[test]
    fn a_proof_file_reads_as_the_specification_shows_and_comes_back() {
        let proof = proof();
        let text = proof.encode().unwrap();
        let lines: Vec<&str> = text.split('\n').collect();
        assert_eq!(
            lines[..3],
            ["c2sp.org/tlog-proof@v1", "extra ZXh0cmE=", "index 1"]
        );
        assert_eq!(
            lines[3..5],
            proof.hashes.iter().map(hash_base64).collect::<Vec<_>>()
        );
        assert_eq!(lines[5..8], ["", "log", "3"]);
        assert_eq!(TlogProof::decode(&text), Ok(proof));
        let bare = TlogProof {
            extra: None,
            hashes: Vec::new(),
            ..self::proof()
        };
        let text = bare.encode().unwrap();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n\nlog\n3\n"));
        assert_eq!(TlogProof::decode(&text), Ok(bare));
    }

    #[test]
    fn a_proof_holds_for_its_entry_place_key_and_tree_alone() {
        let good = proof();
        assert_eq!(good.verify(b"b", &key()).unwrap().size(), 3);
        assert_eq!(good.verify(b"c", &key()), Err(ProofError::Root.into()));
        let moved = TlogProof {
            index: 0,
            ..proof()
        };
        assert_eq!(moved.verify(b"b", &key()), Err(ProofError::Root.into()));
        let beyond = TlogProof {
            index: 3,
            ..proof()
        };
        let impossible = ProofError::Impossible(TreeError::IndexBeyondTree { index: 3, size: 3 });
        assert_eq!(beyond.verify(b"b", &key()), Err(impossible.into()));
        let short = TlogProof {
            hashes: good.hashes[..1].to_vec(),
            ..proof()
        };
        assert_eq!(
            short.verify(b"b", &key()),
            Err(ProofError::Length {
                expected: 2,
                found: 1
            }
            .into())
        );
        let resized = TlogProof {
            checkpoint: good.checkpoint.replacen("\n3\n", "\n4\n", 1),
            ..proof()
        };
        let bad = NoteError::BadSignature { name: "log".into() };
        assert_eq!(
            resized.verify(b"b", &key()),
            Err(CheckpointError::from(bad).into())
        );
        let renamed = VerifierKey::new("other", signing_key().verifying_key()).unwrap();
        let unsigned = CheckpointError::from(NoteError::Unsigned);
        assert_eq!(good.verify(b"b", &renamed), Err(unsigned.into()));
    }

    #[test]
    fn a_key_signs_for_the_log_it_is_named_for_only() {
        let foreign = Checkpoint::new("foreign", 1, Hash::leaf(b"b")).unwrap();
        let checkpoint = sign_note(&foreign.to_string(), "log", &signing_key()).unwrap();
        let proof = TlogProof {
            extra: None,
            index: 0,
            hashes: Vec::new(),
            checkpoint,
        };
        assert_eq!(
            proof.verify(b"b", &key()),
            Err(CheckpointError::OtherOrigin.into())
        );
    }

    #[test]
    fn other_spellings_are_refused() {
        let text = proof().encode().unwrap();
        let hash = hash_base64(&proof().hashes[0]);
        let cases = [
            String::new(),
            text.replace("@v1", "@v2"),
            format!("\n{text}"),
            text.replacen('\n', "\r\n", 1),
            text.replace("extra ZXh0cmE=", "extra"),
            text.replace("extra ZXh0cmE=", "extra "),
            text.replace("extra ZXh0cmE=", "extra ZXh0cmE"),
            text.replace("extra ZXh0cmE=", "extra ZXh0cmE=\nextra ZXh0cmE="),
            text.replace("extra ZXh0cmE=\nindex 1", "index 1\nextra ZXh0cmE="),
            text.replace("index 1\n", ""),
            text.replace("index 1", "index 01"),
            text.replace("index 1", "index +1"),
            text.replace("index 1", "index  1"),
            text.replace("index 1", "index 1 "),
            text.replace("index 1", "Index 1"),
            text.replace("index 1", "index 18446744073709551616"),
            text.replace(&hash, &hash[1..]),
            text.replace(&hash, &format!("{hash} ")),
            text.replace(&hash, "AAAA"),
            text.replace("\n\n", "\n"),
        ];
        for case in cases {
            let found = TlogProof::decode(&case);
            assert!(
                matches!(found, Err(TlogProofError::Malformed { .. })),
                "{case:?}: {found:?}"
            );
        }
        let no_note = text.replace("— log", "- log");
        assert!(matches!(
            TlogProof::decode(&no_note),
            Err(TlogProofError::BadNote(_))
        ));
        assert!(matches!(
            TlogProof::decode(&format!("{text}\n")),
            Err(TlogProofError::BadNote(_))
        ));
    }

    #[test]
    fn limits_hold_on_both_ways() {
        let most = TlogProof {
            hashes: vec![Hash::default(); PROOF_HASHES_MAX],
            ..proof()
        };
        let text = most.encode().unwrap();
        assert_eq!(TlogProof::decode(&text), Ok(most));
        let line = format!("{}\n", hash_base64(&Hash::default()));
        let more = text.replacen(&line, &line.repeat(2), 1);
        assert_eq!(TlogProof::decode(&more), Err(TlogProofError::TooManyHashes));
        let more = TlogProof {
            hashes: vec![Hash::default(); PROOF_HASHES_MAX + 1],
            ..proof()
        };
        assert_eq!(more.encode(), Err(TlogProofError::TooManyHashes));
        for bytes in [TLOG_PROOF_BYTES_MAX, TLOG_PROOF_BYTES_MAX + 1] {
            let long = TlogProof {
                extra: Some(vec![0; bytes]),
                ..proof()
            };
            assert_eq!(long.encode(), Err(TlogProofError::TooLong));
        }
        assert_eq!(
            TlogProof::decode(&"x".repeat(TLOG_PROOF_BYTES_MAX + 1)),
            Err(TlogProofError::TooLong)
        );
        let no_note = TlogProof {
            checkpoint: "log\n".into(),
            ..proof()
        };
        assert_eq!(no_note.encode(), Err(NoteError::NotANote.into()));
    }
}
