//! The suite every store passes: each line of [`crate::contract`] as cases with names.
//!
//! Promises: a case looks at a store through [`LedgerStore`] alone, gets a fresh one, and says in words what was not
//! kept; no runtime is needed (a case that wants threads makes its own and joins them). What only a restart shows is
//! in [`reopening`], what is found in [`index`] and [`query_cases`]; durability itself is proved by each store with its
//! own crashes. Must never: know an engine.

mod at_once;
mod closing;
mod fixture;
mod growing;
mod heads;
pub mod index;
mod isolation;
mod once;
mod order;
pub mod places;
pub mod query_cases;
mod reading;
mod registry;
pub mod reopening;
mod signing;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::contract::LedgerStore;
use crate::error::StoreError;

/// What a store did not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(String);

impl Broken {
    /// A promise that was not kept, in words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        let mut text = format!("a call that must succeed did not: {error}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self(text)
    }
}

/// Whether a case held.
pub type Verdict = Result<(), Broken>;

/// A case on its way.
pub type Trial = Pin<Box<dyn Future<Output = Verdict> + Send>>;

/// One promise and the way to test it.
#[derive(Clone, Copy)]
pub struct Case {
    /// What is promised.
    pub name: &'static str,
    trial: fn(Arc<dyn LedgerStore>) -> Trial,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Case {
    /// Tries a store that was just made.
    pub fn run(&self, store: Arc<dyn LedgerStore>) -> Trial {
        (self.trial)(store)
    }
}

/// Cases that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(pub Vec<(&'static str, Broken)>);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cases failed", self.0.len())?;
        for (name, broken) in &self.0 {
            write!(f, "\n{name}: {broken}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failed {}

/// Runs every case, each on a store of its own.
pub async fn run(make: impl AsyncFn() -> Arc<dyn LedgerStore>) -> Result<(), Failed> {
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
        pub const CASES: &[Case] = &[
            $($(Case {
                name: stringify!($name),
                trial: |store| Box::pin(async move { $room::$name(&*store).await }),
            },)*)*
        ];
    };
}

cases! {
    order:
        every_log_begins_with_its_own_entry_0
        the_instance_log_records_the_beginning_of_the_instances_logs
        a_batch_gets_consecutive_places_in_its_order
        our_time_never_decreases_within_a_log
        what_is_acknowledged_is_found_at_once
        records_hold_what_was_prepared
        an_empty_batch_changes_nothing;
    once:
        an_event_sent_again_answers_the_stored_receipt
        an_event_twice_in_one_batch_is_stored_once
        another_content_under_a_known_id_is_a_conflict
        a_conflict_harms_no_other_event_and_replaces_nothing
        ids_are_of_their_source
        ids_are_of_their_log
        events_without_ids_are_never_repetitions
        the_same_event_256_times_at_once_is_stored_once
        one_id_with_256_contents_at_once_is_stored_once
        many_batches_at_once_are_all_stored_in_one_order
        a_dropped_answer_undoes_nothing_and_doubles_nothing;
    isolation:
        a_log_is_read_and_written_through_its_own_tenant_only
        one_tenants_log_shows_nothing_of_another
        tenants_keys_are_their_own
        what_does_not_exist_is_not_found;
    registry:
        a_tenant_is_found_by_id_name_and_list
        a_taken_name_changes_nothing
        the_same_name_at_once_makes_one_tenant
        a_key_is_found_by_id_and_tenant
        a_platform_key_is_found_by_id_and_among_its_own
        a_taken_key_or_missing_tenant_changes_nothing
        a_revoked_key_is_kept_with_its_end
        a_tenants_settings_change_one_revision_at_a_time
        records_of_a_change_land_in_their_logs
        a_change_whose_record_has_no_log_is_not_made;
    signing:
        every_checkpoint_is_signed_over_the_records
        every_checkpoint_extends_the_one_before
        every_entry_is_proven_to_be_included
        a_covered_entry_is_answered_without_waiting
        manifests_of_exports_are_signed_and_nothing_else;
    reading:
        ranges_of_records_are_cut_at_their_edges
        nodes_are_the_hashes_of_complete_subtrees
        incomplete_subtrees_are_not_found
        ids_are_found_whole_and_across_sources;
    heads:
        changed_heads_are_recorded_with_size_and_root
        unchanged_heads_are_not_recorded_again
        a_heartbeat_is_recorded_when_nothing_changed;
    growing:
        growth_that_was_is_answered_at_once
        who_waits_for_growth_is_answered_when_it_comes
        who_waits_for_growth_is_told_of_the_end;
    closing:
        a_closed_store_takes_no_more_writes
        closing_signs_what_was_acknowledged;
}

/// Ends a case with words unless a promise held.
macro_rules! ensure {
    ($held:expr, $($words:tt)+) => {
        if !$held {
            return Err($crate::conformance::Broken::new(format!($($words)+)));
        }
    };
}
use ensure;
