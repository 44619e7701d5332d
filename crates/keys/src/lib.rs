//! Durable file I/O, the master secret, tenant keys and the signer
