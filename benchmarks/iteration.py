r"""Times the iterations of a flagfile, its input pipeline and its memory.

  python -m benchmarks.iteration --flagfile=experiments/drive.flags \
      --manual_dir=DIR [--task=synthesis] [--iterations=20] [--json=FILE]

Trains networks of random weights for a few iterations and writes nothing but
the JSON file. benchmarks/README.md says what each line of the table means.
"""

import dataclasses
import json
import os

from absl import flags

import migan_tf
from migan_tf.base import command_line, config_flags, files

INPUT_LIMIT = 0.05  # of an iteration

_ITERATIONS = flags.DEFINE_integer(
    "iterations", 20, help="Number of iterations that are timed.", lower_bound=2
)
_WARMUP = flags.DEFINE_integer(
    "warmup", 3, help="Number of iterations before those.", lower_bound=1
)
_JSON = flags.DEFINE_string(
    "json", "", "JSON file of the figures; by default none is written."
)


def table(title, found) -> str:
    """Returns what is printed of one task."""
    share, live = found["input_share"], found["live_over_constant"]
    verdict = "within" if share < INPUT_LIMIT else "ABOVE"
    low, high = found["live_iteration_5_to_95"]
    lines = [f"\n{title}"]
    for text, key, note in (
        (f"network, all {found['network_updates']} updates", "network", ""),
        ("discriminator update", "discriminator", ""),
        ("iteration, constant batch", "constant_iteration", ""),
        ("iteration, live input", "live_iteration", f"{live:+.1%}"),
        ("input on its own", "input", f"{share:.1%}, {verdict} 5 %"),
    ):
        seconds = found[f"{key}_seconds"]
        lines.append(f"  {text:<27}{seconds:9.4f} s  {note}".rstrip())
    peak = found["peak_resident_bytes"] / 1e9
    lines.append(f"  {'90 % of live iterations':<27}{low:9.4f} to {high:.4f} s")
    lines.append(f"  {'peak memory of the process':<27}{peak:9.2f} GB")
    return "\n".join(lines)


def main(argv):
    """Checks the flags, measures, prints."""
    command_line.no_arguments(argv)
    config = config_flags.from_flags()
    load = os.getloadavg()[0]
    command_line.choose_kernels(config.segmenter)
    from benchmarks import iteration_timing  # TensorFlow, with these kernels.

    results = {}
    settings = config, _ITERATIONS.value, _WARMUP.value
    for name, found in iteration_timing.tasks(*settings):
        size = f"{config.network_size(name)}²"
        precision = found["precision"]
        title = f"{name}, {size}, batch {config.batch_size}, {precision}"
        print(table(title, found), flush=True)
        results[name] = found
    onednn = os.environ["TF_ENABLE_ONEDNN_OPTS"]
    report = {
        "tasks": results,
        "load_average_before": load,
        "cores": os.cpu_count(),
        "onednn": onednn,
        "version": migan_tf.__version__,
        "config": dataclasses.asdict(config),
    }
    print(
        f"\nload average before: {load:.1f}, {report['cores']} cores, "
        f"TF_ENABLE_ONEDNN_OPTS={onednn}"
    )
    if _JSON.value:
        files.write_text(_JSON.value, json.dumps(report, indent=1))


if __name__ == "__main__":
    config_flags.define_flags()
    flags.FLAGS.set_default("workdir", "(none)")  # nothing is written there
    command_line.run(main)
