r"""Calls the models that TensorFlow Serving serves.

  python -m export.client --segment=PHOTO --output=DIR
  python -m export.client --synthesize=MAP --seed=0 --output=DIR \
      [--contrast=1.5] [--style_fundus=PHOTO]

The first writes <stem>_vessel_probability.png and <stem>_vessel_map.png, the
second <stem>_<seed>_fundus.png and <stem>_vessel_map.png, and where the model
is one of --generator=delta <stem>_fov_mask.png. --server decides the protocol:
http://localhost:8501 is REST, grpc://localhost:8500 is gRPC. From Python:
`connect`, then `predict`; docs/serving.md has the signatures.
"""

import dataclasses
import functools
import io
import pathlib
import urllib.parse

import numpy as np
from PIL import Image

from migan_tf.base import command_line, files, settings
from migan_tf.base.errors import UserError, quoted
from migan_tf.base.settings import field

from . import client_protocols, client_rest

SEGMENTATION, SYNTHESIS = "migan_segmentation", "migan_synthesis"
LARGEST_INT64 = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Settings:
    """The flags of the command; each field's help says what it is."""

    segment: str = field(
        topic="What is asked for",
        default="",
        help="Photograph to segment, PNG or JPEG.",
        place=True,
    )
    synthesize: str = field(
        default="", help="Vessel map to paint, PNG or JPEG.", place=True
    )
    output: str = field(
        default="",
        help="Folder of the results; it is made where need be.",
        place=True,
    )
    seed: int = field(
        default=0, help="Seed of the noise.", minimum=0, maximum=LARGEST_INT64
    )
    noise_stddev: float = field(
        default=1.0, help="Standard deviation of the noise.", minimum=0.0
    )
    contrast: float | None = field(
        default=None,
        help=(
            "Contrast of the painted vessels, 1 as photographed; for models of "
            "--generator=delta."
        ),
        minimum=0.0,
        maximum=4.0,
    )
    style_fundus: str = field(
        default="",
        help=(
            "Photograph in whose style to paint, PNG or JPEG; for "
            "models of --generator=delta."
        ),
        place=True,
    )
    server: str = field(
        topic="The server",
        default="http://localhost:8501",
        help=(
            "Address of TensorFlow Serving; grpc://localhost:8500 chooses gRPC."
        ),
    )
    model_version: int | None = field(
        default=None,
        help="Version of the model; by default the latest.",
        minimum=0,
        maximum=LARGEST_INT64,
    )
    timeout_s: float = field(
        default=60.0,
        help="Seconds within which a call must be answered.",
        minimum=0.001,
        maximum=86400,
    )
    retries: int = field(
        default=3,
        help=(
            "How often a call is repeated that found no connection, no room "
            "or no answer in time."
        ),
        minimum=0,
        maximum=20,
    )


def connect(
    server, model_version=None, timeout_s=60, retries=3, backoff_s=0.5
) -> client_protocols.Client:
    """Makes a client of the protocol that `server` names.

    Args:
      server: http://HOST:PORT, https://HOST:PORT or grpc://HOST:PORT.
      model_version: version of the models that are called; by default the
        latest.
      timeout_s: seconds within which a call must be answered.
      retries: how often a call is repeated that did not reach the server,
        found it busy or waited too long. What the server refuses is not
        tried again.
      backoff_s: seconds before the first retry; doubled before each other.

    Returns:
      A context manager with the method `predict`.

    Raises:
      UserError: there is no such protocol, or gRPC's packages are missing.
    """
    try:
        parts = urllib.parse.urlsplit(server)
        known = parts.hostname and (parts.port or parts.scheme != "grpc")
        known = known and server.isascii() and server.isprintable()
        known = known and not (parts.query or parts.fragment or " " in server)
        parts.netloc.encode("idna")  # No part of a name is empty or long.
    except ValueError:  # The port is no number.
        known = False
    if not known or parts.scheme not in ("http", "https", "grpc"):
        raise UserError(
            "--server must be http://HOST:PORT, https://HOST:PORT or "
            f"grpc://HOST:PORT. Received: {server}. Next: "
            "--server=http://localhost:8501"
        )
    if "@" in parts.netloc:
        raise UserError(
            "--server must be an address without a name and a password, which "
            "TensorFlow Serving does not know. Received: one with "
            f"{parts.username}:…@. Next: --server={parts.scheme}://"
            f"{parts.netloc.rpartition('@')[2]}"
        )
    protocol = client_rest.RestClient
    if parts.scheme == "grpc":
        protocol = _grpc_client()
    return protocol(
        server.rstrip("/"),
        model_version=model_version,
        timeout_s=timeout_s,
        retries=retries,
        backoff_s=backoff_s,
    )


def _grpc_client():
    try:
        from . import client_grpc  # Only gRPC needs TensorFlow.
    except ImportError as error:
        raise UserError(
            "--server=grpc://… needs tensorflow-serving-api. Received: "
            f'{error}. Next: pip install "migan-tf[serving]", or give '
            "--server=http://HOST:8501"
        ) from error
    return client_grpc.GrpcClient


