//! Events of a small platform's life: about 760 bytes of JSON each, ids unique, the rest as skewed as life is.

/// A small generator of numbers; the same seed gives the same events.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Small numbers much more often than large ones.
    fn skewed(&mut self, bound: u64) -> u64 {
        let limit = self.next(bound) + 1;
        self.next(limit)
    }

    fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits);
        while text.len() < digits {
            text.push(
                char::from_digit(u32::try_from(self.next(16)).unwrap_or_default(), 16)
                    .unwrap_or('0'),
            );
        }
        text
    }
}

const OPERATIONS: [(&str, &str); 8] = [
    ("deployment.created", "deployment"),
    ("deployment.succeeded", "deployment"),
    ("environment_variable.updated", "environment_variable"),
    ("user.logged_in", "user"),
    ("build.succeeded", "build"),
    ("member.added", "member"),
    ("database.backup_created", "database"),
    ("domain.added", "domain"),
];

fn event(numbers: &mut Numbers, id: &str) -> String {
    let (operation, kind) = OPERATIONS[usize::try_from(numbers.skewed(8)).unwrap_or_default()];
    let user = numbers.skewed(400);
    let second = numbers.next(86_400);
    format!(
        concat!(
            r#"{{"id":"{id}","timestamp":"2026-11-20T{h:02}:{m:02}:{s:02}.{ms:03}Z","operation":"{operation}","#,
            r#""actor":{{"type":"user","id":"usr_{user}","email":"user{user}@example.com","name":"User {user}"}},"#,
            r#""origin":{{"ip":"198.51.{a}.{b}","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","#,
            r#""session_id":"ses_{session}"}},"resource":{{"type":"{kind}","id":"{kind}_{resource}","#,
            r#""name":"{kind}-{resource}","project_id":"proj_{project}"}},"outcome":{{"result":"success"}},"#,
            r#""context":{{"application":"console","environment":"production","region":"eu-west-1","#,
            r#""channel":"dashboard"}},"changes":[{{"field":"status","before":"queued","after":"ready"}}],"#,
            r#""request_id":"req_{request}","correlation_id":"cor_{correlation}","#,
            r#""metadata":{{"commit":"{commit}","branch":"main","plan":"team","attempt":{attempt}}}}}"#
        ),
        id = id,
        h = second / 3600,
        m = second / 60 % 60,
        s = second % 60,
        ms = numbers.next(1000),
        operation = operation,
        user = user,
        a = user % 250,
        b = user / 2 % 250,
        session = numbers.hex(12),
        kind = kind,
        resource = numbers.skewed(5_000),
        project = numbers.skewed(300),
        request = numbers.hex(16),
        correlation = numbers.hex(12),
        commit = numbers.hex(40),
        attempt = numbers.next(5),
    )
}

/// Bodies of single POSTs.
pub(crate) fn singles(count: usize, seed: u64) -> Vec<String> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..count)
        .map(|index| event(&mut numbers, &format!("evt_{seed}_{index:010}")))
        .collect()
}

/// Bodies of batches, as JSON arrays.
pub(crate) fn batches(count: usize, size: usize, seed: u64) -> Vec<String> {
    let events = singles(count, seed);
    events
        .chunks(size)
        .map(|batch| format!("[{}]", batch.join(",")))
        .collect()
}
