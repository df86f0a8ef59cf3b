"""Measures the vessels of photographs and maps that are files of the user's."""

import csv
import dataclasses
import io
import math
import pathlib
import sys

import numpy as np
from tqdm import tqdm

from migan_tf.base import (
    files,
    fundus_check,
    image_files,
    map_kinds,
    map_values,
    results,
)
from migan_tf.base.command_line import EXIT_SKIPPED
from migan_tf.base.errors import UserError
from migan_tf.base.pairing import pair
from migan_tf.vessel_maps import statistics

# What of other commands' results is measured: of `segment` the maps alone.
_MEASURED = {results.SEGMENT: (results.MAP,)}


@dataclasses.dataclass(frozen=True)
class VesselsOfFile:
    """The vessels of one file, and how they came to be known."""

    read_as: str  # photograph or map
    fov: str  # given, found or frame
    vessel_map: np.ndarray  # (H,W) bool
    fov_mask: np.ndarray  # (H,W) bool


def measure_files(paths, folder, settings) -> int:
    """Measures every file, writes the table and says what was skipped.

    Args:
      paths: photographs, vessel maps, or folders of them.
      folder: `model_folder.ModelFolder` of the segmenter, which is loaded when
        the first photograph asks for it.
      settings: `flags.Settings`.

    Returns:
      Exit status: 0, or 1 when anything was skipped.

    Raises:
      UserError: there are no files, or a setting is at fault.
    """
    files.check_output(settings.output, a_file=True)
    output = pathlib.Path(settings.output)
    found, skipped = _found(paths, settings.recursive)
    masks = _fov_masks(found, settings.fov_masks)
    files.make_output(output.parent)
    reader = _Reader(folder, settings.read_as, settings.force)
    rows, framed = [], 0
    for file in tqdm(found, unit="image"):
        try:
            vessels = reader.read(file, masks.get(file.name))
        except UserError as error:
            skipped.append(str(error))
            continue
        framed += vessels.fov == "frame"
        rows.append({"file": file.name, **_row(vessels, settings)})
    if rows:
        files.write_text(output, _csv_text(rows))
    print(f"{len(rows)} of {len(found)} measured, in {output}")
    if framed:
        print(
            f"warning: {framed} maps were measured over the whole frame (fov: "
            "frame). Give --fov_masks where a photograph's surround is black",
            file=sys.stderr,
        )
    for line in skipped:
        print(f"skipped {line}", file=sys.stderr)
    return EXIT_SKIPPED if skipped else 0


def _found(paths, recursive):
    """The files to measure, and why others are not, which is said at once.

    Returns:
      (list of `ImageFile`, list of texts).
    """
    listing = image_files.find_images(paths, recursive=recursive)
    own = results.own(listing, _MEASURED)
    if own:
        told = f"passed over: {len(own)} results that show no vessels alone"
        print(f"{told}, such as {own[0].name}", file=sys.stderr)
    if not listing.images:
        raise UserError(
            f"there is nothing to measure. Received: {own[0].name} and others "
            "alike. Next: give photographs or vessel maps"
        )
    listing.tell_folders()
    skipped = listing.skipped()
    for line in skipped:
        print(f"will be skipped: {line}", file=sys.stderr)
    return listing.images, skipped


def _fov_masks(found, place) -> dict[str, image_files.ImageFile]:
    """{name of a file: that of its mask}; empty without --fov_masks."""
    if not place:
        return {}
    path = pathlib.Path(place)
    single = path.is_file() and image_files.stem_of(path.name) != path.name
    if single:
        return {file.name: image_files.image_file(path) for file in found}
    masks = image_files.list_by_stem("fov_masks", place)
    stems = {}
    for file in found:
        if file.stem in stems:
            raise UserError(
                "--fov_masks need files of different names. Received: "
                f"{stems[file.stem]} and {file.name}. Next: measure them one "
                "after the other"
            )
        stems[file.stem] = file.name
    pairs = pair(
        list(stems), list(masks), role="--fov_masks", subset=True, of="files"
    )
    return {name: masks[pairs[stem]] for stem, name in stems.items()}


