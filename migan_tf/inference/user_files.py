"""Segments photographs and paints vessel maps that are files of the user's."""

import sys
import zlib

import numpy as np
from tqdm import tqdm

from migan_tf.base import files, image_files, map_values
from migan_tf.base.errors import UserError
from migan_tf.inference.load import load_generator, load_segmenter

EXIT_SKIPPED = 1


def segment_files(paths, folder, output) -> int:
    """Segments every photograph, and says which could not be.

    Args:
      paths: photographs or folders of them.
      folder: `model_folder.ModelFolder` of a segmenter.
      output: folder of the results; made.

    Returns:
      Exit status: 0, or 1 when anything was skipped.

    Raises:
      UserError: no photographs, or no network.
    """
    photographs = image_files.list_images(paths)
    find_vessels = load_segmenter(folder)

    def segment(file, stem):
        fundus = image_files.read_photograph(file)
        found = find_vessels(fundus)
        if not found.fov_mask.any():
            raise UserError(
                f"{file.name}: no fundus found: the image is dark or flat"
            )
        levels = np.round(found.vessel_probability * 255)
        overlay = fundus.copy()
        overlay[found.vessel_map] = (0, 255, 0)
        _write(stem, "vessel_probability", levels)
        _write(stem, "vessel_map", found.vessel_map * 255)
        _write(stem, "overlay", overlay)

    return _each(photographs, output, segment)


def synthesize_files(
    paths, folder, *, output, samples, seed, noise_stddev=None
) -> int:
    """Paints every vessel map `samples` times.

    Args:
      paths: maps (of two values, or soft) or folders of them.
      folder: `model_folder.ModelFolder` of a generator.
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
    paint = load_generator(folder)

    def synthesize(file, stem):
        vessel_map = map_values.read_vessel_map(file)
        name_seed = zlib.crc32(file.stem.encode())
        for sample in range(samples):
            painting = paint(
                vessel_map, [seed, name_seed, sample], noise_stddev
            )
            _write(stem, f"{sample:03d}_fundus", painting.fundus)
        _write(stem, "vessel_map", np.round(painting.vessel_map * 255))

    return _each(maps, output, synthesize)


def _write(stem, kind, image) -> None:
    """Writes `<stem>_<kind>.png`; RGB or grey, rounded to uint8 already."""
    files.write_image(f"{stem}_{kind}.png", image.astype(np.uint8))


def _each(found, output, job) -> int:
    """Calls job(file, output stem) for each; reports what was skipped."""
    output = files.make_output(output)
    skipped, taken = [], {}
    for file in tqdm(found, unit="image"):
        try:
            if file.stem in taken:
                raise UserError(
                    f"{file.name}: its results would replace those of "
                    f"{taken[file.stem]}"
                )
            job(file, output / file.stem)
            taken[file.stem] = file.name
        except UserError as error:
            skipped.append(str(error))
    print(f"{len(taken)} of {len(found)} done, in {output}")
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    return EXIT_SKIPPED if skipped else 0
