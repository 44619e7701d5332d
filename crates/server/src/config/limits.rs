//! Bounds that operators may move, within those of `ledger::limits`.

use super::setting::{Setting, whole};

/// Bounds of the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Request bodies held in memory at once, in bytes.
    pub queue_bytes: u64,
    /// Requests in flight at once.
    pub concurrent_requests: usize,
    /// Open connections.
    pub connections: usize,
    /// How long a client may take to send a request's head, in seconds.
    pub header_timeout_seconds: u64,
    /// How long a request may take, its body included, in seconds.
    pub request_timeout_seconds: u64,
    /// How long running requests may take to end at shutdown, in seconds.
    pub shutdown_seconds: u64,
    /// Below so many free bytes, writes are refused.
    pub reserve_disk_bytes: u64,
    /// Events that each tenant may send in a second; none for no quota.
    pub tenant_events_per_second: u64,
    /// Events that each tenant may send at once.
    pub tenant_burst_events: u64,
    /// Searches of each tenant at once.
    pub tenant_searches: usize,
    /// Streams of each tenant at once.
    pub tenant_streams: usize,
    /// Events that one question about deployments looks at.
    pub deployment_events: usize,
    /// Tenants that platform keys may bring about.
    pub tenants: usize,
}

const MIB: u64 = 1024 * 1024;

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            queue_bytes: 64 * MIB,
            concurrent_requests: 1_024,
            connections: 4_096,
            header_timeout_seconds: 10,
            request_timeout_seconds: 60,
            shutdown_seconds: 30,
            reserve_disk_bytes: 256 * MIB,
            tenant_events_per_second: 0,
            tenant_burst_events: 10_000,
            tenant_searches: 8,
            tenant_streams: 64,
            deployment_events: 50_000,
            tenants: 100_000,
        }
    }
}

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        name: "limits.queue_bytes",
        default: "67108864",
        bounds: "33554432 (32 MiB) to 4294967296 (4 GiB) bytes",
        meaning: "Request bodies held in memory at once, decompressed. Beyond it requests are answered 503 with \
                  Retry-After. A tenant holds at most three times what is left free: three quarters when it is alone, \
                  less when others hold some.",
        apply: |config, value| {
            config.limits.queue_bytes = whole(value, 32 * MIB..=4_096 * MIB)?;
            Some(())
        },
    },
    Setting {
        name: "limits.concurrent_requests",
        default: "1024",
        bounds: "1 to 65536",
        meaning: "Requests in flight at once. Beyond it requests are answered 503 with Retry-After. A tenant has at \
                  most three times what is left free: three quarters when it is alone, less when others have some.",
        apply: |config, value| {
            config.limits.concurrent_requests = whole(value, 1..=65_536)?;
            Some(())
        },
    },
    Setting {
        name: "limits.connections",
        default: "4096",
        bounds: "1 to 65536",
        meaning: "Open connections. Beyond it new ones wait in the system's queue.",
        apply: |config, value| {
            config.limits.connections = whole(value, 1..=65_536)?;
            Some(())
        },
    },
    Setting {
        name: "limits.header_timeout_seconds",
        default: "10",
        bounds: "1 to 600 seconds",
        meaning: "How long a client may take to send a request's head, and an idle connection is kept.",
        apply: |config, value| {
            config.limits.header_timeout_seconds = whole(value, 1..=600)?;
            Some(())
        },
    },
    Setting {
        name: "limits.request_timeout_seconds",
        default: "60",
        bounds: "1 to 3600 seconds",
        meaning: "How long a request may take, its body included.",
        apply: |config, value| {
            config.limits.request_timeout_seconds = whole(value, 1..=3_600)?;
            Some(())
        },
    },
    Setting {
        name: "limits.shutdown_seconds",
        default: "30",
        bounds: "0 to 3600 seconds",
        meaning: "How long running requests may take to end at shutdown.",
        apply: |config, value| {
            config.limits.shutdown_seconds = whole(value, 0..=3_600)?;
            Some(())
        },
    },
    Setting {
        name: "limits.reserve_disk_bytes",
        default: "268435456",
        bounds: "0 to 1099511627776 (1 TiB) bytes",
        meaning: "Below so many free bytes where the data lies, writes are refused, so that access records and packing \
                  keep room.",
        apply: |config, value| {
            config.limits.reserve_disk_bytes = whole(value, 0..=1_024 * 1_024 * MIB)?;
            Some(())
        },
    },
    Setting {
        name: "limits.tenant_events_per_second",
        default: "0",
        bounds: "0 to 1000000",
        meaning: "Events that each tenant may send in a second, over time; those that are refused or known already count \
                  too. Beyond it requests are answered 429 with Retry-After, RateLimit and RateLimit-Policy. 0 for no \
                  quota: tenants still share fairly what there is.",
        apply: |config, value| {
            config.limits.tenant_events_per_second = whole(value, 0..=1_000_000)?;
            Some(())
        },
    },
    Setting {
        name: "limits.tenant_burst_events",
        default: "10000",
        bounds: "1 to 100000000",
        meaning: "Events that each tenant may send at once before limits.tenant_events_per_second holds it back. A larger \
                  batch is taken when so many are there, and the tenant waits for the rest afterwards.",
        apply: |config, value| {
            config.limits.tenant_burst_events = whole(value, 1..=100_000_000)?;
            Some(())
        },
    },
    Setting {
        name: "limits.tenant_searches",
        default: "8",
        bounds: "1 to 10000",
        meaning: "Searches of each tenant that run at once. Beyond it they are answered 429 with Retry-After.",
        apply: |config, value| {
            config.limits.tenant_searches = whole(value, 1..=10_000)?;
            Some(())
        },
    },
    Setting {
        name: "limits.tenant_streams",
        default: "64",
        bounds: "1 to 10000",
        meaning: "Streams of each tenant that are open at once. Beyond it they are answered 429 with Retry-After.",
        apply: |config, value| {
            config.limits.tenant_streams = whole(value, 1..=10_000)?;
            Some(())
        },
    },
    Setting {
        name: "limits.deployment_events",
        default: "50000",
        bounds: "1000 to 1000000",
        meaning: "Events that one question about deployments looks at, the latest first. Beyond it the answer says how far \
                  back it goes.",
        apply: |config, value| {
            config.limits.deployment_events = whole(value, 1_000..=1_000_000)?;
            Some(())
        },
    },
    Setting {
        name: "limits.tenants",
        default: "100000",
        bounds: "0 to 1000000",
        meaning: "Tenants, the instance's own among them, up to which platform keys make new ones. Operators may make \
                  more.",
        apply: |config, value| {
            config.limits.tenants = whole(value, 0..=1_000_000)?;
            Some(())
        },
    },
];
