//! Laws that hold for every text.

use super::*;

#[rustfmt::skip] // a table reads better packed
/// Pieces that make texts full of beginnings, signs and ends.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = [
        "password", "token", "=", ":", ": ", "://", "@", "\"", "'", "\\", "\\\"", "%", "%3D", "%22", " ", "\n",
        ",", ";", "&", "?", "[", "]", "{", "}", "<", ">", "</", "-----BEGIN ", "PRIVATE KEY-----", "-----END ",
        "-----", "eyJ", ".", "Bearer ", "Basic ", "--", "-token ", "Authorization", "Cookie: ", "é", "日本",
        "\u{0}", "x", "8Q~", "@tcp(", "mysql -p", " -u ", "identified by '", "password>", "<password>",
        "passphrase: ", "sk-", "SG.", "==", "[masked:hmac-sha256:k1:aB3dE5fG7hJ9kL1mN2pQ4r]",
        "[masked:hmac-sha256:", "null", "/", "#", "-", "_", "12:34", ":AA", "pwd", "$", "${", "http", "user:",
        "atlasv1.", ".atlasv1.", "MII", "IBAAKCAQEA",
    ]
    .map(str::to_owned)
    .to_vec();
    pieces.push(body(20));
    pieces.push(hex(33));
    pieces.push(format!("{}{}", "gh", "p_".to_owned() + &body(36)));
    pieces.push(format!("{}{}", "AK", "IAIOSFODNN7EXAMPLE"));
    pieces.push(base64("password=hunter2"));
    pieces.push(base64(&base64("token: abc123, x")));
    pieces.push(percent("password=hunter2"));
    pieces
}

/// Numbers without an end, the same on each run (`SplitMix64`).
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |below| {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % below as u64).unwrap()
    }
}

#[test]
fn random_texts_give_ranges_in_order_on_boundaries_and_are_clean_once_masked() {
    let pieces = pieces();
    let mut next = numbers(7);
    for _ in 0..60_000 {
        let count = next(12) + 1;
        let text: String = (0..count)
            .map(|_| pieces[next(pieces.len())].as_str())
            .collect();
        let mut end = 0;
        for range in spans(&text) {
            assert!(range.start >= end && range.start < range.end, "{text:?}");
            assert!(text.get(range.clone()).is_some(), "{text:?}");
            end = range.end;
        }
        let kept = masked(&text);
        assert_eq!(spans(&kept), NOTHING, "{text:?} was kept as {kept:?}");
    }
}

#[test]
fn random_bytes_do_not_panic() {
    let mut next = numbers(11);
    for _ in 0..20_000 {
        let bytes: Vec<u8> = (0..next(80))
            .map(|_| u8::try_from(next(256)).unwrap())
            .collect();
        let text = String::from_utf8_lossy(&bytes);
        for range in spans(&text) {
            assert!(text.get(range).is_some());
        }
        is_secret_name(&text);
        is_artifact_name(&text);
        is_bare_hash(&text);
    }
}

#[test]
fn work_grows_with_the_text_and_no_faster_on_hostile_text() {
    let pieces = pieces();
    let doubled = pieces
        .iter()
        .flat_map(|first| pieces.iter().map(move |second| format!("{first}{second}")));
    let extra = [
        "a:b/x://",
        "x://a:b/",
        "8Q~abc",
        "eyJaaaaaaaaaa.",
        "a,",
        "password=a,",
        "%41",
        "YWFh/",
        "VVVV",
        "\\\"",
    ];
    let steps = |text: &str| {
        let mut work = Work::for_bytes(text.len());
        scan(text, 0, true, &mut work);
        work.steps
    };
    // Sixteen times the text may cost sixteen times the work and an edge; quadratic work would be 256 times.
    for unit in doubled.chain(extra.map(str::to_owned)) {
        let small = unit.repeat(2_048 / unit.len() + 1);
        let large = unit.repeat(32_768 / unit.len() + 1);
        let (small_steps, large_steps) = (steps(&small), steps(&large));
        assert!(
            large_steps <= small_steps * 24 + 4_096,
            "{unit:?}: {small_steps} then {large_steps}"
        );
        assert!(
            large_steps <= large.len() * STEPS_PER_BYTE_MAX,
            "{unit:?}: {large_steps}"
        );
    }
}

#[test]
fn text_that_costs_too_much_is_masked_unopened() {
    let text = base64("an ordinary sentence");
    let mut work = Work {
        steps: 1,
        steps_max: 0,
    };
    let found = scan(&text, 0, true, &mut work);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0], 0..text.len());
}

#[test]
fn text_inside_text_is_opened_to_the_limit_and_no_deeper() {
    let mut text = "password=hunter2".to_owned();
    for _ in 0..MASK_DEPTH_MAX {
        text = base64(&text);
        assert!(is_secret_shaped(&text), "{text}");
    }
    assert!(!is_secret_shaped(&base64(&text)));
}

#[test]
fn clean_text_allocates_no_ranges() {
    assert_eq!(spans("environment_variable.updated").capacity(), 0);
    assert_eq!(spans("password").capacity(), 0);
}

#[test]
fn short_text_is_never_secret() {
    assert_eq!(spans("pw=abcd"), NOTHING);
}
