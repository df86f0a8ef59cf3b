r"""Times training steps against PyTorch's of the same networks.

  pip install -e ".[benchmark]"
  python -m benchmarks.step_time [--rounds=7] [--steps=3] [--cases=a,b] \
      [--json=FILE]

Both stand ready in processes of their own and take turns, so that a slow change
of the machine's load cancels out of the ratios.
"""

import contextlib
import json
import os
import subprocess
import sys

import numpy as np
from absl import flags

from benchmarks.step_time_cases import CASES
from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError

SIDES = ("tensorflow", "pytorch")

_ROUNDS = flags.DEFINE_integer(
    "rounds", 7, help="Number of turns of each side.", lower_bound=1
)
_STEPS = flags.DEFINE_integer(
    "steps", 3, help="Number of steps in a turn.", lower_bound=1
)
_CASES = flags.DEFINE_list(
    "cases", list(CASES), f"Which of {', '.join(CASES)} to time."
)
_JSON = flags.DEFINE_string(
    "json", "", "JSON file of the figures; by default none is written."
)


def start(side, case):
    """Starts a process that times as many steps as each line asks for."""
    environment = dict(os.environ)
    if side == "tensorflow":
        onednn = command_line.kernels_for(CASES[case]["segmenter"])
        environment.setdefault("TF_ENABLE_ONEDNN_OPTS", onednn)
    return subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.step_time_{side}", case],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def turn(process, steps) -> float:
    """Returns the seconds of a step, the mean over `steps`."""
    line = ""
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(f"{steps}\n")
        process.stdin.flush()
        line = process.stdout.readline()
    if not line:
        raise UserError(
            f"{' '.join(process.args)} ended with {process.wait()}; its own "
            "message stands above. Is PyTorch there? pip install -e "
            '".[benchmark]"'
        )
    return float(line)


def measure(case, rounds, steps) -> dict:
    """Measures the seconds of both sides and the rounds' median ratio."""
    processes = {side: start(side, case) for side in SIDES}
    try:
        seconds = [
            [turn(processes[side], steps) for side in SIDES]
            for _ in range(rounds + 1)
        ][1:]  # The first turn compiles.
    finally:
        for process in processes.values():
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            process.wait()
    ours, theirs = np.transpose(seconds)
    return {
        "tensorflow_seconds": float(np.median(ours)),
        "pytorch_seconds": float(np.median(theirs)),
        "ratio": float(np.median(ours / theirs)),
        "ratios": (ours / theirs).tolist(),
    }


def main(argv):
    """Checks the flags, measures, prints."""
    command_line.no_arguments(argv)
    unknown = set(_CASES.value) - set(CASES)
    if unknown:
        raise UserError(
            f"--cases must be of {', '.join(CASES)}. Received: "
            f"{', '.join(sorted(unknown))}"
        )
    results = {}
    print(f"{'':<22}{'TensorFlow':>12}{'PyTorch':>12}{'ratio':>8}")
    for case in _CASES.value:
        found = measure(case, _ROUNDS.value, _STEPS.value)
        print(
            f"{case:<22}{found['tensorflow_seconds']:>10.3f} s"
            f"{found['pytorch_seconds']:>10.3f} s{found['ratio']:>8.2f}",
            flush=True,
        )
        results[case] = found
    if _JSON.value:
        files.write_text(_JSON.value, json.dumps(results, indent=1))


if __name__ == "__main__":
    command_line.run(main)