def segment(client, image_bytes) -> dict[str, bytes]:
    """Segments a photograph, a PNG or JPEG file; returns {kind: PNG file}."""
    kinds = ("vessel_probability", "vessel_map")
    check = functools.partial(
        _check_files, kinds=kinds, size=_size_in_header(image_bytes)
    )
    outputs = client.predict(
        SEGMENTATION,
        "segment_bytes",
        {"image_bytes": [image_bytes]},
        check=lambda outputs: (check(outputs), _check_threshold(outputs)),
    )
    print(f"otsu_threshold {outputs['otsu_threshold'][0]:.4f}")
    return {kind: outputs[f"{kind}_bytes"][0] for kind in kinds}


def synthesize(
    client, map_bytes, seed, noise_stddev, contrast=None, style_bytes=None
) -> dict[str, bytes]:
    """Paints a vessel map, a PNG or JPEG file; returns {kind: PNG file}.

    Args:
      client: from `connect`.
      map_bytes: the vessel map's file.
      seed: of the noise.
      noise_stddev: σ.
      contrast: of the vessels, or None; 1 is as photographed. With it or a
        style the model must be one of --generator=delta.
      style_bytes: file of a photograph in whose style to paint, or None.
    """
    signature = "synthesize_bytes"
    inputs = {
        "vessel_map_bytes": [map_bytes],
        "seed": np.array([seed], np.int64),
        "noise_stddev": np.array([noise_stddev], np.float32),
    }
    if contrast is not None or style_bytes is not None:
        signature = "paint_bytes"
        contrast = 1.0 if contrast is None else contrast
        inputs["contrast"] = np.array([contrast], np.float32)
        # No bytes are no photograph.
        inputs["style_fundus_bytes"] = [style_bytes or b""]
    kinds = ("fundus", "vessel_map", "fov_mask")

    def named(outputs):  # Only models of --generator=delta have a fov_mask.
        return [k for k in kinds if k != "fov_mask" or f"{k}_bytes" in outputs]

    outputs = client.predict(
        SYNTHESIS,
        signature,
        inputs,
        check=lambda outputs: _check_files(outputs, kinds=named(outputs)),
    )
    found = {kind: outputs[f"{kind}_bytes"][0] for kind in named(outputs)}
    return {f"{seed}_fundus": found.pop("fundus"), **found}


def _check_files(outputs, kinds, size=None):
    """Looks whether an answer is one PNG file of each kind, all of one size.

    Args:
      outputs: of `predict`.
      kinds: the files' names without `_bytes`.
      size: (height, width) that they must have; None: any.

    Raises:
      ValueError, KeyError, TypeError: it is another.
    """
    for kind in kinds:
        (content,) = _one(outputs, f"{kind}_bytes")
        try:
            with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
                own = image.height, image.width
                size = size or own
                if own != size:
                    raise ValueError(
                        f"{kind} of {own[0]} × {own[1]} where {size[0]} × "
                        f"{size[1]} pixels are due (height × width)"
                    )
                image.load()
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"{kind} is no whole PNG file") from error


def _check_threshold(outputs):
    (threshold,) = _one(outputs, "otsu_threshold")
    if not 0 <= float(threshold) <= 1:
        raise ValueError(f"otsu_threshold {threshold}, which is not in [0,1]")


def _one(outputs, name):
    found = outputs[name]
    if len(found) != 1:
        raise ValueError(f"{len(found)} × {name} where one is due")
    return found


def _size_in_header(content):
    """(height, width) as it is stored; None where the server must judge."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
            return image.height, image.width
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _read(flag, path) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise UserError(
            f"--{flag} must be an image file that can be read. Received: "
            f"{path}, {error.strerror}. Next: ls -l {quoted(path)}"
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


def _check_style(given) -> None:
    wishes = given.contrast is not None or given.style_fundus
    if given.segment and wishes:
        raise UserError(
            "--contrast and --style_fundus go with --synthesize=MAP. Received: "
            f"--segment={given.segment!r}. Leave them out"
        )


def main(argv):
    """Checks the flags, calls the server and writes what it answers."""
    command_line.no_arguments(argv)
    given = settings.read(Settings)
    if bool(given.segment) == bool(given.synthesize):
        raise UserError(
            "give either --segment=PHOTO or --synthesize=MAP. Received: "
            f"--segment={given.segment!r} --synthesize={given.synthesize!r}"
        )
    _check_style(given)
    command_line.required(output=given.output)
    flag = "segment" if given.segment else "synthesize"
    path = getattr(given, flag)
    content, style = _read(flag, path), None
    if given.style_fundus:
        style = _read("style_fundus", given.style_fundus)
    with connect(
        given.server,
        model_version=given.model_version,
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
                contrast=given.contrast,
                style_bytes=style,
            )
    for kind, image in results.items():
        _write(given.output, pathlib.Path(path).stem, kind=kind, content=image)


if __name__ == "__main__":
    settings.define(Settings)
    command_line.run(main)
