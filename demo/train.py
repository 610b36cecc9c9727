"""Makes what `seatrial demo` plays with: four models, a holdout and live traffic.

The data are scikit-learn's digits: 1,797 real scans of 8 x 8 pixels, bundled with scikit-learn.
A quarter of the live rows come from a "mobile scanner" with 40 % of the contrast, which neither
training nor holdout has seen. The seed was chosen among sixty so that the scenario shows what it
is meant to show; it is built, not found.

Run it in an environment with requirements.txt installed:

    python train.py

It writes models/ and data/ beside itself and prints the accuracies that README.md quotes, all
measured on the exported files with ONNX Runtime. Nothing here is needed to run Seatrial.
"""

import csv
from pathlib import Path

import numpy as np
import onnxruntime
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

SEED = 22
TRAIN, HOLDOUT = 718, 359
MOBILE_ROWS, MOBILE_CONTRAST = 180, 0.4
OPSET = {"": 17, "ai.onnx.ml": 3}
HERE = Path(__file__).parent


def split():
    """Rows for training, holdout and live traffic, and which of the live ones are mobile."""
    images, labels = load_digits(return_X_y=True)
    images = images.astype(np.float32)
    random = np.random.default_rng(SEED)
    order = random.permutation(len(images))
    train, holdout, live = np.split(order, [TRAIN, TRAIN + HOLDOUT])
    mobile = np.zeros(len(live), dtype=bool)
    mobile[random.permutation(len(live))[:MOBILE_ROWS]] = True
    live_images = images[live]
    live_images[mobile] = np.round(live_images[mobile] * MOBILE_CONTRAST, 1)
    return (
        (images[train], labels[train]),
        (images[holdout], labels[holdout]),
        (live_images, labels[live], mobile),
    )


def fit(images, labels):
    """The four versions, and version 3 as its author measured it."""
    v1 = make_pipeline(Normalizer(), LogisticRegression(C=0.3, max_iter=2000))
    v2 = GradientBoostingClassifier(
        n_estimators=24, max_depth=2, learning_rate=0.2, max_features=8, random_state=SEED
    )
    notebook = make_pipeline(
        StandardScaler(), MLPClassifier((32,), max_iter=400, random_state=SEED)
    )
    v4 = make_pipeline(Normalizer(), MLPClassifier((48,), max_iter=400, random_state=SEED))
    for model in (v1, v2, notebook, v4):
        model.fit(images, labels)
    # The mistake of version 3: the network leaves for production without its scaler.
    return {"v1": v1, "v2": v2, "v3": notebook[-1], "v4": v4}, notebook


def export(name, model):
    """Writes a model that takes `image` and answers `label` and `probabilities`."""
    proto = convert_sklearn(
        model,
        name=f"digits-{name}",
        initial_types=[("image", FloatTensorType([None, 64]))],
        options={id(model): {"zipmap": False}},
        target_opset=OPSET,
    )
    assert [output.name for output in proto.graph.output] == ["label", "probabilities"]
    path = HERE / "models" / f"{name}.onnx"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(proto.SerializeToString(deterministic=True))
    return path


def write(path, images, labels, mobile):
    """One row a scan: its pixels, its label, the client it came from."""
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([f"pixel_{index}" for index in range(64)] + ["label", "client"])
        for image, label, is_mobile in zip(images, labels, mobile, strict=True):
            pixels = [f"{pixel:g}" for pixel in image.tolist()]
            rows.writerow([*pixels, label, "mobile" if is_mobile else "web"])


def predict(path, images):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(["label"], {"image": images})[0]


def main():
    train, holdout, (live_images, live_labels, mobile) = split()
    versions, notebook = fit(*train)
    write(HERE / "data" / "holdout.csv", *holdout, np.zeros(HOLDOUT, dtype=bool))
    write(HERE / "data" / "live.csv", live_images, live_labels, mobile)

    print(f"v3 in its notebook: {notebook.score(*holdout):.3f}")
    print("| version | offline | live | mobile | web | disagrees with v1: live | mobile | web |")
    print("|---|---|---|---|---|---|---|---|")
    incumbent = None
    for name, model in versions.items():
        path = export(name, model)
        answers = predict(path, live_images)
        incumbent = answers if incumbent is None else incumbent
        figures = [np.mean(predict(path, holdout[0]) == holdout[1])]
        for outcome in (answers == live_labels, answers != incumbent):
            figures += [outcome.mean(), outcome[mobile].mean(), outcome[~mobile].mean()]
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")


if __name__ == "__main__":
    main()
