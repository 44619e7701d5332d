//! The embedded store on bad days: crashes at every sync point, broken disks, wrong clocks, dishonest administrators.
//!
//! One binary, one topic a file. Each test says which error must come; a test that can't fail is a defect.
#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

mod admin;
mod blocks;
mod clock;
mod conformance;
mod crash;
mod disk;
mod flips;
mod life;
mod running;
mod site;
mod witness;
