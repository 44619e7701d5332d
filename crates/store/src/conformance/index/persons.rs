//! Persons and secrets: what a reader may not see can't be found out by searching, counting or listing either, and
//! what stands in a secret's place confirms no guess.

use ledger::prepare::Prepared;
use query::{Field, Filter, Side, Test};

use super::Searchable;
use super::asking::{
    Asker, at, change, event, has, house, is, says, starts, store_events, words_of,
};
use crate::conformance::fixture::all_records;
use crate::conformance::{Broken, Verdict, ensure};
use crate::index::{Interval, Order};
use crate::registry::Tenant;

/// Who does it and to whom: everything of a person that an event can say.
struct Person {
    id: &'static str,
    email: &'static str,
    name: &'static str,
    ip: &'static str,
    device: &'static str,
}

const DANA: Person = Person {
    id: "u42",
    email: "dana@acme.example",
    name: "Dana Reyes",
    ip: "198.51.100.23",
    device: "laptop-dana",
};
const KIM: Person = Person {
    id: "k7",
    email: "kim@umbrella.example",
    name: "Kim Soe",
    ip: "2001:db8::7",
    device: "phone-kim",
};

/// Two events by a person, one of them about a person, the other with an address in what everybody may read.
fn life_of(person: &Person, tenant: &Tenant) -> Result<Vec<Prepared>, Broken> {
    let Person {
        id,
        email,
        name,
        ip,
        device,
    } = person;
    let actor = format!(
        r#""actor":{{"type":"user","id":"{id}","email":"{email}","name":"{name}","credential_id":"cred-{id}","on_behalf_of":{{"type":"user","id":"boss-{id}"}}}},"origin":{{"ip":"{ip}","user_agent":"browser of {name}","device":"{device}","session_id":"s-{id}"}}"#
    );
    let (first, second) = (at(0), at(1));
    Ok(vec![
        event(
            tenant,
            &format!(
                r#"{{"id":"p1","timestamp":"{first}","operation":"deployment.created",{actor},"resource":{{"type":"deployment","id":"dpl_1"}},"reason":"asked by {email} from {ip}","changes":[{{"field":"grants.{email}","before":1,"after":5}},{{"field":"{ip}","after":"opened"}}],"metadata":{{"owner":"{email}","host":"{ip}","plain":"kept"}}}}"#
            ),
        )?,
        event(
            tenant,
            &format!(
                r#"{{"id":"p2","timestamp":"{second}","operation":"user.role_changed",{actor},"resource":{{"type":"user","id":"{id}","name":"{name}"}},"changes":[{{"field":"role","before":"viewer of {name}","after":"admin"}}],"reason":"{name} was promoted"}}"#
            ),
        )?,
    ])
}

/// Every way to ask for a person.
fn questions_about(person: &Person) -> Vec<Filter> {
    let Person {
        id,
        email,
        name,
        ip,
        device,
    } = person;
    let folded = name.to_lowercase();
    let mut questions = vec![
        is(Field::ActorId, id),
        starts(Field::ActorId, id.get(..1).unwrap_or_default()),
        is(Field::ActorEmail, email),
        starts(Field::ActorEmail, email.get(..3).unwrap_or_default()),
        is(Field::ActorName, &folded),
        starts(Field::ActorName, folded.get(..2).unwrap_or_default()),
        is(Field::Credential, &format!("cred-{id}")),
        is(Field::OnBehalfOf, &format!("boss-{id}")),
        is(Field::Device, device),
        is(Field::Session, &format!("s-{id}")),
        is(Field::ResourceId, id),
        is(Field::ResourceName, &folded),
        is(Field::Metadata("owner".to_owned()), email),
        is(Field::Metadata("host".to_owned()), ip),
        words_of(Field::UserAgent, name, false),
        words_of(Field::Reason, email, false),
        words_of(Field::Reason, "promoted", false),
        words_of(Field::Text, folded.get(..2).unwrap_or_default(), true),
        is(change("role", Side::After), "admin"),
        starts(change("role", Side::Before), "viewer of"),
        is(Field::Changed, "role"),
        is(Field::Changed, ip),
        is(change(&format!("grants.{email}"), Side::Either), "5"),
        has(change(&format!("grants.{email}"), Side::Before)),
        starts(change(ip, Side::After), "open"),
        says("opened"),
        says(name),
        says(email),
        says(ip),
        says(device),
        has(Field::ActorId),
        has(Field::Ip),
        has(Field::Country),
        has(Field::City),
        starts(Field::Subdivision, ""),
        has(Field::UserAgent),
        has(Field::Changed),
        Filter::leaf(
            Field::ActorEmail,
            Test::OneOf(vec![(*email).to_owned(), "x".to_owned()]),
        ),
    ];
    for network in [(*ip).to_owned(), "0.0.0.0/0".to_owned(), "::/0".to_owned()] {
        let network = query::address::Network::parse(&network);
        questions.extend(network.map(|network| Filter::leaf(Field::Ip, Test::Within(network))));
    }
    questions
}

