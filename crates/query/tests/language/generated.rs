//! What holds for every text, every filter and every event.

use std::borrow::Cow;

use ledger::time::Micros;
use proptest::prelude::*;
use proptest::sample::select;
use query::address::Network;
use query::evaluate::matches;
use query::limits::{LEAVES_MAX, QUERY_BYTES_MAX, WORD_BYTES_MAX};
use query::plan::{Bound, Leaf, Number, Span};
use query::words::{fold, words};
use query::{Access, Document, Fact, Field, Filter, Kind, Side, Test, Viewer};

use crate::now;

/// Anything, and things that come near to values.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-cA-C0-9_.@/-]{1,6}",
        "[a-z ()\"*\\\\:<>.-]{1,6}",
        "\\PC{1,8}",
        any::<String>().prop_map(|text| text.chars().take(12).collect()),
        select(
            &[
                "İ", "Ⓐb", "ǅ", "ﬁ", "OR", "AND", "NOT", "a..b", "1..2", "-5", "::1", "10.0.0.1",
                "部署", "x.before"
            ][..]
        )
        .prop_map(str::to_owned),
    ]
    .boxed()
}

fn folded() -> BoxedStrategy<String> {
    text()
        .prop_map(|text| fold(&text).into_owned())
        .prop_filter("some value", |text| !text.is_empty())
        .boxed()
}

fn number() -> BoxedStrategy<Number> {
    prop_oneof![
        any::<u64>().prop_map(|number| number.to_string()),
        any::<i32>().prop_map(|number| number.to_string()),
        "-?[0-9]{1,4}(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
    ]
    .prop_map(|text| Number::parse(&text).unwrap())
    .boxed()
}

fn span_of<T: Clone + std::fmt::Debug + 'static>(
    one: impl Strategy<Value = T> + Clone + 'static,
    in_order: fn(&T, &T) -> bool,
) -> impl Strategy<Value = Span<T>> {
    let end = (one.clone(), any::<bool>()).prop_map(|(value, included)| Bound { value, included });
    prop_oneof![
        end.clone().prop_map(|min| Span {
            min: Some(min),
            max: None
        }),
        end.prop_map(|max| Span {
            min: None,
            max: Some(max)
        }),
        (one.clone(), one).prop_filter_map("in order", move |(min, max)| {
            in_order(&min, &max).then(|| Span {
                min: Some(Bound::included(min)),
                max: Some(Bound::included(max)),
            })
        }),
    ]
}

/// Times as a plan has them: the first included, the last not.
fn times() -> impl Strategy<Value = Span<i64>> {
    let last = Micros::from_micros(i64::MAX).as_micros();
    let time = prop_oneof![0..=last, select(vec![0, 1, last - 1, last])];
    span_of(time, |min, max| min <= max).prop_map(|span| Span {
        min: span.min.map(|min| Bound::included(min.value)),
        max: span.max.map(|max| Bound::excluded(max.value + 1)),
    })
}

/// A condition that some text says.
fn leaf() -> impl Strategy<Value = Leaf> {
    let operations: Vec<&str> = ledger::vocabulary::all()
        .map(|operation| operation.name)
        .collect();
    let shorthands = [
        "category:databases",
        "severity:>=warning",
        "severity:info",
        "severity:<=notice",
    ];
    let of = |fields: &[Field]| select(fields.to_vec());
    let sequence = of(&[Field::Seq, Field::ProducerSeq]);
    let time = of(&[Field::Timestamp, Field::Recorded]);
    let prose = of(&[Field::Reason, Field::UserAgent, Field::Text]);
    let keyword = of(&[Field::Project, Field::Changed, Field::Flag]);
    let identifier = of(&[Field::Id, Field::TraceId]);
    let joined = |(field, test)| Leaf { field, test };
    prop_oneof![
        4 => (keyword.clone(), whole()).prop_map(joined),
        2 => (keyword, beginning()).prop_map(joined),
        2 => (identifier, whole()).prop_map(joined),
        4 => (open(), whole()).prop_map(joined),
        2 => (open(), beginning()).prop_map(joined),
        2 => (open(), numbers()).prop_map(joined),
        2 => (sequence, numbers()).prop_map(joined),
        2 => (time, times().prop_map(Test::Time)).prop_map(joined),
        4 => (prose, phrase()).prop_map(joined),
        1 => (Just(Field::Ip), network()).prop_map(joined),
        1 => select(operations).prop_map(move |name| joined((Field::Operation, Test::Is(name.to_owned())))),
        1 => select(shorthands.to_vec()).prop_map(|text| query::parse(text, now()).unwrap().leaves().next().unwrap().clone()),
    ]
}

