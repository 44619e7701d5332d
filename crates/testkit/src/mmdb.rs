//! MaxMind DB files, small and made by hand: whole ones, and such as nobody should make.
//!
//! Promises: written from the format's description (version 2.0), not with the code that reads them. Networks are given as
//! text; those of IPv4 stand under `::/96` in a file of IPv6.

use std::net::IpAddr;

/// What a record or a piece of metadata is.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the format's own types")]
pub enum Data {
    Text(String),
    Double(f64),
    U16(u16),
    U32(u32),
    U64(u64),
    Map(Vec<(String, Self)>),
    List(Vec<Self>),
    /// To an offset in the data section.
    Pointer(u32),
    /// Bytes as they are.
    Raw(Vec<u8>),
}

/// A file in the making.
#[derive(Clone, Debug)]
pub struct Mmdb {
    /// What its maker calls it.
    pub kind: String,
    /// When it was built, in seconds.
    pub build_epoch: u64,
    /// 4 or 6.
    pub ip_version: u16,
    /// 24, 28 or 32.
    pub record_bits: u16,
    /// Whether `::ffff:0:0/96` leads to the networks of IPv4, too.
    pub mapped: bool,
    networks: Vec<(String, Data)>,
}

/// Where one side of a node leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Nowhere.
    Nothing,
    /// To this node.
    Node(usize),
    /// To the data at this offset.
    Data(usize),
}

impl Mmdb {
    /// An empty database.
    pub fn new(kind: &str, ip_version: u16) -> Self {
        Self {
            kind: kind.to_owned(),
            build_epoch: 1_700_000_000,
            ip_version,
            record_bits: 24,
            mapped: false,
            networks: Vec::new(),
        }
    }

    /// Says this of a network, as `192.0.2.0/24`.
    #[must_use]
    pub fn with(mut self, network: &str, record: Data) -> Self {
        self.networks.push((network.to_owned(), record));
        self
    }

    /// The file.
    ///
    /// # Panics
    /// When a network is none, or within another.
    pub fn bytes(&self) -> Vec<u8> {
        let mut data = Vec::new();
        let mut nodes = vec![[Side::Nothing; 2]];
        for (network, record) in &self.networks {
            let place = data.len();
            record.write(&mut data);
            let bits = self.bits_of(network);
            let (last, way) = bits.split_last().expect("a network is not everything");
            let mut node = 0;
            for bit in way {
                node = match nodes[node][*bit] {
                    Side::Node(next) => next,
                    Side::Nothing => {
                        nodes.push([Side::Nothing; 2]);
                        let next = nodes.len() - 1;
                        nodes[node][*bit] = Side::Node(next);
                        next
                    }
                    Side::Data(_) => panic!("{network} is within another network"),
                };
            }
            assert_eq!(nodes[node][*last], Side::Nothing, "{network} is there");
            nodes[node][*last] = Side::Data(place);
        }
        if self.mapped {
            self.map_ipv4(&mut nodes);
        }
        self.assemble(&nodes, &data)
    }

    /// A file of any tree and any data section.
    ///
    /// # Panics
    /// When there are more nodes than 24 bits count.
    pub fn assemble(&self, nodes: &[[Side; 2]], data: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let number = |side: Side| match side {
            Side::Nothing => nodes.len(),
            Side::Node(node) => node,
            Side::Data(place) => nodes.len() + 16 + place,
        };
        for sides in nodes {
            let [left, right] = sides.map(|side| {
                u32::try_from(number(side))
                    .expect("few nodes")
                    .to_be_bytes()
            });
            match self.record_bits {
                24 => bytes.extend([&left[1..], &right[1..]].concat()),
                28 => {
                    bytes.extend(&left[1..]);
                    bytes.push(left[0] << 4 | right[0]);
                    bytes.extend(&right[1..]);
                }
                _ => bytes.extend([left, right].concat()),
            }
        }
        bytes.extend([0; 16]);
        bytes.extend(data);
        bytes.extend(b"\xab\xcd\xefMaxMind.com");
        self.metadata(nodes.len()).write(&mut bytes);
        bytes
    }

    fn metadata(&self, nodes: usize) -> Data {
        let nodes = u32::try_from(nodes).expect("few nodes");
        map(&[
            ("binary_format_major_version", Data::U16(2)),
            ("binary_format_minor_version", Data::U16(0)),
            ("build_epoch", Data::U64(self.build_epoch)),
            ("database_type", text(&self.kind)),
            ("description", map(&[("en", text("made by a test"))])),
            ("ip_version", Data::U16(self.ip_version)),
            ("languages", Data::List(vec![text("en")])),
            ("node_count", Data::U32(nodes)),
            ("record_size", Data::U16(self.record_bits)),
        ])
    }

