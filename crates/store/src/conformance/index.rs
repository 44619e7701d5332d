//! The index half of the suite: each line of [`crate::index`] as cases with names.
//!
//! Promises: a case looks at a store through [`LedgerStore`] and [`EventIndex`] alone, gets a fresh one, and says in
//! words what was not kept. What a query means is in the shared query cases ([`super::query_cases`]); here is what must
//! hold of every query. Stores are made with [`super::places::ExamplePlaces`]. Must never: know an engine, or what it has in memory and what on disk.

mod asking;
mod counting;
mod finding;
mod isolation;
mod listing;
mod located;
mod paging;
mod persons;
mod producers;
mod rebuilding;

use std::fmt;
use std::sync::Arc;

use super::{Failed, Trial};
use crate::contract::LedgerStore;
use crate::index::EventIndex;

pub use rebuilding::await_rebuild;

/// A store whose events can be found.
pub trait Searchable: LedgerStore + EventIndex {}

impl<T: LedgerStore + EventIndex + ?Sized> Searchable for T {}

/// One promise and the way to test it.
#[derive(Clone, Copy)]
pub struct IndexCase {
    /// What is promised.
    pub name: &'static str,
    trial: fn(Arc<dyn Searchable>) -> Trial,
}

impl fmt::Debug for IndexCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl IndexCase {
    /// Tries a store that was just made.
    pub fn run(&self, store: Arc<dyn Searchable>) -> Trial {
        (self.trial)(store)
    }
}

/// Runs every case, each on a store of its own.
pub async fn run(make: impl AsyncFn() -> Arc<dyn Searchable>) -> Result<(), Failed> {
    let mut failed = Vec::new();
    for case in CASES {
        let store = make().await;
        if let Err(broken) = case.run(store).await {
            failed.push((case.name, broken));
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        Err(Failed(failed))
    }
}

macro_rules! cases {
    ($($room:ident: $($name:ident)*;)*) => {
        /// Every case, by the part of the contract it is about.
        pub const CASES: &[IndexCase] = &[
            $($(IndexCase {
                name: stringify!($name),
                trial: |store| Box::pin(async move { $room::$name(&*store).await }),
            },)*)*
        ];
    };
}

cases! {
    finding:
        an_event_is_found_as_soon_as_it_is_acknowledged
        what_the_evaluator_accepts_is_found_and_nothing_else
        entry_0_is_never_found
        a_hit_is_the_stored_record
        questions_at_once_with_writes_are_answered_in_full;
    paging:
        equal_times_are_in_the_order_of_the_log
        pages_of_every_size_join_to_the_whole_while_writes_go_on
        nothing_at_or_beyond_the_size_is_found
        oldest_first_is_newest_first_backwards
        a_search_goes_on_from_any_place
        limits_of_pages_are_clamped;
    isolation:
        tenants_of_equal_content_never_see_each_other
        places_of_another_tenant_lead_nowhere
        an_index_is_asked_through_its_own_tenant_only
        events_of_the_access_log_are_found_in_it_only;
    persons:
        readers_without_persons_find_nothing_by_persons
        persons_change_nothing_for_readers_without_persons
        a_masks_tag_is_never_found
        a_masks_tag_is_never_listed;
    counting:
        counts_are_those_counted_by_hand
        buckets_begin_on_their_edges_and_hold_them
        an_empty_answer_counts_nothing
        an_event_counts_once_for_a_value_that_it_has_twice
        limits_of_counts_are_clamped;
    listing:
        values_are_listed_by_their_beginning_most_frequent_first
        values_that_are_matched_whole_are_not_listed
        limits_of_lists_are_clamped;
    producers:
        producers_are_accounted_for_by_hand
        more_gaps_than_are_listed_are_counted
        producers_that_name_persons_are_accounted_for_without_names;
    located:
        events_are_found_by_where_their_address_is
        who_sees_no_address_finds_nobody_by_its_place;
    rebuilding:
        a_rebuilt_index_answers_the_same;
}
