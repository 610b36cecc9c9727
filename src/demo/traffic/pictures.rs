//! The pictures that clients send, each as the body of its request.

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use serde_json::json;

/// One picture of a digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Picture {
    /// An Open Inference request with one row.
    pub(super) body: Bytes,
    /// What the writer meant: only the simulated client knows, and tells by its feedback.
    pub(super) truth: i64,
}

/// Reads `pixel_0` … `pixel_63`, `label` and `client` of every row.
pub(super) fn read(csv: &str) -> anyhow::Result<Vec<Picture>> {
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let columns = rows.headers()?.clone();
    rows.records().map(|row| picture(&columns, &row?)).collect()
}

fn picture(columns: &csv::StringRecord, row: &csv::StringRecord) -> anyhow::Result<Picture> {
    let mut pixels: Vec<f32> = Vec::with_capacity(64);
    let (mut truth, mut client) = (None, None);
    for (column, cell) in columns.iter().zip(row) {
        match column {
            "label" => truth = Some(cell.parse().context("label")?),
            "client" => client = Some(cell),
            pixel => pixels.push(cell.parse().with_context(|| pixel.to_owned())?),
        }
    }
    let body = json!({
        "parameters": {"client": client.ok_or_else(|| anyhow!("no column `client`"))?},
        "inputs": [{
            "name": "image", "datatype": "FP32", "shape": [1, pixels.len()], "data": pixels,
        }],
        "outputs": [{"name": "label"}],
    });
    let truth = truth.ok_or_else(|| anyhow!("no column `label`"))?;
    Ok(Picture { body: serde_json::to_vec(&body)?.into(), truth })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn a_row_is_an_inference_request_that_names_its_client() {
        let pictures = read("pixel_0,pixel_1,label,client\n0,16,7,mobile\n").unwrap();
        let body: Value = serde_json::from_slice(&pictures[0].body).unwrap();
        assert_eq!(body["parameters"]["client"], "mobile");
        assert_eq!(body["inputs"][0]["shape"], json!([1, 2]));
        assert_eq!(body["inputs"][0]["data"], json!([0.0, 16.0]));
        assert_eq!(pictures[0].truth, 7);
        assert!(body.get("label").is_none(), "the truth stays with the client");
    }

    #[test]
    fn a_quarter_of_the_bundled_pictures_comes_from_the_mobile_scanner() {
        let pictures = read(crate::demo::bundle::LIVE).unwrap();
        let mobile = |picture: &&Picture| {
            let body: Value = serde_json::from_slice(&picture.body).unwrap();
            body["parameters"]["client"] == "mobile"
        };
        assert_eq!(pictures.len(), 720);
        assert_eq!(pictures.iter().filter(mobile).count(), 180);
    }
}
