//! What masking must find, and what it must leave alone. Secrets are put together at run time, so that no scanner of
//! source code takes this file for a leak.

use std::fmt::Write as _;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use sha2::{Digest, Sha256};

use super::*;
use crate::event;

const MASK_KEY: [u8; 32] = [3; 32];

fn keys() -> TenantKeys {
    TenantKeys::new("0011aabb", [1; 32], [2; 32], MASK_KEY, [4; 32])
}

/// A token with a known shape.
fn token() -> String {
    ["gh", "p_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"].concat()
}

/// A password that only its name gives away.
fn password() -> String {
    ["cor", "rect-ho", "rse"].concat()
}

/// `@t` and `@p` become the token and the password; `@b` the base64 of a text with the password in it.
fn planted(text: &str) -> String {
    let hidden = Base64::encode_string(format!("db_password={} # prod", password()).as_bytes());
    text.replace("@t", &token())
        .replace("@p", &password())
        .replace("@b", &hidden)
}

/// The event's parts after masking with masks printed as `▮`, and the pointers of what was masked.
fn masked_event(event: &str, exceptions: &[&str]) -> (String, Vec<String>) {
    let mut event = event::read(json::parse(event.as_bytes()).unwrap()).unwrap();
    let exceptions: Vec<String> = exceptions.iter().map(|text| (*text).to_owned()).collect();
    let pointers = mask(&mut event, &keys(), &exceptions);
    (shown(&event), pointers)
}

fn shown(event: &Event<'_>) -> String {
    let members = event.person.iter().chain(&event.details).cloned();
    let text = Value::Object(members.collect()).to_compact();
    let mut out = String::new();
    for (index, piece) in text.split("[masked:hmac-sha256:0011aabb:").enumerate() {
        if index == 0 {
            out.push_str(piece);
        } else {
            let (tag, rest) = piece.split_at(22);
            assert!(Base64UrlUnpadded::decode_vec(tag).is_ok_and(|tag| tag.len() == 16));
            out.push('▮');
            out.push_str(rest.strip_prefix(']').unwrap());
        }
    }
    out
}

