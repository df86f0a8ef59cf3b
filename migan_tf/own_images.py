"""Segments photographs and paints vessel maps that are files of the user's."""

import pathlib
import sys
import zlib

import cv2
import numpy as np
from tqdm import tqdm

from migan_tf import files, fov, inference, metrics, model_folder, saved_models
from migan_tf.errors import UserError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".ppm")
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
    photographs = list_images(paths)
    find_vessels = load_segmenter(folder)

    def segment(path, stem):
        fundus = read_image(path, cv2.IMREAD_COLOR_RGB)
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
    maps = list_images(paths, "vessel_maps")
    generator = load_generator(folder)

    def paint(path, stem):
        vessel_map = read_image(path, cv2.IMREAD_GRAYSCALE)
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


def load_segmenter(folder):
    """A function as `saved_models.SavedSegmenter` is one.

    Args:
      folder: the `segmentation` folder of a run, or a SavedModel.
    """
    if model_folder.is_saved_model(folder):
        return saved_models.SavedSegmenter(folder)
    segmenter = inference.Segmenter(
        *inference.load_network(folder, "segmentation")
    )

    def find_vessels(fundus):
        fov_mask = fov.find_fov_mask(fundus).numpy()
        if not fov_mask.any():
            return None
        probability = segmenter(fundus, fov_mask)
        threshold = metrics.otsu_threshold(probability[fov_mask])
        return probability, (probability >= threshold) & fov_mask

    return find_vessels


def load_generator(folder):
    """A function as `inference.Generator` is one; see `load_segmenter`."""
    if model_folder.is_saved_model(folder):
        return saved_models.SavedGenerator(folder)
    return inference.Generator(*inference.load_network(folder, "synthesis"))


def list_images(paths, flag="") -> list[pathlib.Path]:
    """The images among `paths` and directly inside folders, sorted.

    Args:
      paths: files and folders.
      flag: what they were given by, for the error; empty: as arguments.

    Raises:
      UserError: a path is absent, or there is no image.
    """
    told = f"--{flag}: " if flag else ""
    found = []
    for path in map(pathlib.Path, paths):
        if path.is_dir():
            inside = sorted(path.iterdir())
            found += [p for p in inside if p.suffix.lower() in SUFFIXES]
        elif path.exists():
            found.append(path)
        else:
            raise UserError(f"{told}no such file or folder: {path}")
    if not found:
        raise UserError(
            f"{told}no images ({', '.join(SUFFIXES)}) in "
            f"{', '.join(map(str, paths))}"
        )
    return found


def read_image(path, flag):
    """Decodes an image file; 16-bit becomes 8-bit, EXIF rotation applies.

    Args:
      path: the file.
      flag: `cv2.IMREAD_COLOR_RGB` or `cv2.IMREAD_GRAYSCALE`.

    Returns:
      (H,W,3) or (H,W) uint8.

    Raises:
      UserError: not readable as an image.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        image = cv2.imdecode(data, flag) if data.size else None
    except (OSError, cv2.error) as error:
        raise UserError(f"not readable: {error}") from error
    if image is None:
        raise UserError("not an image, or damaged")
    return image


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
