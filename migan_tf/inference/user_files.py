"""Segments photographs and paints vessel maps that are files of the user's."""

import json
import sys
import zlib

import cv2
import numpy as np
from tqdm import tqdm

from migan_tf.base import files, image_files, map_values
from migan_tf.base.errors import UserError
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference.contrast import AS_PHOTOGRAPHED
from migan_tf.inference.load import load_generator, load_segmenter

EXIT_SKIPPED = 1
# A style photograph is reduced to STYLE_SIDE pixels in length: no generator
# sees its grain at a larger size. `find_fov_mask` needs LEAST_SIDE.
STYLE_SIDE, LEAST_SIDE = 2048, 16


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
    paths,
    folder,
    *,
    output,
    samples,
    seed,
    noise_stddev=None,
    contrast=AS_PHOTOGRAPHED,
    style_fundus="",
    image_size=0,
) -> int:
    """Paints every vessel map `samples` times.

    Args:
      paths: maps (of two values, or soft) or folders of them.
      folder: `model_folder.ModelFolder` of a generator.
      output: folder of the results; made.
      samples: images of each map.
      seed: the noise codes and the contrasts are a function of it, the map's
        name and the sample's number, not of what else is painted beside it.
      noise_stddev: σ; default the run's --evaluation_noise_stddev.
      contrast: the `ContrastRange` of the vessels. Where it is drawn, each
        map's <stem>_contrast.json says what its images have.
      style_fundus: path of a photograph in whose colours and light to paint;
        empty for none.
      image_size: side of the images in pixels; 0: the generator's own.

    Returns:
      Exit status: 0, or 1 when anything was skipped.

    Raises:
      UserError: no maps, no network, or one that cannot paint like that; no
        fundus in the style photograph.
    """
    maps = image_files.list_images(paths, "vessel_maps")
    style = read_style_fundus(style_fundus) if style_fundus else None
    paint = load_generator(folder, image_size)

    def synthesize(file, stem):
        vessel_map = map_values.read_vessel_map(file)
        name_seed, contrasts = zlib.crc32(file.stem.encode()), {}
        for sample in range(samples):
            own, kind = [seed, name_seed, sample], f"{sample:03d}_fundus"
            drawn = contrasts[f"{stem.name}_{kind}.png"] = contrast.draw(own)
            painting = paint(
                vessel_map,
                own,
                noise_stddev,
                contrast=drawn,
                style_fundus=style,
            )
            _write(stem, kind, painting.fundus)
        _write(stem, "vessel_map", np.round(painting.vessel_map * 255))
        if contrast.is_drawn:
            text = json.dumps(contrasts, indent=1) + "\n"
            files.write_text(f"{stem}_contrast.json", text)

    return _each(maps, output, synthesize)


def read_style_fundus(path) -> np.ndarray:
    """Reads --style_fundus, at a size at which its light is found quickly.

    Args:
      path: of the photograph.

    Returns:
      (h,w,3) uint8, `STYLE_SIDE` pixels long at most.

    Raises:
      UserError: it cannot be read, or no fundus is found in it.
    """
    try:
        fundus = image_files.read_photograph(image_files.image_file(path))
    except UserError as error:
        raise UserError(
            f"--style_fundus: {error}. Next: give the photograph's file"
        ) from None
    fundus = _shrunk(fundus)
    large = min(fundus.shape[:2]) >= LEAST_SIDE
    if not (large and find_fov_mask(fundus).numpy().any()):
        raise UserError(
            "--style_fundus must be a photograph of a fundus. Received: "
            f"{path}, in which none is found: it is dark, flat or too small. "
            "Next: give another"
        )
    return fundus


def _shrunk(fundus):
    scale = STYLE_SIDE / max(fundus.shape[:2])
    if scale >= 1:
        return fundus
    height, width = (max(1, round(side * scale)) for side in fundus.shape[:2])
    return cv2.resize(fundus, (width, height), interpolation=cv2.INTER_AREA)


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
