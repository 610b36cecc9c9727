//! A rollout for the driver's tests.

use super::*;
use seatrial_domain::plan::Kind;
use seatrial_domain::rollout::{Bootstrap, New};
use seatrial_domain::split::Salt;
use seatrial_domain::{
    Digest, EndpointName, ModelName, Timestamp, VersionNumber, VersionRef, endpoint, policy,
};

/// A queued promotion by this policy.
pub(in crate::driver) fn rollout_of(yaml: &str) -> Rollout {
    let endpoint = EndpointName::new("digits").unwrap();
    let policy = policy::parse(yaml).unwrap_or_else(|fault| panic!("{fault}"));
    let model = ModelName::new("digits").unwrap();
    let new = New {
        id: RolloutId(1),
        attempt: 1,
        candidate: VersionRef {
            model: model.clone(),
            number: VersionNumber(2),
            digest: Digest::of(b"2"),
        },
        plan: policy.plan(Kind::Promote, &endpoint).unwrap(),
        endpoint,
        salt: Salt(7),
        settings: endpoint::Settings::of(model),
        bootstrap: Bootstrap::Ask,
    };
    Rollout::new(new, Timestamp::from_micros(0))
}
