"""Calls the models that TensorFlow Serving serves.

  python -m export.client --segment=PHOTO --output=DIR
  python -m export.client --synthesize=MAP --seed=0 --output=DIR

The first writes <stem>_vessel_probability.png and <stem>_vessel_map.png, the
second <stem>_<seed>_fundus.png and <stem>_vessel_map.png. --server decides the
protocol: http://localhost:8501 is REST, grpc://localhost:8500 is gRPC. From
Python: `connect`, then `predict`; docs/serving.md has the signatures.
"""

import math
import pathlib
import urllib.parse

import numpy as np
from absl import flags

from migan_tf.base import command_line, files
from migan_tf.base.errors import UserError

from . import client_protocols

SEGMENTATION, SYNTHESIS = "migan_segmentation", "migan_synthesis"
LARGEST_INT64 = 2**63 - 1


def define_flags() -> None:
    """Defines the flags; nobody who imports this module gets them."""
    flags.DEFINE_string("segment", "", "A photograph, PNG or JPEG.")
    flags.DEFINE_string("synthesize", "", "Or a vessel map, PNG or JPEG.")
    flags.DEFINE_string("output", "", "Folder of the results; made.")
    flags.DEFINE_integer(
        "seed",
        0,
        help="Of the noise.",
        lower_bound=0,
        upper_bound=LARGEST_INT64,
    )
    flags.DEFINE_float(
        "noise_stddev", 1.0, help="σ of the noise.", lower_bound=0.0
    )
    flags.DEFINE_string(
        "server",
        "http://localhost:8501",
        "Address of TensorFlow Serving; grpc://localhost:8500 chooses gRPC.",
    )
    flags.DEFINE_integer(
        "model_version",
        None,
        help="Default: the latest.",
        lower_bound=0,
        upper_bound=LARGEST_INT64,
    )
    flags.DEFINE_float(
        "timeout_s",
        60,
        help="Longest silence of the server.",
        lower_bound=0.001,
        upper_bound=86400,
    )
    flags.DEFINE_integer(
        "retries",
        3,
        help="After no connection, no room or a time-out.",
        lower_bound=0,
        upper_bound=20,
    )


def connect(
    server, model_version=None, timeout_s=60, retries=3, backoff_s=0.5
) -> client_protocols.Client:
    """A client of the protocol that `server` names.

    Args:
      server: http://HOST:PORT, https://… or grpc://HOST:PORT.
      model_version: of the models that are called; default the latest.
      timeout_s: seconds for which the server may be silent.
      retries: attempts after the first that did not reach the server, found
        it busy or waited too long. What the server refuses is not retried.
      backoff_s: seconds before the first retry, doubled before each other.

    Returns:
      A context manager with the method `predict`.

    Raises:
      UserError: no such protocol, or gRPC's packages are missing.
    """
    try:
        parts = urllib.parse.urlsplit(server)
        known = parts.hostname and (parts.port or parts.scheme != "grpc")
    except ValueError:  # No number as the port.
        known = False
    if not known or parts.scheme not in ("http", "https", "grpc"):
        raise UserError(
            "--server must be http://HOST:PORT, https://HOST:PORT or "
            f"grpc://HOST:PORT. Received: {server}. Next: "
            "--server=http://localhost:8501"
        )
    protocol = client_protocols.RestClient
    if parts.scheme == "grpc":
        protocol = _grpc_client()
    return protocol(
        server.rstrip("/"),
        model_version,
        timeout_s=timeout_s,
        retries=retries,
        backoff_s=backoff_s,
    )


def _grpc_client():
    try:
        from . import client_grpc  # TensorFlow, only where it is asked for.
    except ImportError as error:
        raise UserError(
            "--server=grpc://… needs tensorflow-serving-api. Received: "
            f'{error}. Next: pip install "migan-tf[serving]", or give '
            "--server=http://HOST:8501"
        ) from error
    return client_grpc.GrpcClient


def segment(client, image_bytes) -> dict[str, bytes]:
    """{kind: PNG file} of a photograph, a PNG or JPEG file."""
    outputs = client.predict(
        SEGMENTATION, "segment_bytes", {"image_bytes": [image_bytes]}
    )
    print(f"otsu_threshold {outputs['otsu_threshold'][0]:.4f}")
    return {
        kind: outputs[f"{kind}_bytes"][0]
        for kind in ("vessel_probability", "vessel_map")
    }


def synthesize(client, map_bytes, seed, noise_stddev) -> dict[str, bytes]:
    """{kind: PNG file} of a vessel map, a PNG or JPEG file."""
    inputs = {
        "vessel_map_bytes": [map_bytes],
        "seed": np.array([seed], np.int64),
        "noise_stddev": np.array([noise_stddev], np.float32),
    }
    outputs = client.predict(SYNTHESIS, "synthesize_bytes", inputs)
    return {
        f"{seed}_fundus": outputs["fundus_bytes"][0],
        "vessel_map": outputs["vessel_map_bytes"][0],
    }


def _read(flag, path) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise UserError(
            f"--{flag} must be an image file that can be read. Received: "
            f"{path}, {error.strerror}. Next: ls -l {path}"
        ) from error


def _write(output, stem, kind, content) -> None:
    path = pathlib.Path(output) / f"{stem}_{kind}.png"
    try:
        with files.atomic_path(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise UserError(
            "--output must be a folder that can be written. Received: "
            f"{output}, {error.strerror}. Next: choose another, or make room"
        ) from error
    print(path)


def main(argv):
    """Checks the flags, calls the server and writes what it answers."""
    command_line.no_arguments(argv)
    given = flags.FLAGS
    if bool(given.segment) == bool(given.synthesize):
        raise UserError(
            "give either --segment=PHOTO or --synthesize=MAP. Received: "
            f"--segment={given.segment!r} --synthesize={given.synthesize!r}"
        )
    command_line.required(output=given.output)
    for name in ("timeout_s", "noise_stddev"):
        if not math.isfinite(given[name].value):
            raise UserError(
                f"--{name} must be finite. Received: {given[name].value}. "
                f"Next: --{name}={given[name].default:g}"
            )
    flag = "segment" if given.segment else "synthesize"
    path = given[flag].value
    content = _read(flag, path)
    with connect(
        given.server,
        given.model_version,
        timeout_s=given.timeout_s,
        retries=given.retries,
    ) as client:
        if flag == "segment":
            results = segment(client, content)
        else:
            results = synthesize(
                client,
                content,
                seed=given.seed,
                noise_stddev=given.noise_stddev,
            )
    for kind, image in results.items():
        _write(given.output, pathlib.Path(path).stem, kind=kind, content=image)


if __name__ == "__main__":
    define_flags()
    command_line.run(main)
