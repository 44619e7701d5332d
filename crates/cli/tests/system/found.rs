//! What a search finds, page by page.

use std::collections::BTreeMap;

use crate::http::Connection;

/// Pages of one search at most.
const PAGES_MAX: usize = 2_000;

/// How often each event id is found by a query, over all pages.
pub(crate) fn found(connection: &mut Connection, query: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    let mut path = format!("/v1/events?limit=1000&q={}", encoded(query));
    for _ in 0..PAGES_MAX {
        let answer = answered(connection, &path);
        for event in answer["events"].as_array().unwrap() {
            let id = event["id"].as_str().unwrap().to_owned();
            *times.entry(id).or_default() += 1;
        }
        let Some(cursor) = answer["cursor"].as_str() else {
            return times;
        };
        path = format!("/v1/events?limit=1000&cursor={}", encoded(cursor));
    }
    panic!("{query}: no end of pages");
}

/// How many events a query counts.
pub(crate) fn counted(connection: &mut Connection, query: &str) -> u64 {
    let answer = answered(connection, &format!("/v1/stats?q={}", encoded(query)));
    answer["total"].as_u64().unwrap()
}

fn answered(connection: &mut Connection, path: &str) -> serde_json::Value {
    // Just after a start the index may still read what the last commit left out.
    for _ in 0..60 {
        let response = connection.get(path);
        if response.status != 503 {
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            return serde_json::from_slice(&response.body).unwrap();
        }
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    panic!("{path}: the index does not become available");
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
