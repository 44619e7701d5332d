//! The store contract, the in-memory store and the conformance suite
