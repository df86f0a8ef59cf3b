"""Where the vessel maps come from that a generator paints.

What a source draws is a function of the source, a seed and a number alone.
Sources are pickled to the processes that draw; that is why they hold maps and
no photographs.
"""

import dataclasses

import numpy as np

from migan_tf.base import map_values
from migan_tf.base.errors import UserError
from migan_tf.vessel_maps import deformation, procedural

SOURCES = ("dataset", "deformed", "procedural", "folder")


@dataclasses.dataclass(frozen=True)
class DrawnMap:
    """A vessel map and where it comes from."""

    vessel_map: np.ndarray  # (H,W) bool
    fov_mask: np.ndarray  # (H,W) bool
    origin: dict  # what a manifest says of it, in strings and integers
    artery_map: np.ndarray | None = None  # (H,W) bool
    vein_map: np.ndarray | None = None  # (H,W) bool
    knows_fov: bool = True  # False: fov_mask is no more than the frame


@dataclasses.dataclass(frozen=True)
class Dataset:
    """Annotated maps as they are, one after the other, again and again."""

    maps: tuple  # of (image_id, vessel_map, fov_mask)

    def draw(self, number, seed) -> DrawnMap:
        """Takes the number-th map; `seed` changes nothing."""
        image_id, vessel_map, fov_mask = self.maps[number % len(self.maps)]
        origin = {"source": "dataset", "photograph": image_id}
        return DrawnMap(vessel_map, fov_mask, origin)


@dataclasses.dataclass(frozen=True)
class Deformed:
    """Annotated maps, deformed by `deformation.deform`."""

    maps: tuple  # of (image_id, vessel_map, fov_mask)

    def draw(self, number, seed) -> DrawnMap:
        """Takes one of the maps at random and deforms it."""
        rng = np.random.default_rng([seed, number])
        chosen = int(rng.integers(len(self.maps)))
        image_id, vessel_map, fov_mask = self.maps[chosen]
        origin = {"source": "deformed", "photograph": image_id}
        vessel_map = deformation.deform(vessel_map, fov_mask, rng)
        return DrawnMap(vessel_map, fov_mask, origin)


@dataclasses.dataclass(frozen=True)
class Procedural:
    """Maps of eyes that do not exist, drawn by `procedural.draw`."""

    like: str  # key of `procedural.LIKENESSES`
    size: int  # width in pixels

    def draw(self, number, seed) -> DrawnMap:
        """Draws an eye of its own for every seed and number."""
        vessel_map, artery_map, vein_map, fov_mask = procedural.draw(
            [seed, number], like=self.like, size=self.size
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
    """Maps in files, one after the other, again and again."""

    files: tuple  # of `image_files.ImageFile`

    def draw(self, number, seed) -> DrawnMap:
        """Reads the number-th file; `seed` changes nothing.

        Of the field of view nothing is known: all of the frame may be it.
        """
        file = self.files[number % len(self.files)]
        vessel_map = read_map(file)
        origin = {"source": "folder", "file": file.below}
        return DrawnMap(
            vessel_map, np.ones_like(vessel_map), origin, knows_fov=False
        )


def make_source(kind, photographs=(), files=(), like="drive", size=512):
    """Makes a source of vessel maps.

    Args:
      kind: one of `SOURCES`.
      photographs: `data.photographs.Photograph`s, each with its vessel map;
        "dataset" and "deformed" take the maps.
      files: the `image_files.ImageFile`s of "folder"; see `read_map`.
      like: a key of `procedural.LIKENESSES`, for "procedural".
      size: the width of a "procedural" map in pixels.

    Returns:
      An object with `draw(number, seed) -> DrawnMap`; number and seed are
      integers that are not negative.

    Raises:
      UserError: the kind is unknown, or there is nothing for it to draw from.
        The `draw` of "folder" raises it for a file that is no such map.
    """
    if kind not in SOURCES:
        raise _error(f" must be one of {', '.join(SOURCES)}", repr(kind))
    if kind == "procedural":
        return _procedural(like, size)
    if kind == "folder":
        if not files:
            raise _error("=folder needs files of vessel maps", "none")
        return Folder(tuple(files))
    bare = [p.image_id for p in photographs if p.vessel_map is None]
    if bare or not photographs:
        received = f"none for {', '.join(bare)}" if bare else "no photographs"
        raise _error(f"={kind} needs photographs with vessel maps", received)
    maps = tuple((p.image_id, p.vessel_map, p.fov_mask) for p in photographs)
    return (Dataset if kind == "dataset" else Deformed)(maps)


def read_map(file) -> np.ndarray:
    """Reads a vessel map from a file of "folder".

    Args:
      file: an `image_files.ImageFile` of two values, or a soft map, which is
        cut at one half.

    Returns:
      (H,W) bool.

    Raises:
      UserError: it cannot be read, or is no such map.
    """
    try:
        return map_values.read_vessel_map(file) >= map_values.VESSEL
    except UserError as error:
        raise _error("=folder needs vessel maps", error) from error


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
