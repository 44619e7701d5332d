//! The service through its front door, over a store in memory: what is accepted, what is refused and how, who may do
//! what, and what each read leaves behind.
#![expect(
    clippy::unwrap_used,
    reason = "clippy knows functions of tests by their attribute only, not their helpers"
)]

mod access;
mod access_page;
mod accounts;
mod actor_page;
mod administration;
mod bodies;
mod bombs;
mod browsers;
mod care;
mod changes_page;
mod counting;
mod deployments;
mod deployments_page;
mod documented;
mod event_page;
mod events;
mod exporting;
mod faulty;
mod input;
mod keys;
mod kubernetes;
mod octokit;
mod paging;
mod places;
mod platform;
mod producers;
mod proofs;
mod provider;
mod quotas;
mod read_back;
mod reviews;
mod roles;
mod search_page;
mod searching;
mod serving;
mod settings;
mod signing_in;
mod sources;
mod state;
mod streaming;
mod support;
mod timing;
mod verifying;
mod visitor;
