"""What a training script does: logs, with a run and without, and registers what it logged."""

import tempfile
from pathlib import Path

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import onnx
from mlflow.entities import LoggedModelOutput
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec
from sklearn.linear_model import LogisticRegression

from world import MODEL, accepted, client, differing, differs, invalid, missing

TRAINED = onnx.load(MODEL)


def tensors(values):
    kinds = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT64: np.int64}

    def spec(value):
        tensor = value.type.tensor_type
        shape = [dim.dim_value or -1 for dim in tensor.shape.dim]
        return TensorSpec(np.dtype(kinds[tensor.elem_type]), shape, value.name)

    return Schema([spec(value) for value in values])


SIGNATURE = ModelSignature(tensors(TRAINED.graph.input), tensors(TRAINED.graph.output))


def log(name, **more):
    """Logs the demo's model, saying what it needs so that no environment is searched for it."""
    return mlflow.onnx.log_model(
        TRAINED, name="model", signature=SIGNATURE, pip_requirements=["onnx"],
        registered_model_name=name, **more,
    )


def only_version(name):
    [version] = client.search_model_versions(f"name = '{name}'")
    assert version.status == "READY"
    return version


def came_back(name):
    with tempfile.TemporaryDirectory() as folder:
        found = mlflow.artifacts.download_artifacts(f"models:/{name}/1", dst_path=folder)
        assert (Path(found) / "MLmodel").is_file()
        return onnx.load(Path(found) / "model.onnx").SerializeToString()


def a_model_logged_without_a_run_is_registered_and_comes_back():
    logged = log("logged-alone")
    version = only_version("logged-alone")
    assert version.source == f"models:/{logged.model_id}", version.source
    assert came_back("logged-alone") == TRAINED.SerializeToString()
    found = client.get_logged_model(logged.model_id)
    assert (found.status, found.experiment_id, found.name) == ("READY", "0", "model")
    assert '"name": "logged-alone"' in found.tags["mlflow.modelVersions"]


def a_run_keeps_what_is_logged_and_its_model_is_registered():
    mlflow.set_experiment("nightly")
    with mlflow.start_run(run_name="first", tags={"team": "vision"}) as run:
        mlflow.log_params({"depth": 3, "rate": 0.1})
        for step in range(3):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"accuracy": 0.9, "undefined": float("nan")})
        mlflow.set_tag("phase", "train")
        mlflow.delete_tag("team")
        mlflow.log_dict({"labels": [0, 1]}, "labels.json")
        logged = log("logged-in-a-run", params={"kernel": "none"})
        mlflow.log_metric("holdout", 0.8, model_id=logged.model_id)
    run_id = run.info.run_id
    found = client.get_run(run_id)
    assert (found.info.status, found.info.run_name) == ("FINISHED", "first")
    assert found.data.params == {"depth": "3", "rate": "0.1"}
    assert found.data.tags["phase"] == "train" and "team" not in found.data.tags
    assert (found.data.metrics["loss"], found.data.metrics["accuracy"]) == (1 / 3, 0.9)
    history = client.get_metric_history(run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(0, 1), (1, 0.5), (2, 1 / 3)]
    assert [output.model_id for output in found.outputs.model_outputs] == [logged.model_id]
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/labels.json") == {"labels": [0, 1]}
    model = client.get_logged_model(logged.model_id)
    assert model.params == {"kernel": "none", "depth": "3", "rate": "0.1"}
    assert [metric.key for metric in model.metrics if metric.key == "holdout"] == ["holdout"]
    assert only_version("logged-in-a-run").run_id == run_id
    assert came_back("logged-in-a-run") == TRAINED.SerializeToString()


def what_a_run_logged_is_registered_later_by_its_run_or_by_its_id():
    mlflow.set_experiment("nightly")
    with mlflow.start_run() as run:
        logged = log(None)
    by_run = mlflow.register_model(f"runs:/{run.info.run_id}/model", "by-run")
    by_id = mlflow.register_model(f"models:/{logged.model_id}", "by-id")
    assert by_run.run_id == run.info.run_id
    assert (by_run.source, by_id.source) == (f"models:/{logged.model_id}",) * 2
    assert came_back("by-run") == came_back("by-id") == TRAINED.SerializeToString()


def a_model_that_is_no_onnx_is_kept_whole_and_predicts_as_before():
    trained = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    mlflow.sklearn.log_model(
        trained, name="model", pip_requirements=["scikit-learn"], registered_model_name="sklearn"
    )
    assert only_version("sklearn").version
    loaded = mlflow.sklearn.load_model("models:/sklearn/1")
    data = np.linspace(-1, 2, 7).reshape(-1, 1)
    assert (loaded.predict_proba(data) == trained.predict_proba(data)).all()


def what_was_logged_of_a_parameter_stays():
    run = client.create_run("0").info.run_id
    client.log_param(run, "depth", 3)
    client.log_param(run, "depth", 3)
    invalid(lambda: client.log_param(run, "depth", 4))
    invalid(lambda: client.log_metric(run, "a\tb", 1))
    missing(lambda: client.log_metric("0" * 32, "a", 1))
    client.set_terminated(run, "FAILED")
    assert client.get_run(run).info.status == "FAILED"


@differs(
    "an experiment's artifacts are kept here: an `artifact_location` is refused",
    "anywhere",
)
def artifacts_of_an_experiment_are_kept_here():
    with differing("it was not refused"):
        invalid(lambda: client.create_experiment("elsewhere", artifact_location="s3://bucket/x"))


@differs(
    "a filter of logged models by metrics, parameters or datasets is refused",
    "it is answered",
)
def a_filter_that_is_not_understood_is_refused():
    search = client.search_logged_models
    for call in [
        lambda: search(["0"], "metrics.accuracy > 0.5"),
        lambda: search(["0"], "params.depth = '3'"),
        lambda: search(["0"], datasets=[{"dataset_name": "digits"}]),
    ]:
        with differing("it was not refused"):
            invalid(call)


@differs(
    "a model that a run made is noted once, also if it is told again",
    "told again, it is refused",
)
def a_model_that_a_run_made_may_be_told_again():
    run = client.create_run("0").info.run_id
    model = client.create_logged_model("0", name="told").model_id
    client.log_outputs(run, [LoggedModelOutput(model, step=1)])
    with differing("it was not accepted"):
        accepted(lambda: client.log_outputs(run, [LoggedModelOutput(model, step=1)]))
    assert len(client.get_run(run).outputs.model_outputs) == 1


CLAIMS = [
    a_model_logged_without_a_run_is_registered_and_comes_back,
    a_run_keeps_what_is_logged_and_its_model_is_registered,
    what_a_run_logged_is_registered_later_by_its_run_or_by_its_id,
    a_model_that_is_no_onnx_is_kept_whole_and_predicts_as_before,
    what_was_logged_of_a_parameter_stays,
    artifacts_of_an_experiment_are_kept_here,
    a_filter_that_is_not_understood_is_refused,
    a_model_that_a_run_made_may_be_told_again,
]
