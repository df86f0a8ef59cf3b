"""Times the stages of a served segmentation for `serving_latency`."""

import importlib.util
import os
import subprocess
import sys
import time

import numpy as np
import tensorflow as tf

from export import graph_ops, signatures
from migan_tf.data import geometry
from migan_tf.inference import run_networks
from migan_tf.phantom.retina import phantom_retina

SIZE = (584, 565)  # height and width of DRIVE's photographs
TORCH = """
import sys, time
import numpy as np
from migan_tf.models.segmenter import build_segmenter
import torch

name, size, filters, depth, skip, flips, rounds = sys.argv[1:]
network = build_segmenter(
    name,
    None,
    base_filters=int(filters),
    depth=int(depth),
    skip_connections=skip,
)
x = torch.zeros((1, int(size), int(size), 3))
seconds = []
with torch.no_grad():
    for _ in range(int(rounds) + 2):
        start = time.perf_counter()
        for _ in range(int(flips)):
            network(x, training=False)
        seconds.append(time.perf_counter() - start)
print(np.median(seconds[2:]))
"""


def measure(folder, rounds):
    """Times each stage once a round.

    Args:
      folder: the `segmentation` folder of a run.
      rounds: number of rounds that are timed, after two that are not.

    Returns:
      (config, {stage: median seconds}).
    """
    network, config = run_networks.load_network(folder, "segmentation")
    work = {**_stages(network, config), **_elsewhere(network, config)}
    seconds = {name: [] for name in work}
    for _ in range(rounds + 2):
        for name, stage in work.items():
            start = time.perf_counter()
            stage()
            seconds[name].append(time.perf_counter() - start)
    found = {name: float(np.median(s[2:])) for name, s in seconds.items()}
    if importlib.util.find_spec("torch"):
        found["pytorch"] = _pytorch(config, rounds)
    return config, found


def _stages(network, config):
    """Returns {stage: function}; each works on what the one before gave."""
    segmenter = run_networks.NetworkSegmenter(network, config)
    _, functions = signatures.segmentation(network, config)
    fundus = phantom_retina(*SIZE, 1).fundus
    image_bytes = tf.io.encode_png(fundus)

    @tf.function
    def decode(image_bytes):
        return graph_ops.decode(image_bytes, 3)

    @tf.function
    def preprocess(fundus):
        fov_mask = graph_ops.find_fov_mask(fundus)
        unit, square_mask = geometry.network_fundus(
            fundus,
            fov_mask,
            size=config.image_size,
            geometry=config.geometry,
        )
        return geometry.standardize(unit, square_mask), fov_mask

    @tf.function
    def apply(standardized_fundus):
        return segmenter.probability(standardized_fundus[None])[0]

    @tf.function
    def postprocess(probability, fov_mask):
        probability = geometry.from_network(
            probability, fov_mask, config.geometry
        )
        threshold = graph_ops.otsu_threshold(probability[..., 0], fov_mask)
        return probability, tf.cast(probability >= threshold, tf.uint8) * 255

    @tf.function
    def encode(probability, vessel_map):
        grey = tf.cast(tf.floor(probability * 255.0 + 0.5), tf.uint8)
        return tf.io.encode_png(grey), tf.io.encode_png(vessel_map)

    standardized_fundus, fov_mask = preprocess(fundus)
    square = apply(standardized_fundus)
    probability, vessel_map = postprocess(square, fov_mask)
    stages = {
        "decode": lambda: decode(image_bytes),
        "preprocess": lambda: preprocess(fundus),
        "network": lambda: apply(standardized_fundus),
        "postprocess": lambda: postprocess(square, fov_mask),
        "encode": lambda: encode(probability, vessel_map),
        "whole": lambda: functions["segment_bytes"](image_bytes[None]),
    }
    return stages


def _elsewhere(network, config):
    """Returns {runtime: function} of the network alone, for all views."""
    side, flips = config.image_size, _flips(config)
    image = np.zeros((1, side, side, 3), np.float32)
    work = {
        "keras_predict": lambda: [
            network.predict(image, verbose=0) for _ in range(flips)
        ]
    }
    if importlib.util.find_spec("openvino"):
        import openvino

        module, _ = signatures.segmentation(network, config)
        function = module.network.get_concrete_function()
        compiled = openvino.compile_model(
            openvino.convert_model(function), "CPU"
        )
        work["openvino"] = lambda: [compiled([image]) for _ in range(flips)]
    return work


def _pytorch(config, rounds):
    """Times the same Keras model on PyTorch in a process of its own."""
    arguments = (
        config.segmenter,
        config.image_size,
        config.segmenter_filters,
        config.unet_depth,
        config.skip_connections,
        _flips(config),
        rounds,
    )
    done = subprocess.run(
        [sys.executable, "-c", TORCH, *map(str, arguments)],
        env={**os.environ, "KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout.split()[-1])


def _flips(config):
    return 4 if config.test_time_flips else 1