/// Fields whose values are a person's.
fn fields_of(person: &Person) -> Vec<Field> {
    vec![
        Field::ActorId,
        Field::ActorEmail,
        Field::ActorName,
        Field::Credential,
        Field::OnBehalfOf,
        Field::Ip,
        Field::Country,
        Field::City,
        Field::Device,
        Field::Session,
        Field::Changed,
        change("role", Side::Either),
        change(&format!("grants.{}", person.email), Side::Either),
        change(person.ip, Side::After),
        Field::Metadata("owner".to_owned()),
        Field::Metadata("host".to_owned()),
        Field::ResourceName,
    ]
}

pub(super) async fn readers_without_persons_find_nothing_by_persons(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    store_events(store, log, life_of(&DANA, &tenant)?).await?;
    let whole = Asker::of(store, log);
    let blind = whole.without_persons();
    let v6 = query::address::Network::parse("::/0");
    for question in questions_about(&DANA) {
        // What nobody finds proves nothing; only Dana's address has another version than the last network.
        let never = v6.is_some_and(|v6| question == Filter::leaf(Field::Ip, Test::Within(v6)));
        ensure!(
            never || !whole.found(&question).await?.is_empty(),
            "{question:?} finds nothing for who may see persons"
        );
        blind.finds(&question, &[]).await?;
        blind.finds(&!question.clone(), &["p2", "p1"]).await?;
        let also = question
            .clone()
            .and(is(Field::Operation, "deployment.created"));
        blind.finds(&also, &[]).await?;
        let either = question.or(is(Field::Operation, "deployment.created"));
        blind.finds(&either, &["p1"]).await?;
    }
    for field in fields_of(&DANA) {
        ensure!(
            !whole.values(&field, "").await?.is_empty(),
            "{field:?} has no values for who may see persons"
        );
        blind.lists(&field, &[]).await?;
    }
    for (field, prefix) in [
        (Field::ActorId, "u4"),
        (Field::ActorEmail, "d"),
        (Field::ResourceId, "u"),
    ] {
        let listed = blind.values(&field, prefix).await?;
        ensure!(
            listed.is_empty(),
            "values of {field:?} that begin with {prefix:?} are listed: {listed:?}"
        );
    }
    blind
        .lists(&Field::Metadata("plain".to_owned()), &[("kept", 1)])
        .await?;
    blind.lists(&Field::ResourceId, &[("dpl_1", 1)]).await
}

pub(super) async fn persons_change_nothing_for_readers_without_persons(
    store: &dyn Searchable,
) -> Verdict {
    let (one, of_dana) = house(store, "acme").await?;
    let (two, of_kim) = house(store, "umbrella").await?;
    store_events(store, of_dana, life_of(&DANA, &one)?).await?;
    store_events(store, of_kim, life_of(&KIM, &two)?).await?;
    let askers = [of_dana, of_kim].map(|log| Asker::of(store, log).without_persons());
    let questions: Vec<Filter> = questions_about(&DANA)
        .into_iter()
        .chain(questions_about(&KIM))
        .collect();
    let fields = fields_of(&DANA);
    for question in questions
        .iter()
        .cloned()
        .chain(questions.iter().cloned().map(|question| !question))
    {
        let mut answers = Vec::new();
        for asker in &askers {
            let mut counted = Vec::new();
            for fields in fields.chunks(crate::index::TOP_FIELDS_MAX) {
                counted.push(
                    asker
                        .count(&question, Some(Interval::Micros(1)), fields)
                        .await?,
                );
            }
            answers.push((asker.found(&question).await?, counted));
        }
        ensure!(
            matches!(&answers[..], [left, right] if left == right),
            "two logs that differ in persons alone answer {question:?} differently: {answers:?}"
        );
    }
    for field in &fields {
        for prefix in ["", "d", "k", "u", "1", "2"] {
            let [left, right] = &askers;
            ensure!(
                left.values(field, prefix).await? == right.values(field, prefix).await?,
                "two logs that differ in persons alone list different values of {field:?}"
            );
        }
    }
    Ok(())
}

