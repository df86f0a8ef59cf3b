"""Damaged, huge and odd image files: each is named, none costs the others."""

import functools
import gzip
import io
import os
import resource
import struct
import subprocess
import sys
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from migan_tf.base import image_files, map_kinds, pictures
from migan_tf.base.errors import UserError
from migan_tf.inference.model_folder import open_folder
from migan_tf.phantom.retina import phantom_retina

HUGE = 60_000  # pixels of a side, of which a header of some bytes tells
UNPACKED = 2**22  # bytes; the limit of the tests, and the bomb has one more
KINDS = ("png", "jpg", "jp2", "webp", "bmp", "tif", "gif", "ppm", "npy", "gz")
MUTATIONS = ("cut", "bits", "header", "nothing")


@pytest.fixture(scope="module")
def fundus():
    return phantom_retina(96, 120, 7).fundus


def encoded(kind, array) -> bytes:
    """A picture as a file of a kind."""
    stream = io.BytesIO()
    if kind == "npy":
        np.save(stream, array)
    elif kind == "gz":
        return gzip.compress(encoded("png", array), mtime=0)
    else:
        formats = {"jpg": "JPEG", "jp2": "JPEG2000", "tif": "TIFF"}
        Image.fromarray(array).save(stream, formats.get(kind, kind.upper()))
    return stream.getvalue()


def png_chunk(kind, data):
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum


@functools.cache
def bombs() -> dict[str, bytes]:
    """{name: file of some bytes whose header tells of a huge picture}."""
    sizes = struct.pack(">II", HUGE, HUGE)
    png = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", sizes + b"\x08\x02\0\0\0")
    png += png_chunk(b"IDAT", zlib.compress(b"\0" * 99)) + png_chunk(
        b"IEND", b""
    )
    jpeg = bytearray(encoded("jpg", np.zeros((8, 8, 3), np.uint8)))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", HUGE, HUGE)
    tags = [(256, HUGE), (257, HUGE), (258, 16), (259, 1), (262, 1)]
    tags += [(273, 8), (277, 1), (278, HUGE), (279, 99)]
    tiff = b"II*\0" + struct.pack("<IH", 8, len(tags))
    tiff += b"".join(struct.pack("<HHII", *(t, 4, 1, v)) for t, v in tags)
    header = {"descr": "|u1", "fortran_order": False, "shape": (HUGE, HUGE, 3)}
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, header)
    gif = bytearray(encoded("gif", np.zeros((8, 8), np.uint8)))
    gif[6:10] = struct.pack("<HH", HUGE, HUGE)
    bmp = bytearray(encoded("bmp", np.zeros((8, 8, 3), np.uint8)))
    bmp[18:26] = struct.pack("<ii", HUGE, HUGE)
    return {
        "a.ppm": b"P6 %d %d 255\n" % (HUGE, HUGE),
        "fits.ppm": b"P6 7000 7000 255\n",  # but for its pixels
        "a.pgm": b"P5 %d %d 65535\n" % (HUGE, HUGE),
        "a.png": png,
        "a.jpg": bytes(jpeg),
        "a.tif": tiff + b"\0" * 4,
        "a.npy": stream.getvalue(),
        "a.gif": bytes(gif),
        "a.bmp": bytes(bmp),
        "a.png.gz": gzip.compress(b"\0" * (UNPACKED + 1), 9),
    }


@pytest.mark.parametrize("name", sorted(bombs()))
def test_a_header_of_a_huge_picture_takes_no_memory(
    name, tmp_path, monkeypatch
):
    monkeypatch.setattr(image_files, "MOST_BYTES", UNPACKED)
    (tmp_path / name).write_bytes(bombs()[name])
    file = image_files.image_file(tmp_path / name)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in (image_files.check, image_files.read_photograph):
        with pytest.raises(UserError, match=rf"{name} is not readable"):
            read(file)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) * 1024 < 60e6


