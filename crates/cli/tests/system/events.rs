//! Events made from their ids alone, so that whoever knows the id can send the same event again; and chance from seeds.

/// The same numbers for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// An index into `length` things.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }
}

const KINDS: [(&str, &str); 5] = [
    ("deployment.created", "deployment"),
    ("environment_variable.updated", "environment_variable"),
    ("user.logged_in", "user"),
    ("build.succeeded", "build"),
    ("member.added", "member"),
];

/// The event of an id: about 500 bytes.
pub(crate) fn event(id: &str) -> String {
    let seed = id.bytes().fold(7, |seed: u64, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut numbers = Numbers(seed);
    let (operation, kind) = KINDS[numbers.index(KINDS.len())];
    let (user, thing, project) = (numbers.below(400), numbers.below(5_000), numbers.below(300));
    format!(
        concat!(
            r#"{{"id":"{id}","timestamp":"2026-03-12T14:32:{second:02}.123Z","operation":"{operation}","#,
            r#""actor":{{"type":"user","id":"usr_{user}","email":"user{user}@example.com"}},"#,
            r#""origin":{{"ip":"198.51.100.{ip}","user_agent":"Mozilla/5.0 (X11; Linux x86_64)"}},"#,
            r#""resource":{{"type":"{kind}","id":"{kind}_{thing}","name":"{kind} {thing}","project_id":"proj_{project}"}},"#,
            r#""outcome":{{"result":"success"}},"changes":[{{"field":"status","before":"queued","after":"ready"}}],"#,
            r#""request_id":"req_{request:016x}","metadata":{{"branch":"main","attempt":{attempt}}}}}"#
        ),
        id = id,
        second = numbers.below(60),
        operation = operation,
        user = user,
        ip = user % 250,
        kind = kind,
        thing = thing,
        project = project,
        request = numbers.below(u64::MAX),
        attempt = numbers.below(5),
    )
}

/// The body that sends these events at once.
pub(crate) fn array(ids: &[String]) -> Vec<u8> {
    let events: Vec<String> = ids.iter().map(|id| event(id)).collect();
    format!("[{}]", events.join(",")).into_bytes()
}
