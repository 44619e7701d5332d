//! Wire types and error codes
