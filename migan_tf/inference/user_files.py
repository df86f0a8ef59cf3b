"""Segments photographs and paints vessel maps that are files of the user's."""

import json
import sys
import zlib

import cv2
import numpy as np
from tqdm import tqdm

from migan_tf.base import files, image_files, map_kinds, map_values
from migan_tf.base.command_line import EXIT_SKIPPED
from migan_tf.base.errors import UserError
from migan_tf.data.fov import LEAST_SIDE, find_fov_mask
from migan_tf.inference.contrast import AS_PHOTOGRAPHED
from migan_tf.inference.load import load_generator, load_segmenter

# A style photograph is reduced to STYLE_SIDE pixels in length: no generator
# sees its grain at a larger size.
STYLE_SIDE = 2048


def segment_files(paths, folder, output, recursive=False) -> int:
    """Segments every photograph, and says which could not be.

    Args:
      paths: photographs or folders of them.
      folder: `model_folder.ModelFolder` of a segmenter.
      output: folder of the results; made.
      recursive: whether sub-folders are searched too; the results keep them.

    Returns:
      Exit status: 0, or 1 when anything was skipped, files that are no images
      too. What can be known of it is said before the work.

    Raises:
      UserError: no photographs, or no network.
    """
    work = _Work(paths, output, recursive=recursive)
    find_vessels = load_segmenter(folder)

    def segment(file, stem):
        fundus = map_kinds.read_photograph(file)
        if min(fundus.shape[:2]) < LEAST_SIDE:
            raise UserError(
                f"{file.name}: no fundus found: the image is below "
                f"{LEAST_SIDE} pixels"
            )
        found = find_vessels(fundus)
        if not found.fov_mask.any():
            raise UserError(
                f"{file.name}: no fundus found: the image is dark or flat"
            )
        levels = np.round(found.vessel_probability * 255)
        overlay = fundus.copy()
        overlay[found.vessel_map] = (0, 255, 0)
        _write(stem, "vessel_probability", levels)
        _write(stem, "vessel_map", found.vessel_map.astype(np.uint8) * 255)
        _write(stem, "overlay", overlay)

    return work.do(segment)


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
    recursive=False,
) -> int:
    """Paints every vessel map `samples` times.

    Args:
      paths: maps (of two values, or soft) or folders of them.
      folder: `model_folder.ModelFolder` of a generator.
      output: folder of the results; made.
      samples: images of each map.
      seed: the noise codes and the contrasts are a function of it, the map's
        name (and sub-folder) and the sample's number, not of what else is
        painted beside it.
      noise_stddev: σ; default the run's --evaluation_noise_stddev.
      contrast: the `ContrastRange` of the vessels. Where it is drawn, each
        map's <stem>_contrast.json says what its images have.
      style_fundus: path of a photograph in whose colours and light to paint;
        empty for none.
      image_size: side of the images in pixels; 0: the generator's own.
      recursive: whether sub-folders are searched too; the results keep them.

    Returns:
      Exit status: 0, or 1 when anything was skipped, files that are no images
      too. What can be known of it is said before the work.

    Raises:
      UserError: no maps, no network, or one that cannot paint like that; no
        fundus in the style photograph.
    """
    work = _Work(paths, output, flag="vessel_maps", recursive=recursive)
    style = read_style_fundus(style_fundus) if style_fundus else None
    paint = load_generator(folder, image_size)

    def synthesize(file, stem):
        vessel_map = map_values.read_vessel_map(file)
        name_seed, contrasts = zlib.crc32(file.place.encode()), {}
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

    return work.do(synthesize)


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
        fundus = map_kinds.read_photograph(image_files.image_file(path))
    except UserError as error:
        advice = "" if "Next: " in str(error) else ". Next: give another"
        raise UserError(f"--style_fundus: {error}{advice}") from None
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


class _Work:
    """Files to work on, and those of which it is known that it is in vain."""

    def __init__(self, paths, output, flag="", recursive=False):
        """Finds the files, and says what will be skipped.

        Args:
          paths: files and folders.
          output: folder of the results.
          flag: the flag that `paths` were given by.
          recursive: whether sub-folders are searched.

        Raises:
          UserError: there is none.
        """
        found = image_files.find_images(
            paths, flag, recursive=recursive, without=output
        )
        self._output, self._count = output, len(found.images)
        self._skipped = found.skipped()
        self._files = {}
        for file in found.images:
            try:
                if file.place in self._files:
                    raise UserError(
                        f"{file.name}: its results would replace those of "
                        f"{self._files[file.place].name}"
                    )
                image_files.check(file)
                self._files[file.place] = file
            except UserError as error:
                self._skipped.append(str(error))
        found.tell_folders()
        self._say("will be skipped:")

    def do(self, job) -> int:
        """Calls job(file, output stem) for each; reports what was skipped."""
        output, done = files.make_output(self._output), 0
        for place, file in tqdm(self._files.items(), unit="image"):
            try:
                job(file, output / place)
                done += 1
            except UserError as error:
                self._skipped.append(str(error))
        print(f"{done} of {self._count} done, in {output}")
        self._say("skipped")
        return EXIT_SKIPPED if self._skipped else 0

    def _say(self, what):
        for line in self._skipped:
            print(f"{what} {line}", file=sys.stderr)
