"""Draws a stand-in for STARE: right names and sizes, invented pictures.

The tars in dummy_data/ were made by `python -m stare.stare_dummy`, run in
`datasets/`. Each picture is a disc with one horizontal band whose row tells
the image's place in the list, so that a test can say what it should read.
"""

import gzip
import io
import pathlib
import tarfile

import numpy as np
from PIL import Image

from . import stare_files as files

RADIUS = 280
BAND_HEIGHT = 60
SECOND_SHIFT = 5  # rows between the two annotators


def draw(name: str, image_id: str) -> np.ndarray:
    """The pixels of one member.

    Args:
      name: "stare-images.tar", "labels-ah.tar" or "labels-vk.tar".
      image_id: for example "im0001".

    Returns:
      uint8, (605, 700, 3) for a fundus, else (605, 700) of 0 and 255.
    """
    place = files.image_ids().index(image_id)
    rows, columns = np.ogrid[: files.HEIGHT, : files.WIDTH]
    disc = np.hypot(rows - files.HEIGHT // 2, columns - 350) <= RADIUS
    start = 100 + 15 * place + SECOND_SHIFT * (name == "labels-vk.tar")
    band = np.zeros_like(disc)
    band[start : start + BAND_HEIGHT, 150:550] = True
    if name == "stare-images.tar":
        fundus = np.where(disc[..., None], (200, 100, 40), 20)
        fundus[band & disc] = (120, 40, place)
        return fundus.astype(np.uint8)
    return np.where(band, 255, 0).astype(np.uint8)


def write_tars(folder, encode=None, names=tuple(files.ENDINGS)) -> None:
    """Writes the tars to `folder`.

    Args:
      folder: must exist.
      encode: function of (tar name, image id, pixels) that returns the bytes
        of a .ppm, or None to leave the member out; default: the picture.
      names: the tars to write.
    """
    encode = encode or (lambda name, image_id, pixels: ppm(pixels))
    for name in names:
        with tarfile.open(pathlib.Path(folder) / name, "w") as tar:
            for image_id in files.image_ids():
                data = encode(name, image_id, draw(name, image_id))
                if data is None:
                    continue
                data = gzip.compress(data, mtime=0)
                member = f"{image_id}{files.ENDINGS[name]}.ppm.gz"
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))


def ppm(pixels: np.ndarray) -> bytes:
    """An image as the bytes of a PPM (RGB) or PGM (grey)."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PPM")
    return file.getvalue()


if __name__ == "__main__":
    dummy_data = pathlib.Path(__file__).parent / "dummy_data"
    dummy_data.mkdir(exist_ok=True)
    write_tars(dummy_data)
