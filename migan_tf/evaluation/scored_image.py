"""One scored image, which of its pixels count, and what looks wrong in it."""

import dataclasses

import numpy as np

from migan_tf.base.errors import UserError

PROTOCOLS = {
    "paper": "pixels inside the FOV, at the photographs' own size",
    "full_frame": "all pixels of the frame, the maps as they are, no FOV mask",
    "masked_frame": "all pixels of the frame, the maps set to 0 outside the "
    "FOV; counts the black surround as right",
}
# From DRIVE and STARE (0.08 to 0.17, 0.68 to 0.75) with room for others.
VESSEL_SHARE = (0.03, 0.3)
FOV_SHARE = (0.4, 0.95)


@dataclasses.dataclass(frozen=True)
class ScoredImage:
    """One image at its own size with what a method made of it."""

    image_id: str
    vessel_probability: np.ndarray  # (H,W) float32 in [0,1]
    vessel_map: np.ndarray | None  # (H,W) bool, first annotator
    fov_mask: np.ndarray  # (H,W) bool
    second_annotator: np.ndarray | None = None  # (H,W) bool
    fundus: np.ndarray | None = None  # (H,W,3) uint8 RGB

    @classmethod
    def of(cls, photograph, segmenter) -> "ScoredImage":
        """A photograph and what a segmenter makes of it.

        Args:
          photograph: a `photographs.Photograph`.
          segmenter: a `protocols.Segmenter`.
        """
        found = segmenter(photograph.fundus, photograph.fov_mask)
        return cls(
            vessel_probability=found.vessel_probability, **vars(photograph)
        )


def check_protocol(protocol) -> None:
    """Raises `UserError` unless it is one of `PROTOCOLS`."""
    if protocol not in PROTOCOLS:
        raise UserError(
            f"--protocol must be one of {', '.join(PROTOCOLS)}. Received: "
            f"{protocol}"
        )


def scored_pixels(image, protocol):
    """(truth, second annotator or None, probability), (N,) each.

    Raises:
      UserError: the image has no vessel map, or one of another size or
        without vessels or background.
    """
    if image.vessel_map is None:
        raise UserError(
            "images are scored against their vessel maps. Received: "
            f"{image.image_id}, which has no vessel map. Next: leave it out, "
            "or give the first annotator's map"
        )
    inside = scored_area(image, protocol)
    probability = scored_probability(image, protocol)
    planes = (image.vessel_map, image.second_annotator, probability)
    for plane in planes:
        if plane is not None and plane.shape != inside.shape:
            raise UserError(
                f"{image.image_id}: all planes must be of one size. Received: "
                f"{plane.shape} and {inside.shape} (height, width)"
            )
    truth, second, probability = (
        None if plane is None else plane[inside] for plane in planes
    )
    for name, one in (("vessel_map", truth), ("second_annotator", second)):
        if one is not None and (one.all() or not one.any()):
            raise UserError(
                f"{image.image_id}: {name} must hold vessels and background "
                f"among the {one.size} scored pixels. Received: {one.sum()} "
                "vessel pixels"
            )
    return truth, second, probability


def scored_area(image, protocol):
    """(H,W) bool: the pixels that count."""
    if protocol == "paper":
        return image.fov_mask
    return np.ones_like(image.fov_mask)


def scored_probability(image, protocol):
    """(H,W): the map as the protocol takes it."""
    if protocol == "masked_frame":
        return np.where(image.fov_mask, image.vessel_probability, 0)
    return image.vessel_probability


def doubts_about(image, protocol) -> list[str]:
    """What looks wrong in an image, in words.

    Args:
      image: a `ScoredImage`.
      protocol: a key of `PROTOCOLS`.
    """
    doubts, inside = [], image.fov_mask.mean()
    if protocol != "full_frame" and not _within(inside, FOV_SHARE):
        doubts.append(
            f"{image.image_id}: the FOV covers {inside:.0%} of the frame, "
            "{:.0%} to {:.0%} is usual: is its mask inverted, empty of "
            "meaning or another image's?".format(*FOV_SHARE)
        )
    share = image.vessel_map[image.fov_mask].mean()
    if not _within(share, VESSEL_SHARE):
        doubts.append(
            f"{image.image_id}: {share:.1%} of the FOV is vessel, "
            "{:.0%} to {:.0%} is usual: is the vessel map inverted, or a "
            "map of something else?".format(*VESSEL_SHARE)
        )
    return doubts


def doubts_about_ranking(auc_roc) -> list[str]:
    """What looks wrong in the maps of a set, in words."""
    if auc_roc >= 0.5:
        return []
    return [
        f"the maps rank vessels below background (AUC-ROC {auc_roc:.4f}): are "
        "they stored inverted, or paired with the wrong images?"
    ]


def _within(share, bounds):
    return bounds[0] <= share <= bounds[1]
