//! Secrets never enter, and addresses of persons stand where they may: the whole disk is searched, packs decompressed,
//! and so is everything that the server says.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde_json::Value;

use crate::account::wait_signed;
use crate::command::tell;
use crate::http::{Connection, Response};
use crate::misplaced;
use crate::planted::{CANARY, Planter};
use crate::site::{Server, Site};
use crate::stored::{Bytes, blocks, files};

/// The ways in.
const DOORS: [Door; 5] = [
    Door {
        name: "single",
        content: "application/json",
        encoding: None,
    },
    Door {
        name: "array",
        content: "application/json",
        encoding: None,
    },
    Door {
        name: "lines",
        content: "application/x-ndjson",
        encoding: None,
    },
    Door {
        name: "gzip",
        content: "application/json",
        encoding: Some("gzip"),
    },
    Door {
        name: "zstd",
        content: "application/x-ndjson",
        encoding: Some("zstd"),
    },
];

/// One way in.
struct Door {
    name: &'static str,
    content: &'static str,
    encoding: Option<&'static str>,
}

impl Door {
    /// The bodies that carry these events.
    fn bodies(&self, events: &[&Value]) -> Vec<Vec<u8>> {
        let texts: Vec<String> = events.iter().map(ToString::to_string).collect();
        let bodies = match self.name {
            "single" => texts,
            _ if self.content.contains("ndjson") => vec![texts.join("\n")],
            _ => vec![format!("[{}]", texts.join(","))],
        };
        bodies
            .into_iter()
            .map(|body| self.encoded(body.into_bytes()))
            .collect()
    }

    fn encoded(&self, body: Vec<u8>) -> Vec<u8> {
        match self.encoding {
            None => body,
            Some("gzip") => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&body).unwrap();
                encoder.finish().unwrap()
            }
            Some(_) => zstd::encode_all(&*body, 3).unwrap(),
        }
    }

    fn send(&self, connection: &mut Connection, events: &[&Value]) -> Vec<Response> {
        let mut headers = vec![("content-type", self.content)];
        headers.extend(self.encoding.map(|encoding| ("content-encoding", encoding)));
        let bodies = self.bodies(events);
        bodies
            .iter()
            .map(|body| {
                connection
                    .request("POST", "/v1/events", &headers, body)
                    .unwrap()
            })
            .collect()
    }
}

/// Everything that was said and must be searched for.
#[derive(Default)]
struct Search {
    /// Secrets, and where each was planted.
    secrets: BTreeMap<String, String>,
    /// Texts that must be found in packs.
    controls: Vec<String>,
    answers: Vec<Bytes>,
    refusals: Vec<Bytes>,
}

impl Search {
    fn heard(&mut self, what: &str, response: &Response) {
        let place = format!("the answer {} to {what}", response.status);
        let bytes = [response.head.as_bytes(), &response.body].concat();
        let answers = if response.status < 300 {
            &mut self.answers
        } else {
            &mut self.refusals
        };
        answers.push(Bytes { place, bytes });
    }

    /// Fails with every secret in any of the places, named by where it came from and where it is.
    fn find_none(&self, places: &[Bytes]) {
        let mut leaks = Vec::new();
        for Bytes { place, bytes } in places {
            let text = String::from_utf8_lossy(bytes);
            let found = self
                .secrets
                .iter()
                .filter(|(secret, _)| text.contains(secret.as_str()));
            leaks.extend(
                found.map(|(secret, planted)| format!("{secret} of [{planted}] is in {place}")),
            );
        }
        assert!(
            leaks.is_empty(),
            "{} leaks:\n{}",
            leaks.len(),
            leaks.join("\n")
        );
    }
}

/// Fails with every place that has an address of a person.
fn find_no_canary(places: &[Bytes]) {
    let found = places
        .iter()
        .filter(|place| has_canary(place))
        .map(|place| {
            let text = String::from_utf8_lossy(&place.bytes);
            let at = text.find(CANARY).unwrap_or_default();
            let around: String = text
                .chars()
                .skip(text[..at].chars().count().saturating_sub(80))
                .take(160)
                .collect();
            format!("{}: …{around}…", place.place)
        });
    let found: Vec<String> = found.collect();
    assert!(
        found.is_empty(),
        "addresses of persons where they may not be:\n{}",
        found.join("\n")
    );
}

