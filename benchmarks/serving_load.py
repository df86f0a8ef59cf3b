r"""Many clients, some of whom send rubbish: is every answer right?

  python -m benchmarks.serving_load --model=export/models/migan_segmentation \
      [--requests=2000] [--clients=8]

Starts the stand-in server of the tests, which maps TensorFlow Serving's
protocols onto the SavedModel, in a process of its own, and calls segment_bytes
by REST and by gRPC in turn; one request in twenty is broken. Prints what came
back, the requests a second, and the server's memory over the quarters of the
run. Ends with 1 where an answer was wrong.
"""

import collections
import concurrent.futures
import itertools
import multiprocessing
import os
import pathlib
import re
import time

import numpy as np
from absl import flags

from migan_tf.base import command_line
from migan_tf.base.errors import UserError
from migan_tf.inference import model_folder

_MODEL = flags.DEFINE_string(
    "model", "", "SavedModel, or the folder of its versions."
)
_REQUESTS = flags.DEFINE_integer(
    "requests", 2000, help="Number of requests.", lower_bound=8
)
_CLIENTS = flags.DEFINE_integer(
    "clients", 8, help="Number of clients at once.", lower_bound=1
)

NAME = "migan_segmentation"
BROKEN_EVERY = 20
PHOTOGRAPHS = 5
SIZE = (240, 232)  # height and width of the phantoms that are sent


def serve(folder, pipe) -> None:
    """Serves in a process of its own, says its addresses, ends when told to."""
    from tests import serving_stand_in

    with serving_stand_in.serving({NAME: {1: folder}}) as server:
        pipe.send((server.rest, server.grpc))
        pipe.recv()


def request_bodies():
    """Returns (good files, broken files)."""
    import cv2

    from migan_tf.phantom.retina import phantom_retina

    good = [
        cv2.imencode(".png", phantom_retina(*SIZE, seed).fundus[..., ::-1])[
            1
        ].tobytes()
        for seed in range(PHOTOGRAPHS)
    ]
    bomb = good[0][:16] + b"\x00\x01\x00\x00" * 2 + good[0][24:]
    return good, [b"", b"no picture", good[0][: len(good[0]) // 2], bomb]


def resident_bytes(pid) -> int:
    """Returns what a process holds in memory now."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024


def call(connected, number, good, broken, expected):
    """Sends one request and returns what kind of answer came."""
    if number % BROKEN_EVERY == BROKEN_EVERY - 1:
        content = broken[number // BROKEN_EVERY % len(broken)]
        try:
            connected.predict(NAME, "segment_bytes", {"image_bytes": [content]})
        except UserError as error:
            told = "pixels" in str(error) or "PNG" in str(error)
            return "broken, refused with the reason" if told else "WRONG reason"
        return "WRONG: broken, answered"
    which = number % len(good)
    outputs = connected.predict(
        NAME, "segment_bytes", {"image_bytes": [good[which]]}
    )
    same = outputs["vessel_map_bytes"] == expected[which]
    return "good, right" if same else "WRONG map"


def run(addresses, pid, requests, clients):
    """Counts of answers, seconds, the server's memory after each request."""
    from export import client

    good, broken = request_bodies()
    with client.connect(addresses[0]) as connected:
        expected = [
            connected.predict(NAME, "segment_bytes", {"image_bytes": [b]})[
                "vessel_map_bytes"
            ]
            for b in good
        ]
    counts, memory = collections.Counter(), []
    numbers = iter(range(requests))

    def work(address):
        with client.connect(address) as connected:
            # `next` on one iterator of ints is atomic in CPython.
            for number in numbers:
                yield_to = call(
                    connected,
                    number,
                    good=good,
                    broken=broken,
                    expected=expected,
                )
                counts[yield_to] += 1
                memory.append(resident_bytes(pid))

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        chosen = itertools.islice(itertools.cycle(addresses), clients)
        for job in [pool.submit(work, address) for address in chosen]:
            job.result()
    return counts, time.monotonic() - start, memory


def main(argv):
    """Checks the flags, runs, prints."""
    command_line.no_arguments(argv)
    command_line.required(model=_MODEL.value)
    found = model_folder.find("segmentation", model=_MODEL.value)
    command_line.choose_kernels(found.config.segmenter)
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    server = context.Process(target=serve, args=(str(found.path), other))
    server.start()
    other.close()  # The pipe then ends with a server that cannot start.
    try:
        counts, seconds, memory = run(
            pipe.recv(),
            server.pid,
            requests=_REQUESTS.value,
            clients=_CLIENTS.value,
        )
    finally:
        pipe.send(None)
        server.join(30)
    for kind, count in sorted(counts.items()):
        print(f"{count:6d} {kind}")
    rate = sum(counts.values()) / seconds
    print(f"{rate:.1f} requests a second, {os.cpu_count()} cores")
    quarters = np.array_split(np.array(memory) / 1e6, 4)
    for name, level in (("mean", np.mean), ("most", np.max)):
        levels = [level(quarter) for quarter in quarters]
        print(
            f"server's memory, MB, {name} of each quarter:",
            *map(round, levels),
            f"(last over second {levels[3] / levels[1] - 1:+.1%})",
        )
    return int(any("WRONG" in kind for kind in counts))


if __name__ == "__main__":
    command_line.run(main)
