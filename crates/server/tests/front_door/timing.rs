//! How long answers take tells nothing of other tenants: what another tenant has is as slow to be not found as what
//! nobody has.
//!
//! The two are asked in turns and compared by their ranks, so that a slow machine slows both. No time is absolute. Under
//! the hypothesis that nothing leaks the statistic is normal, and a value beyond the bound comes once in 10^11 runs.

use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::support::World;

/// Answers of each of the two that are timed.
const SAMPLES: usize = 300;
/// Answers before the clock counts.
const WARM_UP: usize = 20;
/// Standard deviations from which on the two differ.
const DEVIATIONS_MAX: f64 = 7.0;
/// Questions after which totals are recorded, so that searches that ended are forgotten.
const TOTALS_EACH: usize = 200;

/// How many deviations the ranks of `one` are from those of as many others; above zero when it is slower.
fn deviations(one: &[Duration], other: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(other.iter().map(|time| (*time, false)));
    all.sort_unstable();
    let (mut sum, mut rank) = (0.0, 0_u32);
    for tied in all.chunk_by(|left, right| left.0 == right.0) {
        let length = u32::try_from(tied.len()).unwrap();
        let shared = f64::from(rank) + f64::from(length + 1) / 2.0;
        let mine = tied.iter().filter(|(_, is_one)| *is_one).count();
        sum += shared * f64::from(u32::try_from(mine).unwrap());
        rank += length;
    }
    let count = |times: &[Duration]| f64::from(u32::try_from(times.len()).unwrap());
    let (ones, others) = (count(one), count(other));
    let expected = ones * (ones + others + 1.0) / 2.0;
    (sum - expected) / (ones * others * (ones + others + 1.0) / 12.0).sqrt()
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}

/// Events with everything that the questions name; `whose` is a letter, and all else is of equal length.
fn events(whose: char) -> String {
    let events: Vec<String> = (0..SAMPLES + WARM_UP)
        .map(|number| {
            format!(
                r#"{{"id":"evt-{whose}{number:04}","operation":"custom{whose}{number:04}.done","actor":{{"id":"actor-{whose}{number:04}","email":"{whose}{number:04}@example.com"}},
                    "resource":{{"type":"thing","id":"thing-{whose}{number:04}"}},"request_id":"req-{whose}{number:04}","reason":"because of word{whose}{number:04}"}}"#
            )
        })
        .collect();
    format!("[{}]", events.join(","))
}

/// Each way to ask for a value, `{}` in its place.
const QUESTIONS: [&str; 9] = [
    "/v1/events/evt-{}",
    "/v1/events?q=request_id:req-{}",
    "/v1/events?q=actor:actor-{}",
    "/v1/events?q=actor.email:{}@example.com",
    "/v1/events?q=word{}",
    "/v1/stats?by=actor&q=request_id:req-{}",
    "/v1/fields?field=operation&prefix=custom{}",
    "/v1/resources/thing/thing-{}/state",
    "/v1/events?cursor={}",
];

/// How long each question of each kind took: for what another tenant has, and for what nobody has.
struct Timed {
    question: &'static str,
    theirs: Vec<Duration>,
    nobodys: Vec<Duration>,
}

impl Timed {
    fn deviations(&self) -> f64 {
        deviations(&self.theirs, &self.nobodys)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is what is asked"
)]
async fn ask(world: &World, key: &str, path: &str) -> (Duration, StatusCode, usize) {
    let begun = Instant::now();
    let reply = world.get(key, path).await;
    (begun.elapsed(), reply.status, reply.bytes.len())
}

/// A tenant's questions for what `acme` has and for what nobody has, in turns.
async fn time(world: &World, questions: &[&'static str]) -> Vec<Timed> {
    world.store(&events('a')).await;
    let writer = world.key_of("umbrella", &["writer"], "x").await;
    let stored = world.post(&writer, "/v1/events", events('b')).await;
    assert!(stored.status.is_success(), "{}", stored.text());
    let outsider = world.key_of("umbrella", &["reader"], "x").await;
    let insider = world.key_of("acme", &["reader"], "x").await;
    let mut timed = Vec::new();
    let mut asked = 0;
    for question in questions {
        let (mut theirs, mut nobodys) = (Vec::new(), Vec::new());
        for number in 0..SAMPLES + WARM_UP {
            let (known, unknown) = if question.contains("cursor") {
                cursors(world, &insider, number).await
            } else {
                (format!("a{number:04}"), format!("n{number:04}"))
            };
            let (known, unknown) = (
                question.replace("{}", &known),
                question.replace("{}", &unknown),
            );
            // Each is first as often as the other, by no short period.
            let known_first = number.count_ones() % 2 == 0;
            let (their, nobody) = if known_first {
                let their = ask(world, &outsider, &known).await;
                (their, ask(world, &outsider, &unknown).await)
            } else {
                let nobody = ask(world, &outsider, &unknown).await;
                (ask(world, &outsider, &known).await, nobody)
            };
            assert_eq!(
                (their.1, their.2),
                (nobody.1, nobody.2),
                "{known} and {unknown} are answered differently"
            );
            if number >= WARM_UP {
                theirs.push(their.0);
                nobodys.push(nobody.0);
            }
            asked += 1;
            if asked % TOTALS_EACH == 0 {
                world.record_all_totals().await;
            }
        }
        timed.push(Timed {
            question,
            theirs,
            nobodys,
        });
    }
    timed
}

/// A cursor of `acme`, and one of equal form that nobody was given.
async fn cursors(world: &World, insider: &str, number: usize) -> (String, String) {
    let page = world
        .get(
            insider,
            &format!("/v1/events?limit=1&q=-id:evt-a{number:04}"),
        )
        .await;
    let cursor = page.json()["cursor"].as_str().unwrap().to_owned();
    // Behind the search's random number and the log, of which a forger might know the form.
    let at = 50;
    let other = if cursor[at..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let forged = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
    (cursor, forged)
}

#[tokio::test]
async fn what_another_tenant_has_takes_as_long_as_what_nobody_has() {
    let world = World::new().await;
    for timed in time(&world, &QUESTIONS).await {
        assert!(
            timed.deviations().abs() < DEVIATIONS_MAX,
            "{}: {:.1} deviations; medians {:?} and {:?}",
            timed.question,
            timed.deviations(),
            median(&timed.theirs),
            median(&timed.nobodys)
        );
    }
}

#[tokio::test]
async fn a_look_at_another_tenant_would_be_noticed() {
    let world = World::new().await;
    // What the other has is looked up again.
    world.store.leak_into("acme").await;
    for timed in time(&world, &QUESTIONS[1..3]).await {
        assert!(
            timed.deviations() > DEVIATIONS_MAX,
            "{}: {:.1} deviations; medians {:?} and {:?}",
            timed.question,
            timed.deviations(),
            median(&timed.theirs),
            median(&timed.nobodys)
        );
    }
}

#[test]
fn ranks_tell_shifted_times_from_equal_ones() {
    let times = |from: u64| -> Vec<Duration> {
        let spread = |number: u64| number * 7_919 % 1_000;
        let times = (0..300).map(|number| Duration::from_micros(from + spread(number)));
        times.collect()
    };
    assert!(deviations(&times(500), &times(500)).abs() < 0.001);
    assert!(deviations(&times(1_000), &times(500)) > DEVIATIONS_MAX);
    assert!(deviations(&times(500), &times(1_000)) < -DEVIATIONS_MAX);
    let same = vec![Duration::from_micros(5); 300];
    assert!(deviations(&same, &same).abs() < 0.001);
}
