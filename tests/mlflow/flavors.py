"""Flavors: what an `MLmodel` says of its model, whether it can be so, and whether it is served."""

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import onnx
import requests
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from sklearn.linear_model import LogisticRegression

from world import MODEL, OURS, URL, differing, differs, invalid

TRAINED = onnx.load(MODEL)
INPUT = TRAINED.graph.input[0]
WIDTH = INPUT.type.tensor_type.shape.dim[1].dim_value


def log(name, dtype, width):
    """Registers the demo's model with this signature of its input."""
    schema = Schema([TensorSpec(np.dtype(dtype), (-1, width), INPUT.name)])
    mlflow.onnx.log_model(
        TRAINED, name="model", signature=ModelSignature(inputs=schema), pip_requirements=["onnx"],
        registered_model_name=name,
    )
    return schema


def a_signature_comes_back_with_its_model():
    schema = log("signed-loosely", "float64", WIDTH)
    assert mlflow.models.get_model_info("models:/signed-loosely/1").signature.inputs == schema


@differs("a signature that its ONNX file contradicts is refused with 400", "it is taken as it is")
def a_signature_that_its_file_contradicts_is_refused():
    with differing("it was not refused"):
        invalid(lambda: log("signed-wide", "float32", WIDTH + 1))
    with differing("it was not refused"):
        invalid(lambda: log("signed-whole", "int64", WIDTH))


def a_model_that_is_not_served_is_told_so_when_a_rollout_asks_for_it():
    trained = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.log_model(
        trained, name="model", pip_requirements=["scikit-learn"], registered_model_name="unserved"
    )
    if OURS:
        start = {"model": "unserved", "version": 1}
        refused = requests.post(f"{URL}/api/v1/rollouts", json=start, timeout=60)
        assert refused.status_code == 422, refused.text
        assert "sklearn" in refused.json()["detail"], refused.text


CLAIMS = [
    a_signature_comes_back_with_its_model,
    a_signature_that_its_file_contradicts_is_refused,
    a_model_that_is_not_served_is_told_so_when_a_rollout_asks_for_it,
]
