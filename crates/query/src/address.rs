//! Networks of addresses: what `ip:` looks for.
//!
//! Promises: an IPv4 address that is written as an IPv6 one (`::ffff:10.0.0.1`) is the IPv4 address; a network holds
//! addresses of its own version only, and its address has no bit set behind its prefix.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Every address that begins with the same bits; a single address, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    /// The first address.
    first: IpAddr,
    /// How many leading bits count: at most 32 or 128.
    prefix: u8,
}

/// Reads an address; IPv4 written as IPv6 becomes IPv4.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address. Bits behind the prefix are cleared.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            return address(text).map(Self::single);
        };
        let digits =
            (1..=3).contains(&prefix.len()) && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix.parse().ok().filter(|_| digits)?;
        match address.parse().ok()? {
            IpAddr::V6(v6) => match v6.to_ipv4_mapped().zip(prefix.checked_sub(96)) {
                Some((v4, prefix)) => Self::new(IpAddr::V4(v4), prefix),
                None => Self::new(IpAddr::V6(v6), prefix),
            },
            v4 @ IpAddr::V4(_) => Self::new(v4, prefix),
        }
    }

    /// The network of one address.
    pub fn single(address: IpAddr) -> Self {
        let first = address.to_canonical();
        Self {
            first,
            prefix: bits(first),
        }
    }

    fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let behind = u32::from(bits(address).checked_sub(prefix)?);
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(behind).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(behind).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        };
        Some(Self { first, prefix })
    }

    /// The first address.
    pub fn first(self) -> IpAddr {
        self.first
    }

    /// The last address.
    pub fn last(self) -> IpAddr {
        let prefix = u32::from(self.prefix);
        match self.first {
            IpAddr::V4(v4) => {
                let behind = u32::MAX.checked_shr(prefix).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() | behind))
            }
            IpAddr::V6(v6) => {
                let behind = u128::MAX.checked_shr(prefix).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() | behind))
            }
        }
    }

    /// How many leading bits count.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether an address is in the network.
    pub fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // Addresses are in order within their version, and every IPv4 address is below every IPv6 one.
        self.first <= address && address <= self.last()
    }
}

/// How many bits an address of this version has.
fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == bits(self.first) {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.prefix)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_print_without_the_bits_behind_their_prefix() {
        for (text, expect) in [
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/0", "0.0.0.0/0"),
            ("2001:DB8::1/32", "2001:db8::/32"),
            ("::1", "::1"),
            ("::/0", "::/0"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
            ("::ffff:0:0/96", "0.0.0.0/0"),
            ("::ffff:0:0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(Network::parse(text).unwrap().to_string(), expect, "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "10",
            "10.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/008a",
            "::/129",
            "10.0.0.0/8/8",
            "fe80::1%eth0",
            "10.0.0.01",
            " 10.0.0.1",
            "localhost",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_ipv4_address_is_one_however_it_is_written() {
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert!(address("10.0.0.1").unwrap().is_ipv4());
    }

    #[test]
    fn a_network_holds_what_begins_with_its_bits() {
        let holds = |network: &str, text: &str| {
            Network::parse(network)
                .unwrap()
                .contains(text.parse().unwrap())
        };
        assert!(holds("10.0.0.0/8", "10.255.255.255"));
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
        assert!(!holds("10.0.0.0/8", "11.0.0.0"));
        assert!(!holds("10.0.0.0/8", "9.255.255.255"));
        assert!(!holds("0.0.0.0/0", "::1"));
        assert!(!holds("::/0", "10.0.0.1"));
        assert!(holds("::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
        assert!(!holds("2001:db8::/32", "2001:db9::"));
    }
}
