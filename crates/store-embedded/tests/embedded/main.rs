//! The embedded store on bad days: crashes at every sync point, broken disks, wrong clocks, dishonest administrators.
//!
//! One binary, one topic a file. Each test says which error must come; a test that can't fail is a defect.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]
#![expect(
    clippy::print_stdout,
    reason = "how many crashes, flips and rounds there were"
)]
#![expect(clippy::cast_possible_truncation, reason = "small numbers of tests")]

mod admin;
mod blocks;
mod clock;
mod closing;
mod conformance;
mod crash;
mod disk;
mod fairness;
mod flips;
mod forger;
mod life;
mod places;
mod query_cases;
mod query_pairs;
mod registry;
mod running;
mod scene;
mod search;
mod search_damage;
mod search_fairness;
mod site;
mod witness;