fn open() -> impl Strategy<Value = Field> {
    let side = select(&[Side::Either, Side::Before, Side::After][..]);
    prop_oneof![
        folded().prop_map(Field::Metadata),
        (folded(), side).prop_map(|(name, side)| Field::Change { name, side }),
        Just(Field::Metadata(String::new())),
    ]
}

fn whole() -> impl Strategy<Value = Test> {
    prop_oneof![
        folded().prop_map(Test::Is),
        prop::collection::vec(folded(), 1..4).prop_map(|values| Test::one_of(values).unwrap()),
        Just(Test::Exists),
    ]
}

fn beginning() -> impl Strategy<Value = Test> {
    folded()
        .prop_filter("outside quotes", |text| {
            let special = |c: char| c.is_whitespace() || "()\"*".contains(c);
            !text.contains(special) && !text.starts_with(['<', '>'])
        })
        .prop_map(Test::StartsWith)
}

fn phrase() -> impl Strategy<Value = Test> {
    let texts = prop::collection::vec(text(), 1..3);
    (texts, any::<bool>()).prop_filter_map("words", |(texts, prefix)| {
        let words: Vec<String> = words(&texts.join(" ")).map(Cow::into_owned).collect();
        let fits = words
            .last()
            .is_some_and(|last| !prefix || last.len() <= WORD_BYTES_MAX);
        fits.then_some(Test::Words { words, prefix })
    })
}

fn numbers() -> impl Strategy<Value = Test> {
    span_of(number(), |min, max| min.compare(max).is_le()).prop_map(Test::Number)
}

fn network() -> impl Strategy<Value = Test> {
    let parts = (any::<std::net::IpAddr>(), 0..=128_u8);
    parts.prop_filter_map("a prefix it can have", |(address, prefix)| {
        Network::parse(&format!("{address}/{prefix}")).map(Test::Within)
    })
}

/// Any filter that some text says, in normal form.
fn filter() -> impl Strategy<Value = Filter> {
    let tree = leaf()
        .prop_map(Filter::Leaf)
        .prop_recursive(5, 20, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::every),
                prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any),
                inner.prop_map(|filter| !filter),
            ]
        });
    prop_oneof![1 => Just(Filter::All), 40 => tree]
}

/// Few values, so that conditions and events meet.
fn value() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "alpha",
            "Alpha beta",
            "beta",
            "5",
            "7.0",
            "10.0.0.1",
            "a1b2c3d4e5f6",
            "gamma_alpha",
            "-1e1",
        ][..],
    )
}

fn known_field() -> impl Strategy<Value = Field> {
    let change = |side| Field::Change {
        name: "role".to_owned(),
        side,
    };
    select(vec![
        Field::Environment,
        Field::Reason,
        Field::Ip,
        Field::ProducerSeq,
        Field::Id,
        Field::Text,
        Field::Metadata("a".to_owned()),
        change(Side::Before),
        change(Side::After),
    ])
}

fn document() -> impl Strategy<Value = Document<'static>> {
    let access = select(&[Access::Open, Access::Restricted][..]);
    let fact = (known_field(), value(), access).prop_map(|(field, text, access)| Fact {
        field,
        text: Cow::Borrowed(text),
        access,
    });
    (
        0..9_u64,
        0..9_i64,
        0..9_i64,
        prop::collection::vec(fact, 0..6),
    )
        .prop_map(|(seq, time, recorded_at, facts)| Document {
            seq,
            time: Micros::from_micros(time * 1_000_000),
            recorded_at: Micros::from_micros(recorded_at * 1_000_000),
            facts,
        })
}

