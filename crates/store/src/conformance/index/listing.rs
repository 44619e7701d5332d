//! Listing: the values that a field has, for completion.

use query::limits::VALUE_BYTES_MAX;
use query::{Field, Side, Viewer};

use super::Searchable;
use super::asking::{Asker, at, change, deployment, event, house, is, same, starts, store_events};
use crate::conformance::{Verdict, ensure};
use crate::index::VALUES_MAX;

pub(super) async fn values_are_listed_by_their_beginning_most_frequent_first(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let names = [
        "web", "Worker", "worker", "WEB", "web", "webhook", "wéb", "api", "api", "z",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let more = format!(r#","context":{{"service":"{name}"}},"metadata":{{"Team":"{name}"}}"#);
        let event = deployment(&tenant, &format!("e{number}"), at(0), &more)?;
        store_events(store, log, vec![event]).await?;
    }
    let asker = Asker::of(store, log);
    let all = [
        ("web", 3),
        ("api", 2),
        ("worker", 2),
        ("webhook", 1),
        ("wéb", 1),
        ("z", 1),
    ];
    for field in [Field::Service, Field::Metadata("team".to_owned())] {
        asker.lists(&field, &all).await?;
        for (prefix, expect) in [
            (
                "w",
                vec![("web", 3), ("worker", 2), ("webhook", 1), ("wéb", 1)],
            ),
            ("we", vec![("web", 3), ("webhook", 1)]),
            ("WE", vec![("web", 3), ("webhook", 1)]),
            ("web", vec![("web", 3), ("webhook", 1)]),
            ("webh", vec![("webhook", 1)]),
            ("wé", vec![("wéb", 1)]),
            ("webhooks", vec![]),
            ("eb", vec![]),
            ("zz", vec![]),
        ] {
            let listed = asker.values(&field, prefix).await?;
            ensure!(
                same(&listed, &expect),
                "values of {field:?} from {prefix:?} are {listed:?}, not {expect:?}"
            );
        }
        let two = store.values(log, &field, "w", Viewer::Whole, 2).await?;
        ensure!(
            two.iter()
                .map(|value| value.value.as_str())
                .eq(["web", "worker"]),
            "the two most frequent values from w are {two:?}"
        );
    }
    asker
        .lists(&Field::Operation, &[("deployment.created", 10)])
        .await?;
    asker.lists(&Field::ActorType, &[("user", 10)]).await?;
    asker.lists(&Field::Source, &[("api", 10)]).await?;
    asker.lists(&Field::Region, &[]).await?;
    asker.lists(&Field::Metadata("te".to_owned()), &[]).await?;
    asker.lists(&change("team", Side::Either), &[]).await
}

pub(super) async fn values_that_are_matched_whole_are_not_listed(
    store: &dyn Searchable,
) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let longest = "n".repeat(VALUE_BYTES_MAX);
    let longer = format!("{longest}n");
    let text = |id: &str, name: &str, commit: &str| {
        format!(
            r#"{{"id":"{id}","operation":"deployment.created","actor":{{}},"resource":{{"type":"deployment","name":"{name}"}},"metadata":{{"commit":"{commit}"}}}}"#
        )
    };
    let events = vec![
        event(&tenant, &text("e1", &longest, "main"))?,
        event(
            &tenant,
            &text("e2", &longer, "9fceb02d0ae598e95dc970b74767f19372d61af8"),
        )?,
    ];
    store_events(store, log, events).await?;
    let asker = Asker::of(store, log);
    let commit = Field::Metadata("commit".to_owned());
    asker.lists(&commit, &[("main", 1)]).await?;
    asker
        .lists(&Field::ResourceName, &[(longest.as_str(), 1)])
        .await?;
    // They are found all the same: whole, and keywords by their beginning, as long as it may be.
    asker
        .finds(&is(Field::ResourceName, &longer), &["e2"])
        .await?;
    for beginning in ["nnn", &longest] {
        asker
            .finds(&starts(Field::ResourceName, beginning), &["e2", "e1"])
            .await?;
    }
    asker
        .finds(&starts(Field::ResourceName, &longer), &["e2"])
        .await?;
    asker
        .finds(&starts(Field::ResourceName, &format!("{longer}n")), &[])
        .await?;
    asker
        .finds(
            &is(commit.clone(), "9fceb02d0ae598e95dc970b74767f19372d61af8"),
            &["e2"],
        )
        .await?;
    asker.finds(&starts(commit, "9fceb02d0ae"), &[]).await
}

pub(super) async fn limits_of_lists_are_clamped(store: &dyn Searchable) -> Verdict {
    let (tenant, log) = house(store, "acme").await?;
    let count = VALUES_MAX + 5;
    for first in (0..count).step_by(335) {
        let mut events = Vec::new();
        for number in first..count.min(first + 335) {
            let more = format!(r#","context":{{"service":"svc{number}"}}"#);
            events.push(deployment(&tenant, &format!("e{number}"), at(0), &more)?);
        }
        store_events(store, log, events).await?;
    }
    for (limit, expect) in [
        (0, 0),
        (1, 1),
        (VALUES_MAX, VALUES_MAX),
        (usize::MAX, VALUES_MAX),
    ] {
        let listed = store
            .values(log, &Field::Service, "svc", Viewer::Whole, limit)
            .await?;
        ensure!(
            listed.len() == expect,
            "of {count} values at most {limit} are {}",
            listed.len()
        );
    }
    Ok(())
}
