//! Known notes of other implementations, and every rule that rejects one.

use ed25519_dalek::VerifyingKey;

use super::*;

const SPEC_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_PRIVATE: &str = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n";
const GO_LINE: &str = "— PeterNeumann \
    x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn go_key() -> VerifierKey {
    VerifierKey::parse(GO_KEY).unwrap()
}

fn go_note() -> String {
    format!("{GO_TEXT}\n{GO_LINE}")
}

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn verifier(name: &str, seed: u8) -> VerifierKey {
    VerifierKey::new(name, signer(seed).verifying_key()).unwrap()
}

fn open(note: &str, known: &[VerifierKey]) -> Result<VerifiedNote, NoteError> {
    Note::parse(note)?.verify(known)
}

#[test]
fn the_specification_s_note_and_key_verify() {
    let key = VerifierKey::parse(SPEC_KEY).unwrap();
    assert_eq!(
        (key.name(), crate::name::to_hex(&key.key_id())),
        ("example.com/foo", "530d903a".into())
    );
    assert_eq!(key.to_string(), SPEC_KEY);
    let note = open(SPEC_NOTE, &[key]).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
}

#[test]
fn the_go_reference_note_verifies_and_is_signed_to_the_same_bytes() {
    assert_eq!(open(&go_note(), &[go_key()]).unwrap().text(), GO_TEXT);
    let bytes = Base64::decode_vec(GO_PRIVATE).unwrap();
    let signing_key = SigningKey::from_bytes(bytes[1..].try_into().unwrap());
    assert_eq!(
        sign_note(GO_TEXT, "PeterNeumann", &signing_key),
        Ok(go_note())
    );
}

#[test]
fn every_mangled_key_is_refused() {
    for start in 0..GO_KEY.len() {
        for end in start..=GO_KEY.len() {
            let whole = start == 0 && end == GO_KEY.len();
            assert_eq!(
                VerifierKey::parse(&GO_KEY[start..end]).is_ok(),
                whole,
                "{start}..{end}"
            );
        }
    }
    for place in 0..GO_KEY.len() {
        let mut bytes = GO_KEY.as_bytes().to_vec();
        bytes[place] += 1;
        assert!(
            VerifierKey::parse(std::str::from_utf8(&bytes).unwrap()).is_err(),
            "{place}"
        );
    }
    let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    assert_eq!(VerifierKey::parse(long), Err(NoteError::BadKey));
    let other = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(
        VerifierKey::parse(other),
        Err(NoteError::UnsupportedKeyType(0x65))
    );
    let upper = GO_KEY.replace("c74f20a3", "C74F20A3");
    assert_eq!(VerifierKey::parse(&upper), Err(NoteError::BadKey));
}

#[test]
fn a_key_anyone_can_sign_under_is_refused() {
    for encoding in [[0; 32], {
        let mut one = [0; 32];
        one[0] = 1;
        one
    }] {
        let id = crate::name::to_hex(&key_id("weak", ED25519, &encoding));
        let bytes: Vec<u8> = [ED25519].into_iter().chain(encoding).collect();
        let text = format!("weak+{id}+{}", Base64::encode_string(&bytes));
        assert_eq!(VerifierKey::parse(&text), Err(NoteError::BadKey));
    }
}

#[test]
fn a_key_has_one_encoding() {
    let mut refused = 0;
    // The numbers from p + 2 on are second encodings of 2 and up; p + 0 and p + 1 are of small order besides.
    for extra in 2..19 {
        let mut encoding = [0xff; 32];
        (encoding[0], encoding[31]) = (0xed + extra, 0x7f);
        if let Ok(key) = VerifyingKey::from_bytes(&encoding) {
            assert!(!key.is_weak());
            assert_eq!(VerifierKey::new("name", key), Err(NoteError::BadKey));
            refused += 1;
        }
    }
    assert!(refused > 0);
}

#[test]
fn bad_key_names_are_refused_wherever_they_stand() {
    for name in [
        "",
        "a b",
        "a+b",
        "a\u{a0}b",
        "a\u{2003}b",
        "a\nb",
        "a\tb",
        "a\u{85}b",
    ] {
        assert!(!is_key_name(name), "{name:?}");
        assert_eq!(
            VerifierKey::new(name, signer(1).verifying_key()),
            Err(NoteError::BadKeyName)
        );
        assert_eq!(
            sign_note("text\n", name, &signer(1)),
            Err(NoteError::BadKeyName)
        );
    }
    assert!(is_key_name("veritrail.invalid/0123/é"));
}

#[test]
fn a_changed_text_or_signature_spoils_the_note() {
    let bad = Err(NoteError::BadSignature {
        name: "PeterNeumann".into(),
    });
    assert_eq!(
        open(
            &go_note().replace("cryptography", "cryptographY"),
            &[go_key()]
        ),
        bad
    );
    assert_eq!(
        open(&go_note().replace("x08go/ZJ", "x08go/ZK"), &[go_key()]),
        bad
    );
    assert_eq!(open(&go_note().replacen('\n', "\n\n", 1), &[go_key()]), bad);
    let short = format!("{GO_TEXT}\n— PeterNeumann x08go/ZJkuBS\n");
    assert_eq!(open(&short, &[go_key()]), bad);
}