/// Queries about such events.
fn asked() -> impl Strategy<Value = Filter> {
    let condition = (
        select(
            &[
                "env",
                "reason",
                "ip",
                "producer.seq",
                "id",
                "metadata.a",
                "changes.role",
                "changes.role.after",
                "text",
                "seq",
                "timestamp",
            ][..],
        ),
        select(
            &[
                "alpha",
                "beta",
                "al*",
                "\"alpha beta\"",
                "*",
                "5",
                "0..6",
                ">=7",
                "<5",
                "10.0.0.0/24",
                "10.0.0.1",
                "a1b2c3d4e5f6",
                "a1b*",
                "gamma",
                "1970-01-01T00:00:05",
                "<=1970-01-01T00:00:03",
                "(alpha OR beta)",
                "-10..0",
            ][..],
        ),
    );
    let leaf = condition.prop_filter_map("a condition", |(name, value)| {
        query::parse(&format!("{name}:{value}"), now()).ok()
    });
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::every),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any),
            inner.prop_map(|filter| !filter),
        ]
    })
}

/// Pieces that queries are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(
            &[
                " ",
                "(",
                ")",
                "\"",
                "\\",
                "*",
                "-",
                ":",
                "..",
                ">",
                "<=",
                "OR",
                "AND",
                "NOT",
                "a",
                "5",
                "env:",
                "metadata.",
                "changes.",
                "actor:",
                "since:",
                "during:",
                "seq:",
                "ip:",
                "has:",
                "category:",
                "operation:",
                "24h",
                "2026-03",
                "10.0.0.0/8",
                ".before",
                "text:",
                "severity:",
            ][..]
        )
        .prop_map(str::to_owned),
        text(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// One piece over and over, up to the longest query.
fn full() -> impl Strategy<Value = String> {
    let pieces = [
        "(",
        ")",
        "-",
        "\"",
        "\\",
        "\"\\",
        "*",
        ":",
        "a:",
        "a ",
        "-a ",
        "metadata.\"",
        "..",
        "OR ",
        "a OR ",
        "((a) ",
        "İ",
        "env:(",
    ];
    let repeat = |piece: &str| piece.repeat(QUERY_BYTES_MAX / piece.len());
    select(pieces.map(repeat).to_vec())
}

/// Whether a filter other than all is in normal form.
fn is_normal(filter: &Filter) -> bool {
    let members_are = |members: &[Filter], other_kind: fn(&Filter) -> bool| {
        members.len() > 1
            && members
                .iter()
                .all(|member| other_kind(member) && is_normal(member))
    };
    match filter {
        Filter::All => false,
        Filter::And(members) => members_are(members, |member| !matches!(member, Filter::And(_))),
        Filter::Or(members) => members_are(members, |member| !matches!(member, Filter::Or(_))),
        Filter::Not(inner) => !matches!(inner.as_ref(), Filter::Not(_)) && is_normal(inner),
        Filter::Leaf(leaf) => fits(leaf),
    }
}

/// Whether a test is one that the field takes.
fn fits(leaf: &Leaf) -> bool {
    let kind = leaf.field.kind();
    match &leaf.test {
        Test::Exists => kind != Kind::Time && leaf.field != Field::Text,
        Test::Is(value) => {
            matches!(kind, Kind::Keyword | Kind::Identifier | Kind::Open) && *value == fold(value)
        }
        Test::OneOf(values) => {
            matches!(kind, Kind::Keyword | Kind::Identifier | Kind::Open)
                && values.len() > 1
                && values.is_sorted_by(|left, right| left < right)
        }
        Test::StartsWith(value) => {
            matches!(kind, Kind::Keyword | Kind::Open) && *value == fold(value)
        }
        Test::Words { words, .. } => kind == Kind::Prose && !words.is_empty(),
        Test::Number(span) => {
            matches!(kind, Kind::Number | Kind::Open) && (span.min.is_some() || span.max.is_some())
        }
        Test::Time(span) => {
            kind == Kind::Time
                && (span.min.is_some() || span.max.is_some())
                && span.min.as_ref().is_none_or(|min| min.included)
                && span.max.as_ref().is_none_or(|max| !max.included)
        }
        Test::Within(_) => kind == Kind::Address,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_within_it(text in prop_oneof![any::<String>(), soup(), full()]) {
        match query::parse(&text, now()) {
            Ok(filter) => {
                prop_assert!(filter == Filter::All || is_normal(&filter), "{filter:?}");
                prop_assert!(filter.leaves().count() <= LEAVES_MAX);
            }
            Err(error) => {
                let characters = text.chars().count();
                prop_assert!(error.column >= 1 && error.column - 1 + error.length <= characters, "{error:?}");
            }
        }
    }

    #[test]
    fn what_was_read_is_written_and_read_again(text in soup(), later in 0..1_i64 << 50) {
        if let Ok(filter) = query::parse(&text, now()) {
            let written = filter.to_string();
            prop_assume!(written.len() <= QUERY_BYTES_MAX);
            prop_assert_eq!(query::parse(&written, Micros::from_micros(later)), Ok(filter), "{}", written);
        }
    }

    #[test]
    fn every_filter_is_written_and_read_again(filter in filter(), later in 0..1_i64 << 50) {
        let written = filter.to_string();
        let values = |leaf: &Leaf| match &leaf.test {
            Test::OneOf(values) if leaf.field != Field::Operation => values.len(),
            _ => 1,
        };
        prop_assume!(written.len() <= QUERY_BYTES_MAX && filter.leaves().map(values).sum::<usize>() <= LEAVES_MAX);
        prop_assert_eq!(query::parse(&written, Micros::from_micros(later)), Ok(filter), "{}", written);
    }

    #[test]
    fn negation_and_joining_mean_what_logic_says(left in asked(), right in asked(), document in document()) {
        for viewer in [Viewer::Whole, Viewer::WithoutPersons] {
            let holds = |filter: &Filter| matches(filter, &document, viewer);
            let (a, b) = (holds(&left), holds(&right));
            let (both, either) = (left.clone().and(right.clone()), left.clone().or(right.clone()));
            prop_assert_eq!(holds(&both), a && b);
            prop_assert_eq!(holds(&either), a || b);
            prop_assert_eq!(holds(&!left.clone()), !a);
            prop_assert_eq!(holds(&!both), holds(&(!left.clone()).or(!right.clone())));
            prop_assert_eq!(holds(&!either), holds(&(!left.clone()).and(!right.clone())));
            prop_assert_eq!(holds(&left.clone().and(Filter::All)), a);
            prop_assert_eq!(holds(&left.clone().or(Filter::All)), true);
        }
    }

    #[test]
    fn what_may_not_be_searched_is_as_if_it_were_not_there(filter in asked(), document in document()) {
        let mut open = document.clone();
        open.facts.retain(|fact| fact.access == Access::Open);
        prop_assert_eq!(
            matches(&filter, &document, Viewer::WithoutPersons),
            matches(&filter, &open, Viewer::Whole)
        );
    }

    #[test]
    fn a_value_is_found_by_itself_its_beginnings_and_its_words(document in document()) {
        for fact in &document.facts {
            let found = |test| matches(&Filter::leaf(fact.field.clone(), test), &document, Viewer::Whole);
            let value = fold(&fact.text).into_owned();
            prop_assert!(found(Test::Exists));
            prop_assert!(found(Test::Is(value.clone())));
            prop_assert!(found(Test::one_of([value, "other".to_owned()]).unwrap()));
            let words: Vec<String> = words(&fact.text).map(Cow::into_owned).collect();
            let free = Filter::leaf(Field::Text, Test::Words { words, prefix: false });
            prop_assert!(matches(&free, &document, Viewer::Whole) || !fact.counts_as_text());
        }
    }
}
