//! The bundle's JSON: a DSSE envelope and what it says of its key. Unknown fields are refused, as
//! sigstore's own reader refuses them.

use super::{Error, KeyId, MEDIA_TYPE};
use base64ct::{Base64, Encoding as _};
use p256::ecdsa::Signature;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// What DSSE calls the statement's type.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// What an envelope holds.
#[derive(Debug, Clone)]
pub(super) struct Envelope {
    pub(super) payload: Vec<u8>,
    pub(super) signature: Signature,
    pub(super) made_by: Option<KeyId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Option<Dsse>,
    message_signature: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    public_key: Option<Hint>,
    certificate: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
    #[serde(rename = "tlogEntries")]
    _log: Option<IgnoredAny>,
    #[serde(rename = "timestampVerificationData")]
    _timestamps: Option<IgnoredAny>,
}

/// Earlier releases wrote the key itself beside its hint; nobody may trust it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hint {
    hint: Option<String>,
    #[serde(rename = "rawBytes")]
    _key: Option<IgnoredAny>,
    #[serde(rename = "keyDetails")]
    _kind: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Dsse {
    payload: String,
    payload_type: String,
    signatures: Vec<Signed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Signed {
    sig: String,
    #[serde(rename = "keyid")]
    _key: Option<IgnoredAny>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Envelope, Error> {
    let document: Document =
        serde_json::from_slice(bytes).map_err(|error| Error::Shape(error.to_string()))?;
    expect("mediaType", MEDIA_TYPE, &document.media_type)?;
    let material = document.verification_material;
    if material.certificate.is_some() || material.x509_certificate_chain.is_some() {
        return Err(Error::Keyless("a certificate"));
    }
    let hint = material.public_key.ok_or_else(|| shape("it names no public key"))?.hint;
    if document.message_signature.is_some() {
        return Err(shape("it signs a message, not a statement"));
    }
    let envelope = document.dsse_envelope.ok_or_else(|| shape("it has no dsseEnvelope"))?;
    expect("payloadType", PAYLOAD_TYPE, &envelope.payload_type)?;
    let [signed] = envelope.signatures.as_slice() else {
        return Err(shape("its envelope must have one signature"));
    };
    Ok(Envelope {
        payload: decoded("payload", &envelope.payload)?,
        signature: Signature::from_der(&decoded("signature", &signed.sig)?)
            .map_err(|_other| Error::Signature)?,
        made_by: hint.filter(|hint| !hint.is_empty()).map(|hint| key_id(&hint)).transpose()?,
    })
}

/// The bytes that are signed: DSSE's pre-authentication encoding.
pub(super) fn to_be_signed(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

pub(super) fn write(payload: &[u8], signature: &[u8], made_by: &KeyId) -> String {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        media_type: &'a str,
        verification_material: serde_json::Value,
        dsse_envelope: Dsse<'a>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Dsse<'a> {
        payload: String,
        payload_type: &'a str,
        signatures: [serde_json::Value; 1],
    }
    let document = Document {
        media_type: MEDIA_TYPE,
        verification_material: serde_json::json!({
            "publicKey": {"hint": made_by.as_str()}, "tlogEntries": [],
        }),
        dsse_envelope: Dsse {
            payload: Base64::encode_string(payload),
            payload_type: PAYLOAD_TYPE,
            signatures: [serde_json::json!({"sig": Base64::encode_string(signature), "keyid": ""})],
        },
    };
    serde_json::to_string(&document).unwrap_or_default()
}

fn expect(field: &'static str, expected: &'static str, found: &str) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let found = found.chars().take(80).collect();
    Err(Error::Format { field, expected, found })
}

fn decoded(what: &str, text: &str) -> Result<Vec<u8>, Error> {
    Base64::decode_vec(text).map_err(|_other| shape(&format!("its {what} is not base64")))
}

fn key_id(hint: &str) -> Result<KeyId, Error> {
    KeyId::new(hint).ok_or_else(|| shape("its key's hint is no short word"))
}

fn shape(what: &str) -> Error {
    Error::Shape(what.to_owned())
}
