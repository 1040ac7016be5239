//! Which addresses the web lives at, and which must never be asked: every special-purpose range of IANA.
//!
//! Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its successors), RFC 1112 and RFC 4291
//! for multicast, RFC 6052 and RFC 8215 for NAT64. Ranges that the registries call globally reachable but that serve
//! infrastructure (AS112, AMT) are closed as well: no article is read there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is to a fetcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A unicast address of the public Internet.
    Public,
    /// A network of one's own: reached only for hosts that the operator names. Says which range.
    Internal(&'static str),
    /// The machine itself: reached only for hosts that the operator names. Says which range.
    Loopback(&'static str),
    /// Never reached. Says which range.
    Never(&'static str),
}

type V4Range = (Ipv4Addr, u32, Reach);

const V4: [V4Range; 19] = [
    v4([0, 0, 0, 0], 8, Reach::Never("“this network”")),
    v4([10, 0, 0, 0], 8, Reach::Internal("private use")),
    v4([100, 64, 0, 0], 10, Reach::Internal("shared address space")),
    v4([127, 0, 0, 0], 8, Reach::Loopback("loopback")),
    // Microsoft's cloud answers its machines' requests for secrets at this one public address.
    v4([168, 63, 129, 16], 32, Reach::Never("a cloud's machine service")),
    v4([169, 254, 0, 0], 16, Reach::Never("link-local")),
    v4([172, 16, 0, 0], 12, Reach::Internal("private use")),
    v4([192, 0, 0, 0], 24, Reach::Never("IETF protocol assignments")),
    v4([192, 0, 2, 0], 24, Reach::Never("documentation")),
    v4([192, 31, 196, 0], 24, Reach::Never("AS112")),
    v4([192, 52, 193, 0], 24, Reach::Never("AMT")),
    v4([192, 88, 99, 0], 24, Reach::Never("6to4 relays")),
    v4([192, 168, 0, 0], 16, Reach::Internal("private use")),
    v4([192, 175, 48, 0], 24, Reach::Never("AS112")),
    v4([198, 18, 0, 0], 15, Reach::Never("benchmarking")),
    v4([198, 51, 100, 0], 24, Reach::Never("documentation")),
    v4([203, 0, 113, 0], 24, Reach::Never("documentation")),
    v4([224, 0, 0, 0], 4, Reach::Never("multicast")),
    v4([240, 0, 0, 0], 4, Reach::Never("reserved")),
];

type V6Range = (Ipv6Addr, u32, Reach);

/// Inside the space that is handed out (2000::/3) or of one's own; everything outside of both is closed anyway.
const V6: [V6Range; 11] = [
    v6([0, 0, 0, 0, 0, 0, 0, 1], 128, Reach::Loopback("loopback")),
    v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Reach::Internal("unique local")),
    // Teredo, benchmarking, AMT, AS112, ORCHID, drones' identities: all of the IETF's protocol assignments.
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Reach::Never("IETF protocol assignments")),
    v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Reach::Never("documentation")),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Reach::Never("6to4")),
    v6([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48, Reach::Never("AS112")),
    v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Reach::Never("documentation")),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Reach::Never("multicast")),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Reach::Never("link-local")),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Reach::Never("site-local")),
    v6([0, 0, 0, 0, 0, 0xffff, 0, 0], 96, Reach::Never("IPv4-mapped")),
];

const fn v4(octets: [u8; 4], prefix: u32, reach: Reach) -> V4Range {
    (Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]), prefix, reach)
}

const fn v6(s: [u16; 8], prefix: u32, reach: Reach) -> V6Range {
    (Ipv6Addr::new(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]), prefix, reach)
}

/// What `address` is to a fetcher.
///
/// ```
/// use byline::intake::fetch::{Reach, reach};
/// assert_eq!(reach("9.9.9.9".parse()?), Reach::Public);
/// assert_eq!(reach("169.254.169.254".parse()?), Reach::Never("link-local"));
/// assert_eq!(reach("64:ff9b::10.0.0.1".parse()?), Reach::Never("private use"));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let bits = address.to_bits();
    let within = |(net, prefix, _): &&V4Range| (bits ^ net.to_bits()) >> (32 - prefix) == 0;
    V4.iter().find(within).map_or(Reach::Public, |(_, _, reach)| *reach)
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    let bits = address.to_bits();
    let within = |(net, prefix, _): &&V6Range| (bits ^ net.to_bits()) >> (128 - prefix) == 0;
    if let Some((_, _, reach)) = V6.iter().find(within) {
        return *reach;
    }
    let segments = address.segments();
    // The well-known NAT64 prefix (RFC 6052): where the network has no IPv4 it stands for every IPv4 address, so it is as
    // good as the address that it carries.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return match reach_v4(last_32_bits(bits)) {
            Reach::Public => Reach::Public,
            Reach::Internal(range) | Reach::Loopback(range) | Reach::Never(range) => Reach::Never(range),
        };
    }
    // ISATAP (RFC 5214) carries an IPv4 address behind any prefix.
    if matches!(segments[4], 0 | 0x200) && segments[5] == 0x5efe {
        return Reach::Never("ISATAP");
    }
    if segments[0] & 0xe000 == 0x2000 { Reach::Public } else { Reach::Never("not handed out to anyone") }
}

