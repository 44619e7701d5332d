//! How often people may try to sign in: from one address, and altogether.
//!
//! Promises: whoever tries keys or codes by the thousand is slowed down, and memory is bounded however many addresses
//! they have. An address of this machine is a proxy's: behind it everybody would be one, so only the sum counts. Must
//! never: keep an address longer than it takes to forget its attempts.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Attempts of one address before it has to wait, and how long one is remembered, in microseconds.
const ONE: Rate = Rate {
    burst: 30,
    micros_each: 2_000_000,
};
/// The same of all addresses together.
const ALL: Rate = Rate {
    burst: 600,
    micros_each: 100_000,
};
/// Addresses that are remembered. Beyond it, new ones are counted in the sum alone.
const ADDRESSES_MAX: usize = 8_192;

#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: i64,
    micros_each: i64,
}

/// The address that a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Attempts of late.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<Counted>);

/// When each bucket will be empty again, on the monotonic clock.
#[derive(Debug, Default)]
struct Counted {
    all: i64,
    by_address: BTreeMap<IpAddr, i64>,
}

impl Attempts {
    /// Counts one; if it is one too many, in how many seconds there may be another.
    pub(crate) fn take(&self, peer: Option<Peer>, now: i64) -> Result<(), u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Counted { all, by_address } = &mut *counted;
        // An address that must wait does not use up what everybody has.
        if let Some(address) = peer.and_then(Peer::counted) {
            if by_address.len() >= ADDRESSES_MAX {
                by_address.retain(|_, until| *until > now);
            }
            if by_address.len() < ADDRESSES_MAX || by_address.contains_key(&address) {
                ONE.take(by_address.entry(address).or_insert(now), now)?;
            }
        }
        ALL.take(all, now)
    }
}

impl Rate {
    fn take(self, until: &mut i64, now: i64) -> Result<(), u64> {
        let next = (*until).max(now) + self.micros_each;
        let over = next - now - self.burst * self.micros_each;
        if over > 0 {
            return Err(u64::try_from(over).unwrap_or(1).div_ceil(1_000_000));
        }
        *until = next;
        Ok(())
    }
}

impl Peer {
    /// The address as it is counted: of IPv6 the network that one customer has.
    fn counted(self) -> Option<IpAddr> {
        let address = self.0.to_canonical();
        if address.is_loopback() {
            return None;
        }
        Some(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(six) => {
                let [a, b, c, d, ..] = six.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        Peer(address.parse().unwrap())
    }

    #[test]
    fn an_address_waits_after_its_burst_and_another_does_not() {
        let attempts = Attempts::default();
        for _ in 0..ONE.burst {
            attempts.take(Some(peer("2001:db8::1")), 0).unwrap();
        }
        assert_eq!(attempts.take(Some(peer("2001:db8::2")), 0), Err(2));
        assert_eq!(attempts.take(Some(peer("2001:db8:0:1::1")), 0), Ok(()));
        assert_eq!(attempts.take(Some(peer("2001:db8::1")), 2_000_000), Ok(()));
    }

    #[test]
    fn all_together_wait_after_theirs_and_memory_is_bounded() {
        let attempts = Attempts::default();
        let mut refused = 0;
        for host in 0..20_000_u32 {
            let address = IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + host));
            refused += u32::from(attempts.take(Some(Peer(address)), 0).is_err());
        }
        assert_eq!(refused, 20_000 - 600);
        assert!(attempts.0.lock().unwrap().by_address.len() <= ADDRESSES_MAX);
        // Through a proxy on this machine, everybody is counted together.
        let attempts = Attempts::default();
        for _ in 0..ALL.burst {
            attempts.take(Some(peer("127.0.0.1")), 0).unwrap();
        }
        assert_eq!(attempts.take(Some(peer("127.0.0.1")), 0), Err(1));
    }
}
