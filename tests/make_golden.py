"""Makes tests/golden/: small models of fixed weights, asked and answered.

  python -m tests.make_golden

The tests build the same models again and compare their answers with the file.
Run it only when an answer is meant to change, and say why in the commit.
"""

import base64
import json
import pathlib

import numpy as np
import tensorflow as tf

from export import signatures, warm_up
from migan_tf.base.config import Config
from migan_tf.models.build import build_network

FILE = pathlib.Path(__file__).parent / "golden" / "requests.json"
CONFIG = Config(
    image_size=64,
    segmenter="unet",
    unet_depth=2,
    segmenter_filters=4,
    base_filters=4,
    noise_size=8,
    test_time_flips=True,
)


def functions(task) -> dict:
    """{signature: tf.function} of a network of fixed weights."""
    network = build_network(CONFIG, task)
    rng = np.random.default_rng(2018)
    for variable in network.variables:
        # About the size that He et al. start with, so that no layer is silent.
        fan = max(1, int(np.prod(variable.shape[:-1])))
        values = rng.normal(0.0, np.sqrt(2.0 / fan), variable.shape)
        if "variance" in variable.path or "gamma" in variable.path:
            values = 0.5 + rng.random(variable.shape)
        variable.assign(values)
    if task == "segmentation":
        return signatures.segmentation(network, CONFIG)[1]
    row, column = np.indices((64, 64)) - 31.5
    disc = (row**2 + column**2 < 30**2)[..., None]
    return signatures.synthesis(network, CONFIG, disc)[1]


def encode(array) -> dict:
    """An array, also one of byte strings, as JSON."""
    array = np.asarray(array)
    if array.dtype == object or array.dtype.kind == "S":
        values = [base64.b64encode(x).decode() for x in array.ravel()]
        return {"strings": values}
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": array.shape, "data": data}


def decode(value):
    """What `encode` was given."""
    if "strings" in value:
        return np.array([base64.b64decode(x) for x in value["strings"]], object)
    data = np.frombuffer(base64.b64decode(value["data"]), value["dtype"])
    return data.reshape(value["shape"])


def main():
    """Asks every signature once and writes the answers down."""
    rows = []
    for task in ("segmentation", "synthesis"):
        found = functions(task)
        for name, inputs in warm_up.requests(found, CONFIG, side=72).items():
            tensors = {key: tf.constant(value) for key, value in inputs.items()}
            outputs = found[name](**tensors)
            rows.append(
                {
                    "task": task,
                    "signature": name,
                    "inputs": {k: encode(v) for k, v in inputs.items()},
                    "outputs": {
                        k: encode(v.numpy()) for k, v in outputs.items()
                    },
                }
            )
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