    /// The bits that lead to a network.
    fn bits_of(&self, network: &str) -> Vec<usize> {
        let (address, prefix) = network.split_once('/').expect("a prefix");
        let prefix: usize = prefix.parse().expect("a prefix");
        let address: IpAddr = address.parse().expect("an address");
        let (octets, prefix) = match (address, self.ip_version) {
            (IpAddr::V4(v4), 4) => (v4.octets().to_vec(), prefix),
            (IpAddr::V4(v4), _) => ([[0; 12].as_slice(), &v4.octets()].concat(), prefix + 96),
            (IpAddr::V6(v6), _) => (v6.octets().to_vec(), prefix),
        };
        let bit = |at: usize| usize::from(octets[at / 8] >> (7 - at % 8) & 1);
        (0..prefix).map(bit).collect()
    }

    fn map_ipv4(&self, nodes: &mut Vec<[Side; 2]>) {
        let follow = |nodes: &Vec<[Side; 2]>, bits: &[usize]| {
            bits.iter()
                .try_fold(0, |node: usize, bit| match nodes[node][*bit] {
                    Side::Node(next) => Some(next),
                    _ => None,
                })
        };
        let start = follow(nodes, &[0; 96]).expect("networks of IPv4");
        let bits = self.bits_of("::ffff:0:0/96");
        let mut node = 0;
        for bit in &bits[..95] {
            if nodes[node][*bit] == Side::Nothing {
                nodes.push([Side::Nothing; 2]);
                nodes[node][*bit] = Side::Node(nodes.len() - 1);
            }
            let Side::Node(next) = nodes[node][*bit] else {
                panic!("data on the way to mapped addresses")
            };
            node = next;
        }
        nodes[node][1] = Side::Node(start);
    }
}

impl Data {
    /// Appends the value as the format has it.
    ///
    /// # Panics
    /// When it is larger than a test needs.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                begin(bytes, 2, text.len());
                bytes.extend(text.as_bytes());
            }
            Self::Double(number) => {
                begin(bytes, 3, 8);
                bytes.extend(number.to_be_bytes());
            }
            Self::U16(number) => whole(bytes, 5, &number.to_be_bytes()),
            Self::U32(number) => whole(bytes, 6, &number.to_be_bytes()),
            Self::U64(number) => whole(bytes, 9, &number.to_be_bytes()),
            Self::Map(members) => {
                begin(bytes, 7, members.len());
                for (name, value) in members {
                    text(name).write(bytes);
                    value.write(bytes);
                }
            }
            Self::List(items) => {
                begin(bytes, 11, items.len());
                for item in items {
                    item.write(bytes);
                }
            }
            Self::Pointer(to) => {
                bytes.push(0b0011_1000);
                bytes.extend(to.to_be_bytes());
            }
            Self::Raw(raw) => bytes.extend(raw),
        }
    }
}

/// A number without the zeros in front.
fn whole(bytes: &mut Vec<u8>, kind: u8, digits: &[u8]) {
    let zeros = digits.iter().take_while(|digit| **digit == 0).count();
    begin(bytes, kind, digits.len() - zeros);
    bytes.extend(&digits[zeros..]);
}

/// The byte or bytes that say what follows.
fn begin(bytes: &mut Vec<u8>, kind: u8, size: usize) {
    let (short, longer) = match u8::try_from(size) {
        Ok(size) if size < 29 => (size, None),
        _ => (29, Some(u8::try_from(size - 29).expect("a small value"))),
    };
    if kind < 8 {
        bytes.push(kind << 5 | short);
    } else {
        bytes.extend([short, kind - 7]);
    }
    bytes.extend(longer);
}

/// A text.
pub fn text(text: &str) -> Data {
    Data::Text(text.to_owned())
}

/// A map.
pub fn map(members: &[(&str, Data)]) -> Data {
    Data::Map(
        members
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
    )
}

/// A city as MaxMind's databases have it.
pub fn nested_city(code: &str, country: &str, region: &str, city: &str) -> Data {
    let names = |name: &str| ("names", map(&[("de", text("?")), ("en", text(name))]));
    map(&[
        ("city", map(&[names(city)])),
        ("country", map(&[("iso_code", text(code)), names(country)])),
        (
            "location",
            map(&[
                ("latitude", Data::Double(52.5)),
                ("longitude", Data::Double(13.25)),
            ]),
        ),
        (
            "subdivisions",
            Data::List(vec![map(&[("iso_code", text("X")), names(region)])]),
        ),
    ])
}

/// A country as databases of one level have it.
pub fn flat_country(code: &str) -> Data {
    map(&[("country_code", text(code))])
}