fn has_canary(place: &Bytes) -> bool {
    place
        .bytes
        .windows(CANARY.len())
        .any(|window| window == CANARY.as_bytes())
}

/// Sends every planted event through every door.
fn plant(search: &mut Search, connection: &mut Connection) {
    for door in &DOORS {
        let mut planter = Planter::new(door.name);
        let plants = planter.secrets();
        let canaries = planter.canaries();
        let events: Vec<&Value> = plants
            .iter()
            .map(|plant| &plant.event)
            .chain(&canaries)
            .collect();
        let mut stored = 0;
        for response in door.send(connection, &events) {
            assert!(response.status < 300, "{}: {}", door.name, response.text());
            stored += response.text().matches(r#""status":"stored""#).count();
            search.heard(door.name, &response);
        }
        assert_eq!(stored, events.len(), "{}: events were refused", door.name);
        for plant in plants {
            search.controls.push(plant.control);
            search.secrets.extend(
                plant
                    .needles
                    .into_iter()
                    .map(|needle| (needle, plant.place.clone())),
            );
        }
        let (plants, canaries) = (planter.refused_secrets(), planter.refused_canaries());
        let events: Vec<&Value> = plants
            .iter()
            .map(|plant| &plant.event)
            .chain(&canaries)
            .collect();
        for response in door.send(connection, &events) {
            assert!(
                !response.text().contains(r#""status":"stored""#),
                "{}: {}",
                door.name,
                response.text()
            );
            // In a batch a refusal stands in an answer that is none.
            let bytes = response.body.clone();
            search.refusals.push(Bytes {
                place: format!("a refusal, {}", door.name),
                bytes,
            });
        }
        for plant in plants {
            search.secrets.extend(
                plant
                    .needles
                    .into_iter()
                    .map(|needle| (needle, plant.place.clone())),
            );
        }
    }
}

/// Sends secrets and addresses where no event is.
fn misplace(search: &mut Search, server: &Server, life: &'static str) {
    let mut planter = Planter::new(life);
    let mut connection = server.connect();
    for request in misplaced::requests(&mut planter) {
        let header = (request.header.0, request.header.1.as_str());
        let answer = connection.request(
            request.method,
            &request.path,
            &[header],
            request.body.as_bytes(),
        );
        let answer = answer.unwrap_or_else(|error| panic!("{request:?}: {error}"));
        assert!(answer.status >= 400, "{request:?}: {}", answer.text());
        let place = format!("{request:?}");
        search.heard(&place, &answer);
        search
            .secrets
            .extend(request.secret.map(|secret| (secret, place)));
    }
    // A key with one character changed is refused like any other, and is nearly a real one.
    let (rest, last) = server.key.split_at(server.key.len() - 1);
    let forged = format!("{rest}{}", if last == "0" { '1' } else { '0' });
    search_key(search, &forged, "a forged key");
    let header = [("authorization", &*format!("Bearer {forged}"))];
    let answer = connection.request("GET", "/v1/logs", &header, b"").unwrap();
    assert_eq!(answer.status, 401, "{}", answer.text());
    search.heard("a forged key", &answer);
    // This one is accepted: the id is made from it and does not show it.
    let key = planter.token();
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", key.as_str()),
    ];
    let event =
        br#"{"operation":"deployment.created","actor":{},"resource":{"type":"deployment"}}"#;
    let answer = connection
        .request("POST", "/v1/events", &headers, event)
        .unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    search.heard("an Idempotency-Key", &answer);
    search.secrets.insert(key, "an Idempotency-Key".to_owned());
}

fn search_key(search: &mut Search, key: &str, place: &str) {
    // The id is public; what stands behind it is not.
    let secret = key.splitn(3, '_').nth(2).unwrap();
    search.secrets.insert(secret.to_owned(), place.to_owned());
}

#[test]
fn planted_secrets_are_nowhere_and_persons_only_where_they_may_be() {
    let site = Site::new();
    let mut search = Search::default();
    let server = site.start(&[
        "--log-level",
        "debug",
        "--log-format",
        "json",
        "--anchor-file",
        "anchors",
    ]);
    let key = server.key.clone();
    search_key(&mut search, &key, "the API key");
    plant(&mut search, &mut server.connect());
    misplace(&mut search, &server, "first life");
    let journal = site.data().join("journal");
    assert!(
        files(&journal).iter().any(has_canary),
        "the journal is searched while everything stands in it"
    );
    look(&site, &server, &mut search);
    // With the packs written, and the same log in the other form.
    wait_signed(&server, "packed");
    look(&site, &server, &mut search);
    server.kill();
    let server = site.restart(&key, &["--log-level", "debug", "--log-format", "text"]);
    misplace(&mut search, &server, "second life");
    look(&site, &server, &mut search);
    server.stop();
    let entries = blocks(&site.data(), "vte");
    let parts = blocks(&site.data(), "vtp");
    assert!(
        entries
            .iter()
            .any(|block| String::from_utf8_lossy(&block.bytes).contains("veritrail/entry/1"))
    );
    search.find_none(&entries);
    search.find_none(&parts);
    find_no_canary(&entries);
    // Both searches find what is there: every event's harmless text, and the persons.
    let text: String = parts
        .iter()
        .map(|block| String::from_utf8_lossy(&block.bytes).into_owned())
        .collect();
    let missing: Vec<&String> = search
        .controls
        .iter()
        .filter(|control| !text.contains(control.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let persons = text.matches(CANARY).count();
    assert!(persons > 40 * DOORS.len(), "{persons}");
    // At rest nothing but those parts has them, and the index, which is made from them; the journal neither.
    let rest = files(&site.path(""))
        .into_iter()
        .filter(|file| !file.place.ends_with("operator.key"));
    let rest: Vec<Bytes> = rest.collect();
    search.find_none(&rest);
    let rest: Vec<Bytes> = rest
        .into_iter()
        .filter(|file| !file.place.contains("/index/"))
        .collect();
    find_no_canary(&rest);
    tell(&format!(
        "{} secrets, in events through {} doors and where none belong: none is found; {persons} addresses of persons, all in parts and the index made from them",
        search.secrets.len(),
        DOORS.len()
    ));
}

/// Searches everything that a running server has written and said.
fn look(site: &Site, server: &Server, search: &mut Search) {
    let mut connection = server.connect();
    for path in ["/metrics", "/healthz", "/readyz", "/v1/logs"] {
        let answer = connection.get(path);
        search.heard(path, &answer);
    }
    let operator = std::fs::read_to_string(site.keys().join("operator.key")).unwrap();
    search_key(search, operator.trim(), "the operator's key");
    let data = files(&site.data());
    let keys: Vec<Bytes> = files(&site.keys())
        .into_iter()
        .filter(|file| !file.place.ends_with("operator.key"))
        .collect();
    let log = Bytes {
        place: "the server's log".to_owned(),
        bytes: std::fs::read(site.log()).unwrap(),
    };
    let log_text = String::from_utf8_lossy(&log.bytes).into_owned();
    assert!(
        log_text.contains("/v1/events") && log_text.contains("answered"),
        "the log has no debug lines: {log_text}"
    );
    // Its first lines show the key on purpose, and nothing else may.
    let said = server.welcome.replace(&server.key, "");
    let said = Bytes {
        place: "the server's stdout".to_owned(),
        bytes: said.into_bytes(),
    };
    for places in [
        &data,
        &keys,
        &vec![log, said],
        &search.answers,
        &search.refusals,
    ] {
        search.find_none(places);
    }
    let elsewhere = data.iter().filter(|file| {
        let known = ["/journal/", "/index/"];
        !known.iter().any(|room| file.place.contains(room)) && !file.is_pack_of("vtp")
    });
    let elsewhere = elsewhere.map(|file| Bytes {
        place: file.place.clone(),
        bytes: file.bytes.clone(),
    });
    find_no_canary(&elsewhere.collect::<Vec<_>>());
    find_no_canary(&keys);
    find_no_canary(&search.refusals);
    find_no_canary(&search.answers);
    find_no_canary(&[Bytes {
        place: "the server's log".to_owned(),
        bytes: log_text.into_bytes(),
    }]);
}
