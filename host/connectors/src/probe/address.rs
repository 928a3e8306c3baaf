//! Which addresses a probe may dial.
//! Not a firewall: it keeps a name that the operator wrote from leading to what he did not mean.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is, once every form that only wraps an IPv4 address is unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Routed on the internet.
    Public,
    /// This machine or a private network: dialled only where the operator said so.
    Inner,
    /// Never a service: link-local (and with it every cloud's metadata), multicast, unspecified,
    /// reserved.
    Never,
}

/// The address that would be reached: IPv4 out of v4-mapped, v4-compatible, NAT64, 6to4 and Teredo.
pub(super) fn unmap(address: IpAddr) -> IpAddr {
    let IpAddr::V6(six) = address else {
        return address;
    };
    let [a, b, c, d, e, f, g, h] = six.segments();
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match [a, b, c, d, e, f] {
        // `::` and `::1` are themselves.
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => four(g, h),
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0xffff, 0] => four(g, h),
        [0x64, 0xff9b, 0, 0, 0, 0] => four(g, h),
        // NAT64 of a local prefix: where the address stands depends on the prefix's length, which
        // for the /96 of practice is the end.
        [0x64, 0xff9b, 1, _, _, _] => four(g, h),
        [0x2002, high, low, _, _, _] => four(high, low),
        [0x2001, 0, _, _, _, _] => four(!g, !h),
        _other => address,
    }
}

/// What an unmapped address is.
pub(super) fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(four) => kind_of_four(four),
        IpAddr::V6(six) => kind_of_six(six),
    }
}

fn kind_of_four(four: Ipv4Addr) -> Kind {
    match four.octets() {
        [0, ..] | [169, 254, ..] | [192, 0, 0, _] | [224..=255, ..] => Kind::Never,
        // Documentation and benchmarks: nobody's.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Kind::Never,
        [10, ..] | [127, ..] | [192, 168, ..] => Kind::Inner,
        [172, 16..=31, ..] | [100, 64..=127, ..] | [198, 18..=19, ..] => Kind::Inner,
        _other => Kind::Public,
    }
}

fn kind_of_six(six: Ipv6Addr) -> Kind {
    // Amazon's metadata service stands in a private range, and is no service of the operator's.
    if six == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254) {
        return Kind::Never;
    }
    match six.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Inner,
        [0xfc00..=0xfdff, ..] => Kind::Inner,
        [0x2001, 0xdb8, ..] => Kind::Never,
        [0x2000..=0x3fff, ..] => Kind::Public,
        _other => Kind::Never,
    }
}

/// A range of addresses as the configuration writes it: `10.0.0.0/8`, `fd00::/8`, `127.0.0.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// `None` for anything else, and for a base with bits beyond its length.
    pub fn parse(text: &str) -> Option<Self> {
        let (base, bits) = match text.split_once('/') {
            Some((base, bits)) => (base.parse().ok()?, Some(bits.parse::<u8>().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let most = if matches!(base, IpAddr::V4(_)) {
            32
        } else {
            128
        };
        let bits = bits.unwrap_or(most);
        let network = Self { base, bits };
        (bits <= most && unmap(base) == base && masked(base, bits) == masked(base, most))
            .then_some(network)
    }

    /// One address alone.
    pub(super) fn only(address: IpAddr) -> Self {
        let bits = if matches!(address, IpAddr::V4(_)) {
            32
        } else {
            128
        };
        Self {
            base: address,
            bits,
        }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.base.is_ipv4() == address.is_ipv4()
            && masked(address, self.bits) == masked(self.base, self.bits)
    }
}

/// The address as a number with all but its first `bits` cleared.
fn masked(address: IpAddr, bits: u8) -> u128 {
    let (number, width) = match address {
        IpAddr::V4(four) => (u128::from(u32::from(four)), 32),
        IpAddr::V6(six) => (u128::from(six), 128),
    };
    let drop = width - u32::from(bits).min(width);
    number
        .checked_shr(drop)
        .unwrap_or(0)
        .checked_shl(drop)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Kind {
        kind(unmap(text.parse().unwrap()))
    }

    #[test]
    fn an_address_is_what_it_wraps() {
        for form in [
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "::ffff:0:169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "2001:0:1234::5601:5601",
            "169.254.169.254",
        ] {
            assert_eq!(
                unmap(form.parse().unwrap()).to_string(),
                "169.254.169.254",
                "{form}"
            );
            assert_eq!(of(form), Kind::Never, "{form}");
        }
        assert_eq!(of("::ffff:127.0.0.1"), Kind::Inner);
        assert_eq!(of("2002:7f00:1::"), Kind::Inner);
    }

    #[test]
    fn every_kind_of_address_is_known() {
        for (kind, addresses) in [
            (
                Kind::Public,
                &["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "172.32.0.1"][..],
            ),
            (
                Kind::Inner,
                &[
                    "127.9.9.9",
                    "::1",
                    "10.1.1.1",
                    "172.31.0.1",
                    "100.64.0.1",
                    "fd12::1",
                ],
            ),
            (
                Kind::Never,
                &[
                    "0.0.0.0",
                    "::",
                    "224.0.0.1",
                    "255.255.255.255",
                    "fe80::1",
                    "ff02::1",
                ],
            ),
            (
                Kind::Never,
                &[
                    "fd00:ec2::254",
                    "100::1",
                    "192.0.0.192",
                    "2001:db8::1",
                    "fec0::1",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(of(address), kind, "{address}");
            }
        }
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_other() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.255.0.1".parse().unwrap()));
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(!ten.contains("::10.0.0.1".parse().unwrap()));
        assert!(
            Network::parse("::/0")
                .unwrap()
                .contains("fd00::1".parse().unwrap())
        );
        assert!(
            Network::parse("127.0.0.1")
                .unwrap()
                .contains("127.0.0.1".parse().unwrap())
        );
        for bad in [
            "",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/",
            "x/8",
            "::ffff:10.0.0.0/104",
            "10/8",
        ] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
