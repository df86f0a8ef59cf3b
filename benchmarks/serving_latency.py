"""Times a served segmentation by its stages, and the network elsewhere.

  python -m benchmarks.serving_latency --workdir=RUN [--rounds=20]

A call has one photograph, a phantom of DRIVE's size. Every round does each
stage once, so that what is compared stood side by side. OpenVINO and PyTorch
are timed where they are installed (the extras `test` and `benchmark`). PyTorch
runs the same Keras model in a process of its own. A run of random weights is as
good as a trained one.
"""

import json
import os

from absl import flags

from migan_tf.base import command_line, files, run_record

_WORKDIR = flags.DEFINE_string(
    "workdir", "", "Folder of a run with a segmenter."
)
_ROUNDS = flags.DEFINE_integer(
    "rounds", 20, help="Number of rounds that are timed.", lower_bound=1
)
_JSON = flags.DEFINE_string(
    "json", "", "JSON file of the figures; by default none is written."
)

ROWS = {
    "decode": "PNG to pixels",
    "preprocess": "FOV, resampling, z-score",
    "network": "TensorFlow, in the graph",
    "postprocess": "to the photograph's size, Otsu",
    "encode": "two PNGs",
    "whole": "the signature segment_bytes",
    "keras_predict": "the network by Keras `predict`",
    "openvino": "the network by OpenVINO",
    "pytorch": "the network by PyTorch",
}


def table(seconds) -> str:
    """Returns what is printed of {row: median seconds}."""
    network = seconds["network"]
    lines = [f"{'':<45}{'ms':>9}{'of network':>12}"]
    for name, text in ROWS.items():
        if name in seconds:
            share = seconds[name] / network
            title = f"{name}, {text}"
            lines.append(f"{title:<45}{1e3 * seconds[name]:9.1f}{share:12.1%}")
    around = seconds["preprocess"] + seconds["postprocess"]
    lines.append(f"preprocess and postprocess: {around / network:.1%}")
    return "\n".join(lines)


def main(argv):
    """Checks the flags, measures, prints."""
    command_line.no_arguments(argv)
    command_line.required(workdir=_WORKDIR.value)
    folder = f"{_WORKDIR.value}/segmentation"
    command_line.choose_kernels(run_record.read_config(folder).segmenter)
    load = os.getloadavg()[0]
    from benchmarks import serving_timing  # TensorFlow, with these kernels.

    config, seconds = serving_timing.measure(folder, _ROUNDS.value)
    flips = " × 4 flips" if config.test_time_flips else ""
    print(
        f"{config.segmenter}, {config.segmenter_filters} filters, "
        f"{config.image_size}²{flips}\n{table(seconds)}\nload average before: "
        f"{load:.1f}, {os.cpu_count()} cores, TF_ENABLE_ONEDNN_OPTS="
        f"{os.environ['TF_ENABLE_ONEDNN_OPTS']}"
    )
    if _JSON.value:
        files.write_text(_JSON.value, json.dumps(seconds, indent=1))


if __name__ == "__main__":
    command_line.run(main)