class _Reader:
    """Finds the vessels of files, whatever these are."""

    def __init__(self, folder, read_as, force=False):
        """Keeps the segmenter's `ModelFolder`, --read_as and --force."""
        self._folder, self._read_as, self._force = folder, read_as, force
        self._segmenters = {}

    def read(self, file, mask_file) -> VesselsOfFile:
        """The vessels of a file, inside its mask where there is one.

        Raises:
          UserError: it is neither a photograph of a fundus nor a map, or its
            mask is of another size.
        """
        vessel_map = self._vessel_map(file)
        if vessel_map is None:
            return self._segmented(file, mask_file)
        if mask_file is None:
            frame = np.ones_like(vessel_map)
            return VesselsOfFile("map", "frame", vessel_map, fov_mask=frame)
        inside = _fov_mask(mask_file, file, vessel_map.shape)
        return VesselsOfFile("map", "given", vessel_map, fov_mask=inside)

    def _vessel_map(self, file):
        """The map (H,W) bool that a file is; None where it is a photograph."""
        if self._read_as == "photograph":
            return None
        try:
            plane = image_files.read_plane(file)
        except UserError:
            if self._read_as == "map":
                raise
            return None  # In colours, or for `read_photograph` to complain of.
        try:
            return map_values.to_vessel_map(plane, file.name)
        except UserError as error:
            if self._read_as == "map":
                raise
            reason, _, _ = str(error).partition(" Next:")
            raise UserError(
                f"{reason} Next: --read_as=photograph, if it is one in grey"
            ) from error

    def _segmented(self, file, mask_file) -> VesselsOfFile:
        fundus, inside = map_kinds.read_photograph(file), None
        if not self._force:
            fundus_check.check(fundus, file.name)
        if mask_file is not None:
            inside = _fov_mask(mask_file, file, fundus.shape[:2])
        found = self._segmenter(inside is not None)(fundus, inside)
        if not found.fov_mask.any():
            raise UserError(
                f"{file.name}: no fundus found: the image is dark or flat"
            )
        fov = "found" if inside is None else "given"
        return VesselsOfFile(
            "photograph", fov, found.vessel_map, fov_mask=found.fov_mask
        )

    def _segmenter(self, takes_fov):
        if takes_fov not in self._segmenters:
            from migan_tf.inference import load  # TensorFlow; maps need none.

            self._segmenters[takes_fov] = load.load_segmenter(
                self._folder, takes_fov=takes_fov
            )
        return self._segmenters[takes_fov]


def _fov_mask(mask_file, file, shape):
    """The mask (H,W) bool of a file."""
    fov_mask = map_values.to_fov_mask(
        image_files.read_plane(mask_file), mask_file.name
    )
    if fov_mask.shape != shape:
        raise UserError(
            f"{file.name}: its FOV mask {mask_file.name} must have its size, "
            f"{shape[0]} × {shape[1]} (height × width). Received: "
            f"{fov_mask.shape[0]} × {fov_mask.shape[1]}"
        )
    return fov_mask


def _row(vessels, settings) -> dict:
    """The columns of one file; docs/measures.md explains them."""
    diameter = statistics.fov_diameter(vessels.fov_mask)
    measured = {
        name: part.summary()
        for name, part in statistics.measure_by_width(
            vessels.vessel_map, vessels.fov_mask, settings.wide_from
        ).items()
    }
    height, width = vessels.fov_mask.shape
    lengths = {"fov_diameter": diameter}
    lengths["wide_from"] = settings.wide_from * diameter
    row = {
        "read_as": vessels.read_as,
        "fov": vessels.fov,
        "height_px": height,
        "width_px": width,
    }
    for name, summary in measured.items():
        before = "" if name == "all" else f"{name}_"
        lengths[f"{before}calibre"] = summary["calibre"] * diameter
    row |= {f"{name}_px": value for name, value in lengths.items()}
    for statistic, unit in (
        ("density", "share_of_fov"),
        ("tortuosity", "arc_over_chord_minus_1"),
        ("branching", "junctions_per_fov_diameter"),
    ):
        for name, summary in measured.items():
            before = "" if name == "all" else f"{name}_"
            row[f"{before}{statistic}_{unit}"] = summary[statistic]
    if settings.pixel_size is not None:
        row |= {
            f"{name}_um": value * settings.pixel_size
            for name, value in lengths.items()
        }
    return row


def _csv_text(rows) -> str:
    """A header and a line for each row; a mean of nothing is left empty."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value):
    if not isinstance(value, float):
        return value
    return "" if math.isnan(value) else f"{value:.6g}"
