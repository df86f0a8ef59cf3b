"""Where the vessel maps come from that a generator paints.

A source is a pure function of its inputs, a seed and a number, and is pickled
to the processes that draw: it holds maps and no photographs.
"""

import dataclasses
import pathlib

import numpy as np

from migan_tf.base import image_files
from migan_tf.base.errors import UserError
from migan_tf.vessel_maps import deformation, procedural

SOURCES = ("dataset", "deformed", "procedural", "folder")


@dataclasses.dataclass(frozen=True)
class DrawnMap:
    """A vessel map and where it comes from."""

    vessel_map: np.ndarray  # (H,W) bool
    fov_mask: np.ndarray  # (H,W) bool
    origin: dict  # what a manifest says of it: plain strings and integers
    artery_map: np.ndarray | None = None  # (H,W) bool
    vein_map: np.ndarray | None = None  # (H,W) bool


@dataclasses.dataclass(frozen=True)
class Dataset:
    """The annotated maps as they are, one after the other, again and again."""

    maps: tuple  # of (image_id, vessel_map, fov_mask)

    def draw(self, number, seed) -> DrawnMap:
        """The number-th map; `seed` changes nothing."""
        image_id, vessel_map, fov_mask = self.maps[number % len(self.maps)]
        origin = {"source": "dataset", "photograph": image_id}
        return DrawnMap(vessel_map, fov_mask, origin)


@dataclasses.dataclass(frozen=True)
class Deformed:
    """Deformed annotated maps; see `deformation`."""

    maps: tuple  # of (image_id, vessel_map, fov_mask)

    def draw(self, number, seed) -> DrawnMap:
        """One of the maps at random, deformed."""
        rng = np.random.default_rng([seed, number])
        chosen = int(rng.integers(len(self.maps)))
        image_id, vessel_map, fov_mask = self.maps[chosen]
        origin = {"source": "deformed", "photograph": image_id}
        vessel_map = deformation.deform(vessel_map, fov_mask, rng)
        return DrawnMap(vessel_map, fov_mask, origin)


@dataclasses.dataclass(frozen=True)
class Procedural:
    """Maps that no eye had; see `procedural`."""

    like: str
    size: int

    def draw(self, number, seed) -> DrawnMap:
        """An eye of its own for every seed and number."""
        vessel_map, artery_map, vein_map, fov_mask = procedural.draw(
            [seed, number], self.like, self.size
        )
        origin = {"source": "procedural", "like": self.like}
        return DrawnMap(
            vessel_map,
            fov_mask,
            origin=origin,
            artery_map=artery_map,
            vein_map=vein_map,
        )


@dataclasses.dataclass(frozen=True)
class Folder:
    """Maps that are files, one after the other, again and again."""

    paths: tuple  # of pathlib.Path

    def draw(self, number, seed) -> DrawnMap:
        """The number-th file, all of it field of view; see `Dataset.draw`."""
        path = self.paths[number % len(self.paths)]
        vessel_map = read_map(path)
        origin = {"source": "folder", "file": path.name}
        return DrawnMap(vessel_map, np.ones_like(vessel_map), origin)


def make_source(kind, photographs=(), paths=(), like="drive", size=512):
    """Makes one of `SOURCES`.

    Args:
      kind: its name.
      photographs: `photographs.Photograph`s, each with its vessel map, of
        which "dataset" and "deformed" take the maps.
      paths: files of "folder": 8-bit images, above 127 is vessel; in a file
        of 0 and 1, above 0.
      like: key of `procedural.LIKENESSES`, for "procedural".
      size: width of a "procedural" map in pixels.

    Returns:
      An object with `draw(number, seed) -> DrawnMap`, number and seed not
      negative.

    Raises:
      UserError: an unknown kind, or nothing for it to draw from; `draw` of
        "folder" raises it for a file that is no such map.
    """
    if kind not in SOURCES:
        raise _error(f" must be one of {', '.join(SOURCES)}", repr(kind))
    if kind == "procedural":
        return _procedural(like, size)
    if kind == "folder":
        if not paths:
            raise _error("=folder needs files of vessel maps", "none")
        return Folder(tuple(pathlib.Path(path) for path in paths))
    bare = [p.image_id for p in photographs if p.vessel_map is None]
    if bare or not photographs:
        received = f"none for {', '.join(bare)}" if bare else "no photographs"
        raise _error(f"={kind} needs photographs with vessel maps", received)
    maps = tuple((p.image_id, p.vessel_map, p.fov_mask) for p in photographs)
    return (Dataset if kind == "dataset" else Deformed)(maps)


def read_map(path) -> np.ndarray:
    """Reads a vessel map of a file, (H,W) bool; see `make_source`.

    Raises:
      UserError: not readable, or not 8-bit and grey.
    """
    file = image_files.MapFile(str(path), path.stem, path.read_bytes)
    try:
        plane = image_files.read_plane(file)
    except UserError as error:
        raise _error("=folder needs images that can be read", error) from error
    if plane.dtype not in (np.uint8, bool):
        raise _error(
            "=folder needs 8-bit images", f"{path}, which is {plane.dtype}"
        )
    return plane > (127 if plane.max() > 1 else 0)


def _procedural(like, size):
    try:
        procedural.check(like, size)
    except ValueError as error:
        raise _error("=procedural draws only what it can", error) from error
    return Procedural(like, size)


def _error(rule, received):
    other = "dataset" if rule.startswith("=procedural") else "procedural"
    return UserError(
        f"--vessel_source{rule}. Received: {received}. Next: give it what it "
        f"needs, or another, such as --vessel_source={other}"
    )
