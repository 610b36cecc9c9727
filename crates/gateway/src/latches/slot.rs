//! One latch as 256 bytes: small enough to be written whole, checksummed so that a torn one shows.

use seatrial_domain::telemetry::{Latch, LatchCause};
use seatrial_domain::{EndpointName, Epoch, RolloutId};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Bytes of a slot.
pub(super) const SIZE: usize = 256;

pub(super) type Bytes = [u8; SIZE];

const MAGIC: [u8; 8] = *b"latch 1\n";
/// Magic, rollout, epoch, cause, length of the name, name; the checksum is last.
const NAME_AT: usize = 26;
const CHECKSUM_AT: usize = SIZE - 8;

/// What a slot holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Empty,
    Latch(EndpointName, Latch),
    /// Not what was written.
    Damaged,
}

/// The bytes of a latch. Endpoint names have at most 128 bytes, so they fit.
pub(super) fn write(endpoint: &EndpointName, latch: Latch) -> Bytes {
    let name = endpoint.as_str().as_bytes();
    let cause = LatchCause::ALL.iter().position(|cause| *cause == latch.cause).unwrap_or(0);
    let mut content = Vec::with_capacity(SIZE);
    content.extend_from_slice(&MAGIC);
    content.extend_from_slice(&latch.rollout.0.to_le_bytes());
    content.extend_from_slice(&latch.epoch.0.to_le_bytes());
    content.push(u8::try_from(cause).unwrap_or(u8::MAX));
    content.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
    content.extend_from_slice(name);
    content.resize(CHECKSUM_AT, 0);
    let checksum = checksum(&content);
    content.extend_from_slice(&checksum);
    let mut bytes = [0; SIZE];
    for (to, from) in bytes.iter_mut().zip(content) {
        *to = from;
    }
    bytes
}

pub(super) fn read(bytes: &Bytes) -> Slot {
    if bytes.iter().all(|byte| *byte == 0) {
        return Slot::Empty;
    }
    parse(bytes).map_or(Slot::Damaged, |(endpoint, latch)| Slot::Latch(endpoint, latch))
}

fn parse(bytes: &Bytes) -> Option<(EndpointName, Latch)> {
    let content = bytes.get(..CHECKSUM_AT)?;
    if bytes.get(CHECKSUM_AT..)? != checksum(content) || content.get(..8)? != MAGIC {
        return None;
    }
    let rollout = RolloutId(number(content.get(8..16)?)?);
    let epoch = Epoch(number(content.get(16..24)?)?);
    let cause = *LatchCause::ALL.get(usize::from(*content.get(24)?))?;
    let length = usize::from(*content.get(25)?);
    let name = std::str::from_utf8(content.get(NAME_AT..NAME_AT + length)?).ok()?;
    Some((EndpointName::new(name).ok()?, Latch { rollout, epoch, cause }))
}

fn number(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_le_bytes)
}

fn checksum(content: &[u8]) -> [u8; 8] {
    let mut hasher = SipHasher24::new_with_keys(0x6c61_7463_6800_0000, 0x736c_6f74_0000_0001);
    hasher.write(content);
    hasher.finish().to_le_bytes()
}
