use super::*;

fn canonical(text: &str) -> String {
    let mut out = String::new();
    write_canonical(&parse(text.as_bytes()).unwrap(), &mut out);
    out
}

fn refused(text: &str) -> (Problem, String) {
    let error = parse(text.as_bytes()).unwrap_err();
    (error.problem, error.pointer)
}

#[test]
fn values_survive_compact_writing_digit_for_digit() {
    let text = r#"{"b":[1.50,-0,1e2,12345678901234567890123],"a":{"é":"\u0001\"\\/","":null},"t":[true,false,{},[]]}"#;
    assert_eq!(parse(text.as_bytes()).unwrap().to_compact(), text);
}

#[test]
fn duplicate_members_are_refused_in_small_and_large_objects() {
    assert_eq!(
        refused(r#"{"a":{"b":1,"b":2}}"#),
        (Problem::DuplicateMember, "/a/b".to_owned())
    );
    assert_eq!(
        refused(r#"{"a":1,"\u0061":2}"#),
        (Problem::DuplicateMember, "/a".to_owned())
    );
    let many = (0..100).fold(String::new(), |many, n| many + &format!("\"k{n}\":1,"));
    assert_eq!(
        refused(&format!("{{{many}\"k7\":2}}")),
        (Problem::DuplicateMember, "/k7".to_owned())
    );
}

#[test]
fn lone_surrogates_are_refused_and_pairs_joined() {
    for text in [
        r#"{"a":["\ud800"]}"#,
        r#"{"a":["\udc00"]}"#,
        r#"{"a":["\ud800\u0041"]}"#,
        r#"{"a":["\ud800x"]}"#,
    ] {
        assert_eq!(
            refused(text),
            (Problem::LoneSurrogate, "/a/0".to_owned()),
            "{text}"
        );
    }
    assert_eq!(canonical(r#""\ud83d\ude00""#), "\"😀\"");
}

#[test]
fn nesting_bombs_are_refused_without_recursing() {
    let deep = "[".repeat(100_000);
    assert_eq!(
        parse(deep.as_bytes()).unwrap_err().problem,
        Problem::TooDeep(crate::limits::JSON_DEPTH_MAX)
    );
    let wide = format!("[{}1]", "1,".repeat(20_001));
    assert_eq!(
        parse(wide.as_bytes()).unwrap_err().problem,
        Problem::TooManyValues(crate::limits::JSON_VALUES_MAX)
    );
}

#[test]
fn what_is_no_json_is_refused_with_a_position() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "1.",
        "1e",
        "+1",
        "nul",
        "\"\t\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "1 2",
        "'a'",
        "{a:1}",
        "NaN",
        "\"abc",
        "[1 2]",
        "-",
        "\u{feff}{}",
    ] {
        assert!(
            matches!(
                parse(text.as_bytes()).unwrap_err().problem,
                Problem::Syntax(_)
            ),
            "{text}"
        );
    }
    assert_eq!(parse(b"\"\xff\"").unwrap_err().problem, Problem::NotUtf8);
    let text = b"{\n  \"a\": x}";
    assert_eq!(parse(text).unwrap_err().position(text), (2, 8));
}

#[test]
fn arrays_split_without_reading_their_items() {
    let text = br#" [ {"a":"],\""} , [1,2], 3 ,"x" ] "#;
    let items: Vec<&str> = split_array(text, 10)
        .unwrap()
        .iter()
        .map(|item| str::from_utf8(item.text).unwrap())
        .collect();
    assert_eq!(items, [r#"{"a":"],\""}"#, "[1,2]", "3", "\"x\""]);
    assert_eq!(split_array(text, 2).unwrap().len(), 3);
    assert_eq!(split_array(b"[]", 2).unwrap(), []);
    for text in [
        "", "{}", "[1", "[1,,2]", "[,]", "[1]x", "[\"a", "[1,]", "[}", "[\"a\\",
    ] {
        assert!(split_array(text.as_bytes(), 9).is_err(), "{text}");
    }
}

#[test]
fn numbers_print_as_ecmascript_prints_them() {
    for (text, expect) in [
        ("1e21", "1e+21"),
        ("1E20", "100000000000000000000"),
        ("0.000001", "0.000001"),
        ("1e-7", "1e-7"),
        ("-0", "0"),
        ("4.50", "4.5"),
        ("333333333.33333329", "333333333.3333333"),
        ("5e-324", "5e-324"),
        ("-1.25e-9", "-1.25e-9"),
        ("9007199254740991", "9007199254740991"),
        ("123.456", "123.456"),
    ] {
        assert_eq!(canonical_number(text).as_deref(), Some(expect), "{text}");
    }
    assert_eq!(canonical_number("9007199254740993"), None);
    assert_eq!(canonical_number("1e400"), None);
}

#[test]
fn members_sort_by_utf16_units() {
    assert_eq!(
        canonical("{\"\u{fb33}\":1,\"😀\":2,\"é\":3,\"a\":4}"),
        "{\"a\":4,\"é\":3,\"😀\":2,\"\u{fb33}\":1}"
    );
}

const REPLACEMENTS: &[u8] = b"{}[]\",:\\0123456789.eE+-tfnu \n\x00\xff";
const INSERTIONS: &[u8] = b"{}[]\",:\\u09 ";

#[test]
fn agrees_with_another_parser_on_mutated_texts() {
    let seed = r#"{"id":"evt_1","a":[1,-2.5e3,true,null,{"b":"\u00e9\n\ud83d\ude00"}],"c":{"d":{},"e":[]},"f":"x\\y"}"#;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound as u64).unwrap()
    };
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..50_000 {
        let mut text = seed.as_bytes().to_vec();
        for _ in 0..=next(2) {
            let at = next(text.len());
            match next(3) {
                0 => text[at] = REPLACEMENTS[next(REPLACEMENTS.len())],
                1 => drop(text.remove(at)),
                _ => text.insert(at, INSERTIONS[next(INSERTIONS.len())]),
            }
        }
        let theirs: Result<serde_json::Value, _> = serde_json::from_slice(&text);
        match (parse(&text), theirs) {
            (Ok(ours), Ok(theirs)) => {
                accepted += 1;
                assert_eq!(
                    serde_json::from_str::<serde_json::Value>(&ours.to_compact()).unwrap(),
                    theirs
                );
            }
            (Err(_), Err(_)) => refused += 1,
            (Err(error), Ok(_)) => assert!(
                error.is_local(),
                "{error} {}",
                String::from_utf8_lossy(&text)
            ),
            // serde_json refuses numbers beyond f64; we keep them verbatim.
            (Ok(_), Err(error)) => {
                assert!(error.to_string().contains("number out of range"), "{error}");
            }
        }
    }
    assert!(accepted > 1_000 && refused > 1_000, "{accepted} {refused}");
}