/// A change of an environment variable, which is masked whatever its shape.
const SECRET: &str = "swordfish";

fn with_secret(tenant: &Tenant, id: &str) -> Result<Prepared, Broken> {
    let time = at(0);
    event(
        tenant,
        &format!(
            r#"{{"id":"{id}","timestamp":"{time}","operation":"environment_variable.updated","actor":{{"id":"42"}},"resource":{{"type":"environment_variable","id":"var_1","name":"GREETING"}},"changes":[{{"field":"value","before":null,"after":"{SECRET}"}}],"metadata":{{"password":"{SECRET}","note":"password={SECRET} is set"}}}}"#
        ),
    )
}

/// The masks that stand in the stored details.
fn masks(details: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(details);
    let pieces = text.split("[masked:").skip(1);
    let ends = pieces.filter_map(|rest| rest.split_once(']'));
    ends.map(|(inside, _)| inside.to_owned()).collect()
}

pub(super) async fn a_masks_tag_is_never_found(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    store_events(store, log, vec![with_secret(&tenant, "s1")?]).await?;
    let records = all_records(store, log).await?;
    let details = records.last().and_then(|record| record.details.as_deref());
    let masks = masks(details.unwrap_or_default());
    ensure!(
        masks.len() >= 3,
        "the change, the password and the note are masked; there are {} masks",
        masks.len()
    );
    let asker = Asker::of(store, log);
    let value = change("value", Side::Either);
    let password = Field::Metadata("password".to_owned());
    for guess in [SECRET.to_owned(), SECRET.to_uppercase()] {
        for filter in [
            says(&guess),
            words_of(Field::Text, guess.get(..3).unwrap_or_default(), true),
            is(value.clone(), &guess.to_lowercase()),
            is(password.clone(), &guess.to_lowercase()),
            starts(value.clone(), &guess.to_lowercase()),
        ] {
            asker.finds(&filter, &[]).await?;
        }
    }
    for inside in &masks {
        let mask = format!("[masked:{inside}]").to_lowercase();
        let tag = inside.rsplit(':').next().unwrap_or_default();
        let tail: String = tag
            .chars()
            .rev()
            .take(8)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        let mut filters = vec![
            is(value.clone(), &mask),
            is(password.clone(), &mask),
            starts(value.clone(), "[masked:"),
            says(&mask),
        ];
        let searchable = [tag, tail.as_str(), inside.as_str(), "hmac-sha256"];
        let texts = searchable
            .into_iter()
            .filter(|text| query::words::words(text).next().is_some());
        filters.extend(texts.map(says));
        for filter in filters {
            asker.finds(&filter, &[]).await?;
        }
    }
    // That something was masked is no secret.
    asker.finds(&is(value, "[masked]"), &["s1"]).await?;
    asker.finds(&is(password, "[masked]"), &["s1"]).await?;
    asker.finds(&says("masked"), &["s1"]).await?;
    asker.finds(&is(Field::Flag, "masked"), &["s1"]).await
}

pub(super) async fn a_masks_tag_is_never_listed(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let events = ["s1", "s2"].map(|id| with_secret(&tenant, id));
    for event in events {
        store_events(store, log, vec![event?]).await?;
    }
    let asker = Asker::of(store, log);
    for field in [
        change("value", Side::Either),
        change("value", Side::After),
        Field::Metadata("password".to_owned()),
    ] {
        asker.lists(&field, &[("[masked]", 2)]).await?;
        for prefix in ["[masked:", SECRET] {
            let listed = asker.values(&field, prefix).await?;
            ensure!(
                listed.is_empty(),
                "values of {field:?} that begin with {prefix:?} are listed: {listed:?}"
            );
        }
    }
    // Nor is the order of results one that tags decide.
    let found = asker.found_in(&says("masked"), Order::Oldest).await?;
    ensure!(
        found == ["s1", "s2"],
        "masked events are found as {found:?}"
    );
    Ok(())
}
