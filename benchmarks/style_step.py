r"""Times an iteration with the style terms against one without, in turn.

  python -m benchmarks.style_step --flagfile=experiments/drive_style.flags \
      --style_image=21_training --manual_dir=DIR [--rounds=5] [--json=FILE]

Each round does one iteration of every variant, and a ratio is the median over
the rounds of what stood side by side. The networks have random weights, and
nothing is written but the JSON file.
"""

import dataclasses
import json
import os

from absl import flags

from migan_tf.base import command_line, config_flags, files
from migan_tf.base.errors import UserError

_ROUNDS = flags.DEFINE_integer(
    "rounds", 5, help="Number of rounds that are timed.", lower_bound=1
)
_JSON = flags.DEFINE_string(
    "json", "", "JSON file of the figures; by default none is written."
)


def table(rows) -> str:
    """Returns what is printed of {variant: figures}."""
    lines = [f"{'':<34}{'seconds':>9}{'ratio':>8}{'of it VGG-19':>14}"]
    for name, row in rows.items():
        share = row["vgg19_seconds"] / row["seconds"]
        lines.append(
            f"{name:<34}{row['seconds']:9.3f}{row['ratio']:8.2f}{share:14.0%}"
        )
    return "\n".join(lines)


def main(argv):
    """Checks the flags, measures, prints."""
    command_line.no_arguments(argv)
    config = dataclasses.replace(config_flags.from_flags(), task="synthesis")
    if config.deviation != "style":
        raise UserError(
            "--deviation must be style: its cost is compared with that of L1. "
            f"Received: {config.deviation}. Next: "
            "--flagfile=experiments/drive_style.flags"
        )
    load = os.getloadavg()[0]
    command_line.choose_kernels(config.segmenter)
    from benchmarks import style_timing  # TensorFlow, with these kernels.

    rows = style_timing.compare(config, _ROUNDS.value)
    print(
        f"synthesis, {config.image_size}², batch {config.batch_size}, "
        f"{config.generator_steps} updates of G and one of D, segmenter "
        f"{config.segmenter}\n{table(rows)}\nload average before: {load:.1f}, "
        f"{os.cpu_count()} cores, TF_ENABLE_ONEDNN_OPTS="
        f"{os.environ['TF_ENABLE_ONEDNN_OPTS']}"
    )
    if _JSON.value:
        report = {"variants": rows, "config": dataclasses.asdict(config)}
        files.write_text(_JSON.value, json.dumps(report, indent=1))


if __name__ == "__main__":
    config_flags.define_flags()
    flags.FLAGS.set_default("workdir", "(none)")  # nothing is written there
    command_line.run(main)
