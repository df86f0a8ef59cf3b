"""Segments photographs and paints vessel maps that are files of the user's."""

import json
import os
import pathlib
import sys
import zlib

import cv2
import numpy as np
from tqdm import tqdm

from migan_tf.base import (
    files,
    fundus_check,
    image_files,
    locks,
    map_kinds,
    map_values,
    results,
)
from migan_tf.base.command_line import EXIT_SKIPPED
from migan_tf.base.errors import UserError
from migan_tf.base.pictures import LEAST_SIDE
from migan_tf.data.fov import find_fov_mask
from migan_tf.inference.contrast import AS_PHOTOGRAPHED
from migan_tf.inference.load import load_generator, load_segmenter

# A style photograph is reduced to STYLE_SIDE pixels in length: no generator
# sees its grain at a larger size.
STYLE_SIDE = 2048


# What of the results of each command may be worked on: of `segment` none is a
# photograph, and a picture that was painted is no map.
_NO_PHOTOGRAPHS = {results.SEGMENT: ()}
_NO_MAPS = {
    results.SEGMENT: (results.MAP,),
    results.SYNTHESIZE: (results.MAP,),
}


def segment_files(
    paths, folder, output, recursive=False, overwrite=False, force=False
) -> int:
    """Segments every photograph, and says which could not be.

    Those whose results are there are not done again, and results are not
    taken for photographs: the same call goes on where another one stopped.

    Args:
      paths: photographs or folders of them.
      folder: `model_folder.ModelFolder` of a segmenter.
      output: folder of the results; made.
      recursive: whether sub-folders are searched too; the results keep them.
      overwrite: whether what is there already is made anew.
      force: whether what does not look like a fundus is segmented, too.

    Returns:
      Exit status: 0, or 1 when anything was skipped, files that are no images
      too. What can be known of it is said before the work.

    Raises:
      UserError: no photographs, or no network.
    """
    work = _Work(paths, output, known=_NO_PHOTOGRAPHS, recursive=recursive)
    find_vessels = load_segmenter(folder)
    model = folder.identity()["weights_sha256"]
    kinds = (results.PROBABILITY, results.MAP, results.OVERLAY)

    def segment(file, stem):
        names = {shows: f"{stem}_{shows}.png" for shows in kinds}
        made_of = {"photograph": image_files.sha256(file), "model": model}
        if results.is_done(names.values(), made_of, overwrite):
            return False
        fundus = map_kinds.read_photograph(file)
        if not force:
            fundus_check.check(fundus, file.name)
        found = find_vessels(fundus)
        if not found.fov_mask.any():
            raise UserError(
                f"{file.name}: no fundus found: the image is dark or flat"
            )
        levels = np.round(found.vessel_probability * 255).astype(np.uint8)
        pictures = (levels, found.vessel_map, _overlay(fundus, found))
        for shows, picture in zip(kinds, pictures, strict=True):
            results.write(names[shows], picture, shows=shows, made_of=made_of)
        return True

    return work.do(segment)


def _overlay(fundus, found):
    """A photograph whose vessels are green and shine through, (H,W,3)."""
    overlay = fundus.copy()
    overlay[found.vessel_map] //= 2
    overlay[found.vessel_map, 1] += 127
    return overlay


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
    overwrite=False,
) -> int:
    """Paints every vessel map `samples` times.

    Images that are there are not painted again, as `segment_files` does it.

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
      overwrite: whether what is there already is made anew.

    Returns:
      Exit status: 0, or 1 when anything was skipped, files that are no images
      too. What can be known of it is said before the work.

    Raises:
      UserError: no maps, no network, or one that cannot paint like that; no
        fundus in the style photograph.
    """
    work = _Work(
        paths, output, known=_NO_MAPS, flag="vessel_maps", recursive=recursive
    )
    style = read_style_fundus(style_fundus) if style_fundus else None
    paint = load_generator(folder, image_size)
    common = {
        "model": folder.identity()["weights_sha256"],
        "seed": seed,
        "noise_stddev": noise_stddev,
        "contrast": f"{contrast.lowest:g}:{contrast.highest:g}",
        "image_size": image_size,
    }
    if style_fundus:
        file = image_files.image_file(style_fundus)
        common["style_fundus"] = image_files.sha256(file)

    def synthesize(file, stem):
        made_of = {"vessel_map": image_files.sha256(file), **common}
        names = [f"{stem}_{n:03d}_fundus.png" for n in range(samples)]
        last, contrasts_path = f"{stem}_vessel_map.png", f"{stem}_contrast.json"
        made = [*names, last] + [contrasts_path] * contrast.is_drawn
        if results.is_done(made, made_of, overwrite):
            return False
        vessel_map = map_values.read_vessel_map(file)
        name_seed, contrasts = zlib.crc32(os.fsencode(file.place)), {}
        for sample, name in enumerate(names):
            own = [seed, name_seed, sample]
            drawn = contrast.draw(own)
            contrasts[pathlib.Path(name).name] = drawn
            painting = paint(
                vessel_map,
                own,
                noise_stddev,
                contrast=drawn,
                style_fundus=style,
            )
            results.write(
                name,
                painting.fundus,
                shows=results.FUNDUS,
                made_of=made_of,
                command=results.SYNTHESIZE,
            )
        if contrast.is_drawn:
            text = json.dumps(contrasts, indent=1) + "\n"
            files.write_text(contrasts_path, text)
        results.write(
            last,
            np.round(painting.vessel_map * 255).astype(np.uint8),
            shows=results.MAP,
            made_of=made_of,
            command=results.SYNTHESIZE,
        )
        return True

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


class _Work:
    """Files to work on, and those of which it is known that it is in vain."""

    def __init__(self, paths, output, known, flag="", recursive=False):
        """Finds the files, and says what will be skipped.

        Args:
          paths: files and folders.
          output: folder of the results.
          known: what of results is to be worked on, as in `results.own`.
          flag: the flag that `paths` were given by.
          recursive: whether sub-folders are searched.

        Raises:
          UserError: there is none.
        """
        found = image_files.find_images(
            paths, flag, recursive=recursive, without=output
        )
        self._tell_own(results.own(found, known, output), found.images)
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
        """Calls job(file, output stem) for each; reports what was skipped.

        It returns False where the results were there already.
        """
        output, done = files.make_output(self._output), []
        try:
            with locks.sigterm_as_exit():
                for place, file in tqdm(self._files.items(), unit="image"):
                    try:
                        done.append(job(file, output / place))
                    except UserError as error:
                        self._skipped.append(str(error))
        except (KeyboardInterrupt, SystemExit):
            print("The same command goes on from here.", file=sys.stderr)
            raise
        finally:
            before = done.count(False)
            told = f", {before} of them before" if before else ""
            print(f"{len(done)} of {self._count} done{told}, in {output}")
        self._say("skipped")
        return EXIT_SKIPPED if self._skipped else 0

    def _tell_own(self, own, left):
        """Says what was passed over as a result of this program."""
        if not own:
            return
        told = f"passed over: {len(own)} results of this program"
        if not left:
            raise UserError(
                f"there is nothing to work on. Received: {own[0].name} and "
                f"others alike; {told}. Next: give the files they were made of"
            )
        print(f"{told}, such as {own[0].name}", file=sys.stderr)

    def _say(self, what):
        for line in self._skipped:
            print(f"{what} {line}", file=sys.stderr)
