//! The embedded store: journal, packs, state file
