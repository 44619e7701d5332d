//! The stable codes of refusals, beside those of [`ledger::rejection::Reason::code`] for single events.
//!
//! Promises: a code names what the caller does next and is never given another meaning.

/// No key, or one that is unknown, forged, expired or revoked: all answer alike.
pub const UNAUTHENTICATED: &str = "unauthenticated";
/// The key has not the role that this takes.
pub const FORBIDDEN: &str = "forbidden";
/// Nothing there, or nothing of the caller's.
pub const NOT_FOUND: &str = "not_found";
/// The path knows other methods.
pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
/// Another event has this id in this log and source.
pub const CONFLICT: &str = "conflict";
/// Several sources used this id: choose one with `?source=`.
pub const AMBIGUOUS_ID: &str = "ambiguous_id";
/// The name is taken.
pub const EXISTS: &str = "exists";
/// A query parameter, header or field has no legal value.
pub const BAD_REQUEST: &str = "bad_request";
/// A field of an administrative request has no legal value.
pub const BAD_FIELD: &str = "bad_field";
/// The body, after decompression, is larger than a request may be.
pub const BODY_TOO_LARGE: &str = "body_too_large";
/// More events than a request may hold.
pub const TOO_MANY_EVENTS: &str = "too_many_events";
/// The body ended early or does not decompress.
pub const BAD_BODY: &str = "bad_body";
/// A `Content-Encoding` that is neither `gzip` nor `zstd`.
pub const UNSUPPORTED_ENCODING: &str = "unsupported_encoding";
/// A `Content-Type` that is not JSON.
pub const UNSUPPORTED_TYPE: &str = "unsupported_type";
/// Too many conflicts with this key: they would answer what is stored.
pub const TOO_MANY_CONFLICTS: &str = "too_many_conflicts";
/// The tenant sends more events than it may: send it again after `Retry-After`.
pub const QUOTA_EXCEEDED: &str = "quota_exceeded";
/// As many searches of the tenant are running as may be: search again after `Retry-After`.
pub const TOO_MANY_SEARCHES: &str = "too_many_searches";
/// There are as many tenants as platform keys may bring about.
pub const TOO_MANY_TENANTS: &str = "too_many_tenants";
/// Too much is waiting: send it again after `Retry-After`.
pub const BUSY: &str = "busy";
/// The disk is nearly full: writes wait for room.
pub const DISK_FULL: &str = "disk_full";
/// The server's clock can't be believed: writes wait until it is sane or confirmed.
pub const CLOCK: &str = "clock";
/// Writing stopped after a failed write: the server must be restarted.
pub const STOPPED: &str = "stopped";
/// The server is shutting down.
pub const SHUTTING_DOWN: &str = "shutting_down";
/// The access record of a read could not be made durable, so nothing was read.
pub const ACCESS_NOT_RECORDED: &str = "access_not_recorded";
/// No checkpoint covers the event yet: ask again.
pub const NOT_SIGNED_YET: &str = "not_signed_yet";
/// The request took too long.
pub const TIMEOUT: &str = "timeout";
/// Stored bytes are not what they should be: run `veritrail verify`.
pub const DAMAGED: &str = "damaged";
/// The query can't be read: `column` says where, `detail` what was expected there, `hint` what to do.
pub const BAD_QUERY: &str = "bad_query";
/// The query would have too much to look through: add a time range or a field.
pub const QUERY_TOO_BROAD: &str = "query_too_broad";
/// A cursor or stream id that is not one of this server's for this key, log and query.
pub const BAD_CURSOR: &str = "bad_cursor";
/// A cursor that is too old: search again.
pub const CURSOR_EXPIRED: &str = "cursor_expired";
/// Nothing can be searched at the moment; everything else goes on.
pub const INDEX_UNAVAILABLE: &str = "index_unavailable";
/// As many streams of the tenant are open as may be.
pub const TOO_MANY_STREAMS: &str = "too_many_streams";
/// Our fault; the server's log says more.
pub const INTERNAL: &str = "internal";

/// Every code of this file.
pub const ALL: [&str; 34] = [
    UNAUTHENTICATED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    CONFLICT,
    AMBIGUOUS_ID,
    EXISTS,
    BAD_REQUEST,
    BAD_FIELD,
    BODY_TOO_LARGE,
    TOO_MANY_EVENTS,
    BAD_BODY,
    UNSUPPORTED_ENCODING,
    UNSUPPORTED_TYPE,
    TOO_MANY_CONFLICTS,
    QUOTA_EXCEEDED,
    TOO_MANY_SEARCHES,
    TOO_MANY_TENANTS,
    BUSY,
    DISK_FULL,
    CLOCK,
    STOPPED,
    SHUTTING_DOWN,
    ACCESS_NOT_RECORDED,
    NOT_SIGNED_YET,
    TIMEOUT,
    DAMAGED,
    BAD_QUERY,
    QUERY_TOO_BROAD,
    BAD_CURSOR,
    CURSOR_EXPIRED,
    INDEX_UNAVAILABLE,
    TOO_MANY_STREAMS,
    INTERNAL,
];
