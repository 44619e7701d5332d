//! The real binary, from outside: what it prints where, and with which code it ends.
//!
//! One test binary for all of it, because each would link the whole product.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests may fail loudly, and write files that need not survive a power cut"
)]

mod anchors;
mod certificates;
mod cluster;
mod command;
mod demo;
mod dishonest_server;
mod doctor;
mod exporting;
mod generated;
mod guarded;
mod help;
mod importing;
mod importing_cloudtrail;
mod importing_files;
mod importing_tables;
mod keys_and_tenants;
mod listing;
mod mirror;
mod narrow;
mod offline;
mod places;
mod progress;
mod proofs;
mod refused;
mod relay;
mod running;
mod screen;
mod signing_in;
mod sources;
mod stats_and_state;
mod tailing;
mod talking;
mod tls;
mod verifying_data;
