"""What a painted image must fulfil before it is written."""

import dataclasses

import numpy as np

from migan_tf.metrics import realism, segmentation

# The first that applies is the reason; summaries list them in this order.
REASONS = ("blank", "holes", "gamut", "vessels", "copy")

LEAST_FOV = 0.3  # of the frame; a photograph of 45° fills 0.65 to 0.8
LEAST_SPREAD = 3.0  # grey levels, the standard deviation of the widest channel
# Share of the FOV where all channels are below BLACK: bites out of its rim. The
# photographs of DRIVE have 0.003 at most.
MOST_BLACK, BLACK = 0.02, 30
MOST_CLIPPED = 0.1  # share of the FOV in which two channels are 0 or 255


@dataclasses.dataclass(frozen=True)
class Originals:
    """What the gate keeps of N training photographs at the networks' size.

    `realism.reduced` gives `small` and `inside`; `colours` is six statistics
    of each, three means and three standard deviations.
    """

    image_ids: tuple[str, ...]
    small: np.ndarray  # (N,64,64,3) float64 grey levels
    inside: np.ndarray  # (N,64,64) bool
    colours: np.ndarray  # (N,6) grey levels


def originals_of(image_ids, fundi, fov_masks) -> Originals:
    """Reduces photographs to what the gate compares.

    Args:
      image_ids: N names.
      fundi: N of (S,S,3) uint8.
      fov_masks: N of (S,S) bool.
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


class Gate:
    """Lets an image through or names the reason why not."""

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
          reader: function of fundus (S,S,3) uint8 and fov_mask (S,S) bool to
            vessel_probability (S,S) in [0,1].
          originals: `Originals`, or None where the training photographs are
            not at hand: neither copies nor colours are compared then.
          least_consistency: Dice of the vessels painted and found again.
          least_distance: from the nearest photograph, in grey levels.
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
          (reason, facts): None or one of REASONS, and what was measured until
          then: `consistency`, `nearest`.
        """
        if _is_blank(fundus, vessel_map, fov_mask):
            return "blank", {}
        if (fundus[fov_mask].max(axis=1) < BLACK).mean() > MOST_BLACK:
            return "holes", {}
        if self._out_of_gamut(fundus, fov_mask):
            return "gamut", {}
        probability = self._reader(fundus, fov_mask)[fov_mask]
        found = probability >= segmentation.otsu_threshold(probability)
        dice = float(segmentation.dice(vessel_map[fov_mask], found))
        facts = {"consistency": round(dice, 4)}
        if dice < self._least_consistency:
            return "vessels", facts
        if self._originals is None:
            return None, facts
        facts["nearest"], distance = self._nearest(fundus, fov_mask)
        facts["distance"] = round(distance, 2)
        return ("copy" if distance < self._least_distance else None), facts

    def _out_of_gamut(self, fundus, fov_mask):
        pixels = fundus[fov_mask]
        clipped = ((pixels == 0) | (pixels == 255)).sum(axis=1) >= 2
        if clipped.mean() > MOST_CLIPPED:
            return True
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


def _is_blank(fundus, vessel_map, fov_mask):
    """Nothing to see: no field of view, no vessels, or one flat colour."""
    if fov_mask.mean() < LEAST_FOV or not vessel_map[fov_mask].any():
        return True
    return fundus[fov_mask].std(axis=0).max() < LEAST_SPREAD
