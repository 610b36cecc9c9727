//! One mark as 40 bytes, checksummed: what was not written whole is none.

use std::hash::Hasher;

use seatrial_domain::evidence::GateIndex;
use seatrial_domain::exposure::Exposure;
use seatrial_domain::ledger::Unit;
use seatrial_domain::split::Arm;
use seatrial_domain::telemetry::UnderWay;
use seatrial_domain::{RolloutId, Share};
use siphasher::sip::SipHasher24;

/// Bytes of a slot. The first slot of the file is its head.
pub(super) const SIZE: usize = 40;

pub(super) type Bytes = [u8; SIZE];

const HEAD: u64 = u64::from_le_bytes(*b"marks 2\n");

/// What the first slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    /// The machine's start.
    pub(super) machine: u64,
    /// The process that ended orderly, and left no marks.
    pub(super) ended: Option<u64>,
}

pub(super) fn head(Head { machine, ended }: Head) -> Bytes {
    sealed([HEAD, machine, u64::from(ended.is_some()), ended.unwrap_or_default()])
}

pub(super) fn read_head(bytes: &Bytes) -> Option<Head> {
    let [HEAD, machine, ended, boot] = opened(bytes)? else { return None };
    Some(Head { machine, ended: (ended == 1).then_some(boot) })
}

/// The mark of a process of this boot.
pub(super) fn write(boot: u64, request: UnderWay) -> Bytes {
    let UnderWay { rollout, stratum, share, arm, unit } = request;
    let arm: u8 = match arm {
        Arm::Incumbent => 0,
        Arm::Candidate => 1,
    };
    let (keyed, hash): (u8, u64) = match unit {
        Unit::Request => (0, 0),
        Unit::Keyed(hash) => (1, hash),
    };
    let [seen_low, seen_high] = stratum.seen.share().basis_points().to_le_bytes();
    let [share_low, share_high] = share.basis_points().to_le_bytes();
    let place = [stratum.gate.0, seen_low, seen_high, share_low, share_high, arm, keyed, PRESENT];
    sealed([rollout.0, u64::from_le_bytes(place), hash, boot])
}

/// Tells a mark from an empty slot.
const PRESENT: u8 = 1;

/// The boot, and the request.
pub(super) fn read(bytes: &Bytes) -> Option<(u64, UnderWay)> {
    let [rollout, place, hash, boot] = opened(bytes)?;
    let [gate, seen_low, seen_high, share_low, share_high, arm, keyed, PRESENT] =
        place.to_le_bytes()
    else {
        return None;
    };
    let share = |low, high| Share::new(u16::from_le_bytes([low, high])).ok();
    let seen = Exposure::up_to(share(seen_low, seen_high)?);
    let arm = match arm {
        0 => Arm::Incumbent,
        1 => Arm::Candidate,
        _ => return None,
    };
    let unit = match keyed {
        0 => Unit::Request,
        1 => Unit::Keyed(hash),
        _ => return None,
    };
    let stratum = GateIndex(gate).after(seen);
    let (rollout, share) = (RolloutId(rollout), share(share_low, share_high)?);
    Some((boot, UnderWay { rollout, stratum, share, arm, unit }))
}

fn sealed(words: [u64; 4]) -> Bytes {
    let mut bytes = [0; SIZE];
    let (content, seal) = bytes.split_at_mut(SIZE - 8);
    for (to, word) in content.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    seal.copy_from_slice(&checksum(content).to_le_bytes());
    bytes
}

fn opened(bytes: &Bytes) -> Option<[u64; 4]> {
    let (words, _rest) = bytes.as_chunks::<8>();
    let [a, b, c, d, seal] = *words else { return None };
    let content = bytes.get(..SIZE - 8)?;
    (u64::from_le_bytes(seal) == checksum(content)).then(|| [a, b, c, d].map(u64::from_le_bytes))
}

pub(super) fn checksum(content: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(0x6d61_726b_7300_0000, 0x736c_6f74_0000_0001);
    hasher.write(content);
    hasher.finish()
}
