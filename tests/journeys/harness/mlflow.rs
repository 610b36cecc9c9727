//! The registry as MLflow's clients call it, where the command line has no word for it.

use super::{Reply, Server};
use reqwest::Method;
use serde_json::Value;

/// Where the tests upload a model's file, and what a version is made of then.
pub(crate) const UPLOADED: &str =
    "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/model/model.onnx";
pub(crate) const SOURCE: &str = "mlflow-artifacts:/0/run/artifacts/model";

impl Server {
    pub(crate) fn mlflow(&self, path: &str, body: &Value) -> Reply {
        let url = format!("{}/api/2.0/mlflow/{path}", self.control_origin());
        let request = self.api().request(Method::POST, &url).json(body);
        self.api().ask(request).expect("somebody answers")
    }

    pub(crate) fn upload(&self, path: &str, bytes: Vec<u8>) -> Reply {
        let url = format!("{}{path}", self.control_origin());
        self.api().ask(self.api().request(Method::PUT, &url).body(bytes)).expect("somebody answers")
    }
}