def test_the_largest_pictures_are_as_in_the_exported_graphs():
    from export import graph_ops

    assert pictures.MOST_SIDE == graph_ops.MOST_SIDE


def test_a_pipe_is_no_picture_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(
        UserError, match="a.png is not readable: it is no plain"
    ):
        image_files.check(image_files.image_file(tmp_path / "a.png"))


def mutated(content, how, rng) -> bytes:
    """A file with a fault of one of the `MUTATIONS`."""
    if how == "nothing":
        return b""
    if how == "cut":
        return content[: rng.integers(1, len(content))]
    changed = bytearray(content)
    if how == "header":  # that of another kind
        changed[:8] = rng.choice(
            [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0JFIF"]
        )
        return bytes(changed)
    for place in rng.integers(0, len(changed), 20):
        changed[place] ^= 1 << rng.integers(8)
    return bytes(changed)


def write_mutated(folder, fundus, count) -> list[str]:
    """Writes files of all kinds with faults; returns their names."""
    rng = np.random.default_rng(20180329)
    names = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        how = MUTATIONS[number // len(KINDS) % len(MUTATIONS)]
        content = mutated(encoded(kind, fundus), how, rng)
        names.append(f"{number:03d}_{how}.{kind}")
        (folder / names[-1]).write_bytes(content)
    return names


@pytest.mark.filterwarnings("ignore")  # of Pillow, of damaged metadata
def test_damaged_files_are_read_or_named(fundus, tmp_path):
    names, refused = write_mutated(tmp_path, fundus, 120), 0
    started = time.monotonic()
    for name in names:
        file = image_files.image_file(tmp_path / name)
        try:
            image_files.check(file)
            found = map_kinds.read_photograph(file)
        except UserError as error:
            assert name in str(error)
            refused += 1
        else:
            assert found.dtype == np.uint8 and found.shape[2] == 3
    assert refused > 50
    assert time.monotonic() - started < 120  # None of them hangs.


@pytest.mark.slow
def test_200_damaged_files_do_not_cost_the_whole_ones(
    tiny_run, fundus, tmp_path
):
    """In a process: no traceback, each named, the others segmented."""
    inputs, output = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    names = write_mutated(inputs, fundus, 200)
    (inputs / "extreme.png").write_bytes(
        encoded("png", np.zeros((8, 4000, 3), np.uint8) + 90)
    )
    for name, content in bombs().items():
        (inputs / f"bomb_{name}").write_bytes(content)
    for name in ("whole_1.png", "whole_2.png"):
        (inputs / name).write_bytes(encoded("png", fundus))
    result = subprocess.run(
        [
            *(sys.executable, "-m", "migan_tf.segment", str(inputs)),
            f"--model={tiny_run / 'segmentation'}",
            f"--output={output}",
        ],
        capture_output=True,
        text=True,
        timeout=550,
    )
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    done = {
        path.name.removesuffix("_overlay.png") for path in output.glob("*y.png")
    }
    assert {"whole_1", "whole_2"} <= done
    for name in [*names, "extreme.png", *(f"bomb_{name}" for name in bombs())]:
        assert image_files.stem_of(name) in done or name in result.stderr, name


def test_extreme_shapes_are_named(tiny_run, tmp_path, capsys):
    from migan_tf.inference import user_files  # TensorFlow; few need it here.

    rng = np.random.default_rng(0)
    for name, shape in {
        "small.png": (10, 10),
        "flat.png": (9, 400),
        "long.png": (16, 7_000),
        "longer.png": (16, 20_000),
    }.items():
        image = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
        assert cv2.imwrite(str(tmp_path / name), image)
    folder = open_folder(tiny_run / "segmentation", "segmentation")
    status = user_files.segment_files([tmp_path], folder, tmp_path / "out")
    assert status == 1
    told = capsys.readouterr()
    assert "0 of 4 done" in told.out
    for name in ("small", "flat", "long"):
        assert f"{name}.png: no fundus found: each side" in told.err
    assert "longer.png is not readable: each side must have 1 to" in told.err