#[test]
fn unknown_keys_are_ignored_and_known_bad_ones_are_not() {
    let unknown = signature_line(GO_TEXT, "other", &signer(7)).unwrap();
    let note = open(
        &format!("{GO_TEXT}\n{unknown}{GO_LINE}{unknown}"),
        &[go_key()],
    )
    .unwrap();
    assert_eq!((note.verified().len(), note.ignored().len()), (1, 2));
    assert_eq!(note.ignored()[0].name(), "other");
    // A known key that did not sign this text spoils the note although another one did.
    let stale = signature_line("another text\n", "other", &signer(7)).unwrap();
    for lines in [
        format!("{GO_LINE}{stale}"),
        format!("{stale}{GO_LINE}"),
        format!("{GO_LINE}{unknown}{stale}"),
    ] {
        let found = open(
            &format!("{GO_TEXT}\n{lines}"),
            &[go_key(), verifier("other", 7)],
        );
        assert_eq!(
            found,
            Err(NoteError::BadSignature {
                name: "other".into()
            })
        );
    }
}

#[test]
fn a_key_is_known_by_name_and_id_together() {
    let line = signature_line(GO_TEXT, "mine", &signer(7)).unwrap();
    let note = format!("{GO_TEXT}\n{line}");
    assert!(open(&note, &[verifier("mine", 7)]).is_ok());
    assert_eq!(
        open(&note, &[verifier("mine", 8)]),
        Err(NoteError::Unsigned)
    );
    assert_eq!(
        open(&note, &[verifier("yours", 7)]),
        Err(NoteError::Unsigned)
    );
    assert_eq!(open(&note, &[]), Err(NoteError::Unsigned));
    let renamed = note.replace("— mine ", "— yours ");
    assert_eq!(
        open(&renamed, &[verifier("mine", 7)]),
        Err(NoteError::Unsigned)
    );
}

#[test]
fn signatures_are_accepted_up_to_the_limit() {
    let unknown = signature_line(GO_TEXT, "other", &signer(7)).unwrap();
    let many = |count: usize| format!("{GO_TEXT}\n{}{GO_LINE}", unknown.repeat(count - 1));
    for count in [1, 16, NOTE_SIGNATURES_MAX] {
        assert!(open(&many(count), &[go_key()]).is_ok(), "{count}");
    }
    assert_eq!(
        Note::parse(&many(NOTE_SIGNATURES_MAX + 1)),
        Err(NoteError::TooManySignatures)
    );
}

#[test]
fn the_last_empty_line_separates_text_and_signatures() {
    let text = "first\n\n— other c2lnbmF0dXJl\n\nlast\n";
    let note = sign_note(text, "mine", &signer(1)).unwrap();
    assert_eq!(open(&note, &[verifier("mine", 1)]).unwrap().text(), text);
    let empty = sign_note("\n", "mine", &signer(1)).unwrap();
    assert_eq!(open(&empty, &[verifier("mine", 1)]).unwrap().text(), "\n");
}

#[test]
fn malformed_notes_are_refused_by_name() {
    let cases = [
        (String::new(), NoteError::NotANote),
        (GO_TEXT.into(), NoteError::NotANote),
        (format!("{GO_TEXT}\n"), NoteError::NotANote),
        (format!("{GO_TEXT}{GO_LINE}"), NoteError::NotANote),
        (go_note().trim_end().into(), NoteError::NotANote),
        (format!("\n{GO_LINE}"), NoteError::NotANote),
        (format!("{}\n", go_note()), NoteError::NotANote),
        (go_note().replace('\n', "\r\n"), NoteError::ControlCharacter),
        (
            go_note().replace("you think", "you\tthink"),
            NoteError::ControlCharacter,
        ),
        (
            go_note().replace("you think", "you\0think"),
            NoteError::ControlCharacter,
        ),
        ("x".repeat(NOTE_BYTES_MAX + 1), NoteError::TooLong),
    ];
    for (note, expected) in cases {
        let shown = note.get(..200).unwrap_or(&note);
        assert_eq!(Note::parse(&note), Err(expected), "{shown:?}");
    }
}

#[test]
fn malformed_signature_lines_are_refused_by_number() {
    for (from, to) in [
        ("— Peter", "- Peter"),
        ("— Peter", "—Peter"),
        ("— Peter", " — Peter"),
        ("PeterNeumann", "Peter+Neumann"),
        ("PeterNeumann", "Peter Neumann"),
        ("PeterNeumann", "Peter\u{a0}Neumann"),
        ("PeterNeumann", ""),
        ("JnAM=", "JnAM"),
        ("JnAM=", "JnAN="),
        ("JnAM=", "JnAM= "),
        ("x08go/ZJ", "x08go_ZJ"),
    ] {
        let line = GO_LINE.replace(from, to);
        assert_ne!(line, GO_LINE);
        let note = format!("{GO_TEXT}\n{GO_LINE}{line}");
        let expected = Err(NoteError::BadSignatureLine { line: 1 });
        assert_eq!(Note::parse(&note), expected, "{line}");
    }
    // Nothing, half a key id, and a key id without a signature.
    for base64 in ["", "x08=", "x08gow=="] {
        let note = format!("{GO_TEXT}\n— PeterNeumann {base64}\n");
        let expected = Err(NoteError::BadSignatureLine { line: 0 });
        assert_eq!(Note::parse(&note), expected, "{base64}");
    }
}

#[test]
fn nothing_is_signed_that_could_not_be_read_back() {
    for text in ["", "no newline"] {
        assert_eq!(
            sign_note(text, "mine", &signer(1)),
            Err(NoteError::NotANote)
        );
    }
    assert_eq!(
        sign_note("a\tb\n", "mine", &signer(1)),
        Err(NoteError::ControlCharacter)
    );
    let long = format!("{}\n", "x".repeat(NOTE_BYTES_MAX));
    assert_eq!(
        sign_note(&long, "mine", &signer(1)),
        Err(NoteError::TooLong)
    );
}
