//! Protocol Buffers, as far as walking a message needs it: fields in order, each with the bytes it
//! was made of, so that a rewrite can copy what it does not change.

/// A field's value; fixed-width numbers keep their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// One field of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) value: Value<'a>,
    /// Tag, length and payload, as they stand in the message.
    pub(super) raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// The payload of a message, string or bytes field of this number.
    pub(super) fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        match self.value {
            Value::Bytes(bytes) if self.number == number => Some(bytes),
            Value::Bytes(_) | Value::Varint(_) | Value::Fixed => None,
        }
    }

    /// The value of an integer field of this number.
    pub(super) fn varint(&self, number: u64) -> Option<u64> {
        match self.value {
            Value::Varint(value) if self.number == number => Some(value),
            Value::Bytes(_) | Value::Varint(_) | Value::Fixed => None,
        }
    }
}

/// The bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// The fields of a message, in order; ends after the first malformed one.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    fn read(&mut self) -> Result<Field<'a>, Malformed> {
        let start = self.rest;
        let (tag, after_tag) = varint(start)?;
        let (value, rest) = match tag & 7 {
            0 => varint(after_tag).map(|(value, rest)| (Value::Varint(value), rest))?,
            1 => (Value::Fixed, after_tag.get(8..).ok_or(Malformed)?),
            2 => {
                let (length, after_length) = varint(after_tag)?;
                let length = usize::try_from(length).map_err(|_too_long| Malformed)?;
                let (bytes, rest) = after_length.split_at_checked(length).ok_or(Malformed)?;
                (Value::Bytes(bytes), rest)
            }
            5 => (Value::Fixed, after_tag.get(4..).ok_or(Malformed)?),
            _groups_and_unknown => return Err(Malformed),
        };
        let raw = start.get(..start.len() - rest.len()).ok_or(Malformed)?;
        let number = tag >> 3;
        if number == 0 {
            return Err(Malformed);
        }
        self.rest = rest;
        Ok(Field { number, value, raw })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Malformed> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((value, bytes.get(index + 1..).unwrap_or_default()));
        }
    }
    Err(Malformed)
}

/// Appends a message, string or bytes field.
pub(super) fn put_bytes(message: &mut Vec<u8>, number: u64, payload: &[u8]) {
    put_varint(message, (number << 3) | 2);
    put_varint(message, u64::try_from(payload.len()).unwrap_or(u64::MAX));
    message.extend_from_slice(payload);
}

/// Appends an integer field.
pub(super) fn put_integer(message: &mut Vec<u8>, number: u64, value: u64) {
    put_varint(message, number << 3);
    put_varint(message, value);
}

fn put_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}
