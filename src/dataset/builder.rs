//! One column being read, row by row, by the formats that come in rows.

use super::{Column, Error, Kind, Place, Values};

/// One element.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Integer(i64),
    Number(f64),
    Text(String),
    Object(serde_json::Value),
}

/// The first row decides shape and kind; integers become numbers when a number comes.
#[derive(Debug)]
pub(super) struct ColumnBuilder {
    name: String,
    row_shape: Option<Vec<usize>>,
    values: Option<Values>,
}

impl ColumnBuilder {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), row_shape: None, values: None }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Appends one row: a tensor of `shape`, row-major; a scalar where `shape` is empty.
    pub(super) fn push(
        &mut self,
        shape: &[usize],
        scalars: Vec<Scalar>,
        place: &Place,
    ) -> Result<(), Error> {
        let expected = self.row_shape.get_or_insert_with(|| shape.to_vec());
        if expected != shape {
            let fault = format!("a value of shape {shape:?}; the rows before have {expected:?}");
            return Err(place.clone().column(&self.name).fault(fault));
        }
        scalars.into_iter().try_for_each(|scalar| self.push_scalar(scalar, place))
    }

    fn push_scalar(&mut self, scalar: Scalar, place: &Place) -> Result<(), Error> {
        if matches!(scalar, Scalar::Number(number) if !number.is_finite()) {
            return Err(place.clone().column(&self.name).fault("a value that is not finite"));
        }
        let values = self.values.take().unwrap_or_else(|| empty(&scalar));
        let values = match (values, scalar) {
            (Values::Integers(mut v), Scalar::Integer(x)) => {
                v.push(x);
                Values::Integers(v)
            }
            (Values::Integers(v), Scalar::Number(x)) => {
                let mut numbers: Vec<f64> = v.into_iter().map(float).collect();
                numbers.push(x);
                Values::Numbers(numbers)
            }
            (Values::Numbers(mut v), Scalar::Integer(x)) => {
                v.push(float(x));
                Values::Numbers(v)
            }
            (Values::Numbers(mut v), Scalar::Number(x)) => {
                v.push(x);
                Values::Numbers(v)
            }
            (Values::Texts(mut v), Scalar::Text(x)) => {
                v.push(x);
                Values::Texts(v)
            }
            (Values::Objects(mut v), Scalar::Object(x)) => {
                v.push(x);
                Values::Objects(v)
            }
            (values, other) => {
                let before = self.with(values).kind();
                let fault = format!("{}, after rows of kind {before}", describe(&other));
                return Err(place.clone().column(&self.name).fault(fault));
            }
        };
        self.values = Some(values);
        Ok(())
    }

    pub(super) fn finish(mut self) -> Column {
        let values = self.values.take().unwrap_or(Values::Texts(Vec::new()));
        self.with(values)
    }

    fn with(&self, values: Values) -> Column {
        let row_shape = self.row_shape.clone().unwrap_or_default();
        Column { name: self.name.clone(), row_shape, values }
    }
}

fn empty(first: &Scalar) -> Values {
    match first {
        Scalar::Integer(_) => Values::Integers(Vec::new()),
        Scalar::Number(_) => Values::Numbers(Vec::new()),
        Scalar::Text(_) => Values::Texts(Vec::new()),
        Scalar::Object(_) => Values::Objects(Vec::new()),
    }
}

fn describe(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Integer(value) => format!("{} {value}", Kind::Integer),
        Scalar::Number(value) => format!("{} {value}", Kind::Number),
        Scalar::Text(value) => format!("{} {value:?}", Kind::Text),
        Scalar::Object(_) => Kind::Object.to_string(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a column of mixed numbers is one of doubles")]
const fn float(integer: i64) -> f64 {
    integer as f64
}
