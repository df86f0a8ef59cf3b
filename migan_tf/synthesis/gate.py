"""The gate: what a painted image must fulfil before it is written."""

import dataclasses

import numpy as np

from migan_tf.metrics import realism, segmentation

# The first one that applies is named; summaries list them in this order.
REASONS = ("blank", "holes", "gamut", "vessels", "copy")

LEAST_FOV = 0.3  # share of the frame; a photograph of 45° fills 0.65 to 0.8
# Standard deviation, in grey levels, of the channel that varies most.
LEAST_SPREAD = 3.0
# Share of the FOV where all channels are below BLACK, as where its rim has
# bites. The photographs of DRIVE have 0.003 at most.
MOST_BLACK, BLACK = 0.02, 30
MOST_CLIPPED = 0.1  # share of the FOV in which two channels are 0 or 255


@dataclasses.dataclass(frozen=True)
class Originals:
    """What the gate keeps of N training photographs at the networks' size.

    `small` and `inside` come from `realism.reduced`; `colours` has six
    statistics of each photograph, three means and three standard deviations,
    and those of a style photograph below them.
    """

    image_ids: tuple[str, ...]
    small: np.ndarray  # (N,64,64,3) float64 grey levels
    inside: np.ndarray  # (N,64,64) bool
    colours: np.ndarray  # (N,6) or (N+1,6) grey levels


def originals_of(image_ids, fundi, fov_masks) -> Originals:
    """Reduces photographs to what the gate compares.

    Args:
      image_ids: names of N photographs.
      fundi: N arrays (S,S,3) uint8.
      fov_masks: N arrays (S,S) bool.
    """
    pairs = list(zip(fundi, fov_masks, strict=True))
    small, inside = zip(*(realism.reduced(*p) for p in pairs), strict=True)
    colours = [np.concatenate(realism.colour_statistics(*p)) for p in pairs]
    return Originals(
        tuple(image_ids),
        np.stack(small),
        inside=np.stack(inside),
        colours=np.stack(colours),
    )


def with_colours_of(originals, fundus, fov_mask) -> Originals:
    """Lets images also have the colours of a style photograph.

    No copies of it are looked for: of its retina nothing is painted.

    Args:
      originals: `Originals`.
      fundus: (h,w,3) uint8, the style photograph.
      fov_mask: (h,w) bool.
    """
    colours = np.concatenate(realism.colour_statistics(fundus, fov_mask))
    return dataclasses.replace(
        originals, colours=np.vstack([originals.colours, colours])
    )


class Gate:
    """Lets an image through, or names the reason why not."""

    def __init__(
        self,
        reader,
        originals,
        least_consistency,
        least_distance,
        colour_margin,
    ):
        """Keeps the limits.

        Args:
          reader: the `protocols.Segmenter` that looks for the vessels again.
          originals: `Originals`, or None where the training photographs are
            not at hand: neither copies nor colours are compared then.
          least_consistency: least Dice of the vessels that were painted and
            found again.
          least_distance: least distance to the nearest photograph, in grey
            levels.
          colour_margin: how far each of the six statistics may lie beyond
            the photographs' range, in grey levels.
        """
        self._reader, self._originals = reader, originals
        self._least_consistency = least_consistency
        self._least_distance = least_distance
        self._colour_margin = colour_margin

    def __call__(self, fundus, vessel_map, fov_mask):
        """Judges one image.

        Args:
          fundus: (S,S,3) uint8.
          vessel_map: (S,S) bool, what was to be painted.
          fov_mask: (S,S) bool, what the image shows.

        Returns:
          (reason, facts): None or one of REASONS; and what was measured until
          then, of `consistency` (Dice), `nearest` (a name of `Originals`) and
          `distance` (grey levels).
        """
        pixels = fundus[fov_mask]
        if _is_blank(pixels, vessel_map, fov_mask):
            return "blank", {}
        if (pixels.max(axis=1) < BLACK).mean() > MOST_BLACK:
            return "holes", {}
        clipped = ((pixels == 0) | (pixels == 255)).sum(axis=1) >= 2
        if clipped.mean() > MOST_CLIPPED:
            return "gamut", {}
        if self._has_strange_colours(fundus, fov_mask):
            return "gamut", {}
        found = self._reader(fundus, fov_mask).vessel_map[fov_mask]
        dice = float(segmentation.dice(vessel_map[fov_mask], found))
        facts = {"consistency": round(dice, 4)}
        if dice < self._least_consistency:
            return "vessels", facts
        if self._originals is None:
            return None, facts
        facts["nearest"], distance = self._nearest(fundus, fov_mask)
        facts["distance"] = round(distance, 2)
        return ("copy" if distance < self._least_distance else None), facts

    def _has_strange_colours(self, fundus, fov_mask):
        if self._originals is None:
            return False
        colours = np.concatenate(realism.colour_statistics(fundus, fov_mask))
        known = self._originals.colours
        low = known.min(axis=0) - self._colour_margin
        high = known.max(axis=0) + self._colour_margin
        return bool(((colours < low) | (colours > high)).any())

    def _nearest(self, fundus, fov_mask):
        known = self._originals
        index, distance = realism.nearest(
            fundus[None],
            known.small,
            image_masks=fov_mask[None],
            reference_masks=known.inside,
        )
        return known.image_ids[index[0]], float(distance[0])


def _is_blank(pixels, vessel_map, fov_mask):
    """Whether there is no field of view, no vessel, or one flat colour.

    Args:
      pixels: (N,3) uint8, those inside the FOV.
      vessel_map: (S,S) bool.
      fov_mask: (S,S) bool.
    """
    if fov_mask.mean() < LEAST_FOV or not vessel_map[fov_mask].any():
        return True
    return pixels.std(axis=0).max() < LEAST_SPREAD