#[expect(clippy::cast_possible_truncation, reason = "the last 32 bits are what is wanted")]
fn last_32_bits(bits: u128) -> Ipv4Addr {
    Ipv4Addr::from_bits(bits as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(address: &str) -> Reach {
        reach(address.parse().unwrap())
    }

    #[test]
    fn every_registered_range_is_closed_from_its_first_address_to_its_last() {
        for (first, last) in [
            ("0.0.0.0", "0.255.255.255"),
            ("10.0.0.0", "10.255.255.255"),
            ("100.64.0.0", "100.127.255.255"),
            ("127.0.0.0", "127.255.255.255"),
            ("168.63.129.16", "168.63.129.16"),
            ("169.254.0.0", "169.254.255.255"),
            ("172.16.0.0", "172.31.255.255"),
            ("192.0.0.0", "192.0.0.255"),
            ("192.0.2.0", "192.0.2.255"),
            ("192.31.196.0", "192.31.196.255"),
            ("192.52.193.0", "192.52.193.255"),
            ("192.88.99.0", "192.88.99.255"),
            ("192.168.0.0", "192.168.255.255"),
            ("192.175.48.0", "192.175.48.255"),
            ("198.18.0.0", "198.19.255.255"),
            ("198.51.100.0", "198.51.100.255"),
            ("203.0.113.0", "203.0.113.255"),
            ("224.0.0.0", "239.255.255.255"),
            ("240.0.0.0", "255.255.255.255"),
            ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"),
            ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            assert_ne!(of(first), Reach::Public, "{first}");
            assert_ne!(of(last), Reach::Public, "{last}");
        }
    }

    #[test]
    fn what_lies_beside_a_range_is_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2000::1",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2003::1",
            "2620:4f:8001::1",
            "3ffe:ffff::1",
            "2606:4700::1111",
        ] {
            assert_eq!(of(address), Reach::Public, "{address}");
        }
    }

    #[test]
    fn only_networks_of_ones_own_can_be_opened_by_name() {
        for address in ["10.1.2.3", "172.20.0.1", "192.168.1.1", "100.100.100.200", "fd12::1"] {
            assert!(matches!(of(address), Reach::Internal(_)), "{address}");
        }
        for address in ["127.0.0.1", "127.1.2.3", "::1"] {
            assert!(matches!(of(address), Reach::Loopback(_)), "{address}");
        }
        for address in ["169.254.169.254", "0.0.0.0", "255.255.255.255", "::", "fe80::1", "ff02::1", "192.0.0.192"] {
            assert!(matches!(of(address), Reach::Never(_)), "{address}");
        }
    }

    #[test]
    fn an_address_inside_another_opens_nothing() {
        for address in [
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:9.9.9.9",
            "::10.0.0.1",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b::0.0.0.0",
            "64:ff9b:1::10.0.0.1",
            "64:ff9b:1::9.9.9.9",
            "2002:7f00:1::",
            "2002:a00:1::",
            "2002:909:909::",
            "2001:0:7f00:1::",
            "2a00:1450::5efe:10.0.0.1",
            "2a00:1450::200:5efe:127.0.0.1",
        ] {
            assert!(matches!(of(address), Reach::Never(_)), "{address}");
        }
        assert_eq!(of("64:ff9b::9.9.9.9"), Reach::Public);
    }

    proptest! {
        #[test]
        fn nat64_opens_no_more_than_what_it_carries(bits: u32) {
            let carried = Ipv4Addr::from_bits(bits);
            let nat64 = Ipv6Addr::from_bits((0x0064_ff9b_u128 << 96) | u128::from(bits));
            prop_assert_eq!(reach(nat64.into()) == Reach::Public, reach(carried.into()) == Reach::Public);
        }

        #[test]
        fn whatever_the_standard_library_knows_to_be_special_is_not_public(bits: u128) {
            let six = Ipv6Addr::from_bits(bits);
            if six.is_multicast() || six.is_unique_local() || six.is_unicast_link_local() {
                prop_assert_ne!(reach(six.into()), Reach::Public);
            }
            let four = last_32_bits(bits);
            if four.is_private() || four.is_multicast() || four.is_documentation() || four.is_link_local() {
                prop_assert_ne!(reach(four.into()), Reach::Public);
            }
        }
    }
}
