"""Segments photographs and paints vessel maps that are files of the user's."""

import pathlib
import sys
import zlib

import cv2
import numpy as np
from tqdm import tqdm

from migan_tf.base import files, image_files
from migan_tf.base.errors import UserError
from migan_tf.inference import load

EXIT_SKIPPED = 1


def segment_files(paths, folder, output) -> int:
    """Segments every photograph, and says which could not be.

    Args:
      paths: photographs or folders of them.
      folder: the `segmentation` folder of a run, or a SavedModel.
      output: folder of the results; made.

    Returns:
      Exit status: 0, or 1 when anything was skipped.

    Raises:
      UserError: no photographs, or no network.
    """
    photographs = image_files.list_images(paths)
    find_vessels = load.load_segmenter(folder)

    def segment(path, stem):
        fundus = image_files.read_photograph(path, cv2.IMREAD_COLOR_RGB)
        found = find_vessels(fundus)
        if found is None:
            raise UserError("no fundus found: the image is dark or flat")
        probability, vessel_map = found
        overlay = fundus.copy()
        overlay[vessel_map] = (0, 255, 0)
        write_image(stem, "vessel_probability", np.round(probability * 255))
        write_image(stem, "vessel_map", vessel_map * 255)
        write_image(stem, "overlay", overlay)

    return _each(photographs, output, segment)


def synthesize_files(
    paths, folder, output, samples, seed, noise_stddev=None
) -> int:
    """Paints every vessel map `samples` times.

    Args:
      paths: maps (0 and 255, or grey levels between) or folders of them.
      folder: the `synthesis` folder of a run, or a SavedModel.
      output: folder of the results; made.
      samples: images of each map.
      seed: the noise codes are a function of it, the map's name and the
        sample's number, not of what else is painted beside it.
      noise_stddev: σ; default the run's --evaluation_noise_stddev.

    Returns:
      Exit status: 0, or 1 when anything was skipped.

    Raises:
      UserError: no maps, or no network.
    """
    maps = image_files.list_images(paths, "vessel_maps")
    generator = load.load_generator(folder)

    def paint(path, stem):
        vessel_map = image_files.read_photograph(path, cv2.IMREAD_GRAYSCALE)
        if vessel_map.max() == 1:
            vessel_map = vessel_map * 255
        unit = vessel_map.astype(np.float32) / 255
        name_seed = zlib.crc32(path.stem.encode())
        for sample in range(samples):
            painted, fundus = generator(
                unit, [seed, name_seed, sample], noise_stddev
            )
            write_image(stem, f"{sample:03d}_fundus", fundus)
        write_image(stem, "vessel_map", np.round(painted * 255))

    return _each(maps, output, paint)


def write_image(stem, kind, image) -> None:
    """Writes `<stem>_<kind>.png`; RGB or grey, rounded to uint8 already."""
    files.write_image(f"{stem}_{kind}.png", image.astype(np.uint8))


def _each(paths, output, job) -> int:
    """Calls job(path, output stem) for each; reports what was skipped."""
    output = pathlib.Path(output)
    output.mkdir(parents=True, exist_ok=True)
    skipped, taken = [], {}
    for path in tqdm(paths, unit="image"):
        try:
            if path.stem in taken:
                raise UserError(f"its results would replace {taken[path.stem]}")
            job(path, output / path.stem)
            taken[path.stem] = path
        except UserError as error:
            skipped.append(f"{path}: {error}")
    print(f"{len(taken)} of {len(paths)} done, in {output}")
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    return EXIT_SKIPPED if skipped else 0