/// Masks `metadata` of an ordinary resource; what hides in `input` shows as `▮` in `expect`.
fn check(input: &str, expect: &str) {
    let metadata = planted(input);
    let event = format!(
        r#"{{"operation":"deployment.created","actor":{{"type":"system"}},"resource":{{"type":"deployment"}},"metadata":{metadata}}}"#
    );
    let (found, pointers) = masked_event(&event, &[]);
    assert_eq!(found, format!(r#"{{"metadata":{expect}}}"#), "{input}");
    assert_eq!(!pointers.is_empty(), expect.contains('▮'), "{input}");
    assert!(
        !found.contains(&token()) && !found.contains(&password()),
        "{found}"
    );
}

/// Masks one item of `changes` on a resource of `kind`.
fn check_change(kind: &str, input: &str, expect: &str) {
    let event = format!(
        r#"{{"operation":"project.updated","actor":{{"type":"system"}},"resource":{{"type":"{kind}"}},"changes":[{}]}}"#,
        planted(input)
    );
    let (found, _) = masked_event(&event, &[]);
    assert_eq!(
        found,
        format!(r#"{{"changes":[{expect}]}}"#),
        "{kind} {input}"
    );
}

#[test]
fn secrets_are_found_by_shape_in_every_container() {
    check(r#"{"a":["x",["@t"]]}"#, r#"{"a":["x",["▮"]]}"#);
    check(
        r#"{"note":"it was @t, sorry"}"#,
        r#"{"note":"it was ▮, sorry"}"#,
    );
    check(r#"{"two":"@t @t"}"#, r#"{"two":"▮ ▮"}"#);
    check(
        r#"{"u":"postgres://app:@p@db:5432/x"}"#,
        r#"{"u":"postgres://app:▮@db:5432/x"}"#,
    );
    check(
        r#"{"u":"https://h/cb?access_token=@t&x=1"}"#,
        r#"{"u":"https://h/cb?access_token=▮&x=1"}"#,
    );
    check(
        r#"{"line":"Authorization: Bearer @t"}"#,
        r#"{"line":"Authorization: Bearer ▮"}"#,
    );
    check(r#"{"blob":"@b"}"#, r#"{"blob":"▮"}"#);
    check(
        r#"{"log":"export DB_PASSWORD=@p; run"}"#,
        r#"{"log":"export DB_PASSWORD=▮; run"}"#,
    );
}

#[test]
fn secrets_are_found_by_name_in_any_case_and_shape() {
    check(
        r#"{"PASSWORD":"@p","ApiKey":"@p","refresh-token":["@p"],"Set-Cookie":{"a":"@p"},"pin":1234}"#,
        r#"{"PASSWORD":"▮","ApiKey":"▮","refresh-token":"▮","Set-Cookie":"▮","pin":"▮"}"#,
    );
    check(
        r#"{"deep":[{"deeper":[{"clientSecret":"@p"}]}]}"#,
        r#"{"deep":[{"deeper":[{"clientSecret":"▮"}]}]}"#,
    );
    check(
        r#"{"env":[{"name":"DB_PASSWORD","value":"@p"},{"name":"PORT","value":"80"}]}"#,
        r#"{"env":[{"name":"DB_PASSWORD","value":"▮"},{"name":"PORT","value":"80"}]}"#,
    );
    check(
        r#"{"headers":[{"header":"Authorization","value":"@p"}]}"#,
        r#"{"headers":[{"header":"Authorization","value":"▮"}]}"#,
    );
    check(
        r#"{"password":null,"token":true,"tokens":512,"secret":"","has_password":"yes"}"#,
        r#"{"password":null,"token":true,"tokens":512,"secret":"","has_password":"yes"}"#,
    );
}

#[test]
fn secrets_are_found_by_a_name_beside_them_in_any_case() {
    for (input, expect) in [
        (
            r#"{"Name":"DB_PASSWORD","Value":"@p"}"#,
            r#"{"Name":"DB_PASSWORD","Value":"▮"}"#,
        ),
        (
            r#"{"KEY":"api_key","NEW_VALUE":"@p"}"#,
            r#"{"KEY":"api_key","NEW_VALUE":"▮"}"#,
        ),
        (
            r#"{"name":"x","key":"DB_PASSWORD","value":"@p"}"#,
            r#"{"name":"x","key":"DB_PASSWORD","value":"▮"}"#,
        ),
        (
            r#"{"id":"DB_PASSWORD","value":"@p"}"#,
            r#"{"id":"DB_PASSWORD","value":"▮"}"#,
        ),
        (
            r#"{"name":"DB_PASSWORD","data":"@p"}"#,
            r#"{"name":"DB_PASSWORD","data":"▮"}"#,
        ),
        (
            r#"{"name":"README","data":"text"}"#,
            r#"{"name":"README","data":"text"}"#,
        ),
        (
            r#"{"args":["--password","@p","--force"]}"#,
            r#"{"args":["--password","▮","--force"]}"#,
        ),
        (
            r#"{"h":[["X-Api-Key","@p"],["Accept","*/*"]]}"#,
            r#"{"h":[["X-Api-Key","▮"],["Accept","*/*"]]}"#,
        ),
        (
            r#"{"changed":["password","email"]}"#,
            r#"{"changed":["password","email"]}"#,
        ),
    ] {
        check(input, expect);
    }
}

#[test]
fn what_only_begins_like_a_mask_hides_nothing() {
    check(
        r#"{"password":"[masked:hmac-sha256:@p]","token":"[masked:hmac-sha256:k:@p]"}"#,
        r#"{"password":"▮","token":"▮"}"#,
    );
    let genuine = keys().masked("a", "b", "c", "d");
    let event = format!(
        r#"{{"operation":"project.created","actor":{{}},"resource":{{"type":"x"}},"metadata":{{"password":"{genuine}"}}}}"#
    );
    assert!(masked_event(&event, &[]).1.is_empty());
}

#[test]
fn pointers_do_not_show_what_member_names_hide() {
    let event = planted(
        r#"{"operation":"project.created","actor":{},"resource":{"type":"x"},"metadata":{"@t":{"password":"@p"}}}"#,
    );
    let (found, pointers) = masked_event(&event, &[]);
    assert_eq!(found, r#"{"metadata":{"▮":{"password":"▮"}}}"#);
    assert!(
        pointers.len() == 2 && !pointers.concat().contains(&token()),
        "{pointers:?}"
    );
}

#[test]
fn json_inside_strings_is_opened_and_what_lies_too_deep_is_masked_whole() {
    check(
        r#"{"body":"{\"user\":\"a\",\"password\":\"@p\"}"}"#,
        r#"{"body":"{\"user\":\"a\",\"password\":\"▮\"}"}"#,
    );
    check(
        r#"{"body":"{\"inner\":\"[{\\\"Api_Key\\\":\\\"@p\\\"}]\"}"}"#,
        r#"{"body":"{\"inner\":\"[{\\\"Api_Key\\\":\\\"▮\\\"}]\"}"}"#,
    );
    check(r#"{"body":"{\"a\": 1 }"}"#, r#"{"body":"{\"a\": 1 }"}"#);
    for depth in 1..12 {
        let mut text = format!(r#"{{"k":"{}"}}"#, token());
        for _ in 0..depth {
            let mut quoted = String::new();
            json::write_string(&text, &mut quoted);
            text = format!(r#"{{"k":{quoted}}}"#);
        }
        let event = format!(
            r#"{{"operation":"a.b","actor":{{}},"resource":{{"type":"x"}},"metadata":{text}}}"#
        );
        let (found, pointers) = masked_event(&event, &[]);
        assert!(
            !found.contains(&token()) && !pointers.is_empty(),
            "{depth} {found}"
        );
    }
}

#[test]
fn hashes_of_values_are_masked_and_digests_of_artifacts_stay() {
    check(
        r#"{"previous_value_hash":"sha256:a1b2c3...","h":"md5:0123abcd"}"#,
        r#"{"previous_value_hash":"▮","h":"▮"}"#,
    );
    check(
        r#"{"image_digest":"sha256:a1b2c3d4","commit":"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}"#,
        r#"{"image_digest":"sha256:a1b2c3d4","commit":"0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"}"#,
    );
}

#[test]
fn every_value_of_a_change_on_a_sensitive_resource_is_masked_whatever_its_shape() {
    for kind in [
        "environment_variable",
        "env_var",
        "secret",
        "token",
        "access_token",
        "credential",
        "api_key",
        "ssh_key",
        "apikey",
        "accesstokens",
        "config_var",
    ] {
        check_change(
            kind,
            r#"{"field":"value","before":"a","after":"b"}"#,
            r#"{"field":"value","before":"▮","after":"▮"}"#,
        );
        check_change(
            kind,
            r#"{"field":"x","before":{"n":[1]},"after":["a"],"old_value":7,"enabled":false,"note":null}"#,
            r#"{"field":"x","before":"▮","after":"▮","old_value":"▮","enabled":"▮","note":null}"#,
        );
        check_change(
            kind,
            r#"{"after":"b","field":"value"}"#,
            r#"{"after":"▮","field":"value"}"#,
        );
    }
    check_change(
        "project",
        r#"{"field":"role","before":"viewer","after":{"n":1}}"#,
        r#"{"field":"role","before":"viewer","after":{"n":1}}"#,
    );
    check_change(
        "project",
        r#"{"field":"db_password","before":"@p","after":17}"#,
        r#"{"field":"db_password","before":"▮","after":"▮"}"#,
    );
}

#[test]
fn a_member_name_that_is_a_secret_is_masked_and_two_of_them_stay_apart() {
    check(r#"{"@t":1}"#, r#"{"▮":1}"#);
    check(r#"{"x @t":"@t"}"#, r#"{"x ▮":"▮"}"#);
}

#[test]
fn what_was_masked_is_listed_by_pointer_and_exceptions_are_kept() {
    let event = planted(
        r#"{"operation":"deployment.created","actor":{},"resource":{"type":"deployment"},
            "reason":"@t","metadata":{"a/b":[{"password":"@p"},{"password":"@p"}],"c":"@t"}}"#,
    );
    let (_, pointers) = masked_event(&event, &[]);
    let expect = [
        "/metadata/a~1b/0/password",
        "/metadata/a~1b/1/password",
        "/metadata/c",
        "/reason",
    ];
    assert_eq!(pointers, expect);
    let (found, pointers) = masked_event(&event, &["/metadata/a~1b/*/password"]);
    assert_eq!(pointers, expect[2..]);
    assert_eq!(found.matches(&password()).count(), 2);
    let (_, pointers) = masked_event(&event, &["/metadata", "/reason"]);
    assert!(pointers.is_empty());
}

/// The mask of `password` under `metadata` of one event.
fn tag(kind: &str, id: &str, field: &str, value: &str) -> String {
    let event = format!(
        r#"{{"operation":"deployment.created","actor":{{}},"resource":{{"type":"{kind}","id":"{id}"}},"metadata":{{"{field}":"{value}"}}}}"#
    );
    let mut event = event::read(json::parse(event.as_bytes()).unwrap()).unwrap();
    mask(&mut event, &keys(), &[]);
    let metadata = event.details.iter().find(|(name, _)| name == "metadata");
    metadata
        .unwrap()
        .1
        .member(field)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// HMAC-SHA-256 as RFC 2104 writes it down.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        for (to, from) in block.iter_mut().zip(key) {
            *to ^= from;
        }
        block
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize();
    outer.into()
}

/// The mask by the letter of DESIGN "Version 1, exactly".
fn mask_by_definition(texts: [&str; 4]) -> String {
    let mut message = Vec::new();
    for text in texts {
        message.extend(u32::try_from(text.len()).unwrap().to_be_bytes());
        message.extend(text.as_bytes());
    }
    let tag = Base64UrlUnpadded::encode_string(&hmac(&MASK_KEY, &message)[..16]);
    format!("[masked:hmac-sha256:0011aabb:{tag}]")
}

#[test]
fn tags_are_framed_by_resource_field_and_value_exactly() {
    assert_eq!(
        tag("deployment", "d1", "password", "tschüß"),
        mask_by_definition(["deployment", "d1", "/metadata/password", "tschüß"])
    );
    let event = r#"{"operation":"secret.updated","actor":{},"resource":{"type":"secret","id":"s1"},
        "changes":[{"field":"value","before":{"b":1.50,"a":[true]},"after":"new"}],
        "metadata":{"list":[{"password":"x"}]}}"#;
    let mut event = event::read(json::parse(event.as_bytes()).unwrap()).unwrap();
    mask(&mut event, &keys(), &[]);
    let details = Value::Object(event.details);
    let change = &details.member("changes").unwrap().as_array().unwrap()[0];
    let text = |value: Option<&Value<'_>>| value.unwrap().as_str().unwrap().to_owned();
    assert_eq!(
        text(change.member("before")),
        mask_by_definition(["secret", "s1", "changes/value", r#"{"a":[true],"b":1.5}"#])
    );
    assert_eq!(
        text(change.member("after")),
        mask_by_definition(["secret", "s1", "changes/value", "new"])
    );
    let item = &details
        .member("metadata")
        .unwrap()
        .member("list")
        .unwrap()
        .as_array()
        .unwrap()[0];
    assert_eq!(
        text(item.member("password")),
        mask_by_definition(["secret", "s1", "/metadata/list/*/password", "x"])
    );
}

#[test]
fn tags_are_equal_for_the_same_field_and_value_and_for_nothing_else() {
    let one = tag("deployment", "d1", "password", "v1");
    assert_eq!(one, tag("deployment", "d1", "password", "v1"));
    for other in [
        tag("deployment", "d1", "password", "v2"),
        tag("deployment", "d1", "secret", "v1"),
        tag("deployment", "d2", "password", "v1"),
        tag("service", "d1", "password", "v1"),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn masking_what_is_masked_changes_nothing() {
    let text = planted(
        r#"{"operation":"secret.updated","actor":{"id":"@t","name":"@t"},"origin":{"user_agent":"x @t y"},
            "resource":{"type":"secret","id":"@t"},"reason":"@b",
            "changes":[{"field":"value","before":true,"after":{"a":"@p"}}],
            "metadata":{"@t":"@t","body":"{\"password\":\"@p\",\"t\":[\"@t\"]}","u":"https://a:@p@h/?token=@t",
                        "env":[{"name":"DB_PASSWORD","value":"@p"}],"h":"sha256:a1b2c3"}}"#,
    );
    let mut event = event::read(json::parse(text.as_bytes()).unwrap()).unwrap();
    let first = mask(&mut event, &keys(), &[]);
    assert!(first.len() >= 10, "{first:?}");
    let once = (event.person.clone(), event.details.clone());
    assert_eq!(mask(&mut event, &keys(), &[]), [""; 0]);
    assert_eq!((event.person, event.details), once);
}

#[test]
fn no_clean_text_is_touched() {
    let mut metadata = String::from("{");
    for index in 0..50 {
        _ = write!(
            metadata,
            r#""k{index}":"rollout of build {index} to eu-west-1","#
        );
    }
    metadata.push_str(r#""commit_message":"Fix token refresh for password page","url":"https://example.com/a?b=c"}"#);
    check(&metadata, &metadata);
}
