"""Makes pairs: a vessel map is drawn, painted, and let through the gate.

A pair is a fundus image with its annotation. Everything about pair `number` is
a function of the recipe and of the number, and not of what is made beside it:
that is what lets machines share a job.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from migan_tf.data import geometry
from migan_tf.inference.load import load_generator, load_segmenter
from migan_tf.inference.model_folder import open_folder
from migan_tf.inference.run_networks import resampled_map
from migan_tf.synthesis.gate import Gate


@dataclasses.dataclass(frozen=True)
class Pair:
    """An image and what is known of it, at the generator's size S."""

    image_id: str
    fundus: np.ndarray  # (S,S,3) uint8
    vessel_map: np.ndarray  # (S,S) uint8, 0 … 255: soft, as painted
    fov_mask: np.ndarray  # (S,S) bool
    artery_map: np.ndarray | None = None  # (S,S) bool
    vein_map: np.ndarray | None = None  # (S,S) bool


class Maker:
    """Makes pairs by their numbers."""

    def __init__(self, recipe):
        """Loads the networks.

        Args:
          recipe: the `recipe.Recipe`.

        Raises:
          UserError: a network cannot be loaded.
        """
        self._recipe = recipe
        generator = open_folder(recipe.generator, "synthesis")
        reader = open_folder(recipe.reader, "segmentation")
        self._generator = load_generator(generator, recipe.image_size)
        self._config = self._generator.config
        self._gate = Gate(
            load_segmenter(reader, one_view=True),
            recipe.originals,
            least_consistency=recipe.least_consistency,
            least_distance=recipe.least_distance,
            colour_margin=recipe.colour_margin,
        )

    def make(self, number):
        """Makes one pair, with as many attempts as the recipe allows.

        Args:
          number: which pair, counted from 0.

        Returns:
          (pair, facts): a `Pair`, or None where every attempt was refused;
          and {name: plain value}, what the manifest says of the number.

        Raises:
          UserError: the source of vessel maps cannot give one.
        """
        recipe, refused = self._recipe, []
        image_id = f"{number:07d}_training"
        for attempt in range(recipe.attempts):
            seed = _seed_of(recipe.seed, number, attempt)
            drawn = recipe.source.draw(number, seed)
            contrast = recipe.contrast.draw(seed)
            pair = self._paint(image_id, drawn, seed=seed, contrast=contrast)
            reason, found = self._gate(
                pair.fundus, pair.vessel_map > 127, pair.fov_mask
            )
            if contrast != 1.0:
                found = {"contrast": contrast, **found}
            if reason is None:
                facts = {**drawn.origin, **found}
                return pair, self._facts(
                    image_id, number, seed=seed, found=facts, refused=refused
                )
            refused.append({"reason": reason, "seed": seed, **found})
        return None, self._facts(
            None, number, seed=None, found={}, refused=refused
        )

    def _paint(self, image_id, drawn, seed, contrast):
        delta = self._config.generator == "delta"
        # A map of a file knows no FOV, and is as square as training maps are.
        framed = self._framed(drawn, as_it_is=delta and not drawn.knows_fov)
        # The paper's generator knows no field of view: what it has painted is
        # searched for one.
        given = delta and drawn.knows_fov
        painting = self._generator(
            framed["vessel_map"],
            seed,
            self._recipe.noise_stddev,
            fov_mask=framed["fov_mask"] > 0 if given else None,
            contrast=contrast,
            style_fundus=self._recipe.style_fundus,
        )
        fov_mask = painting.fov_mask
        levels = np.round(painting.vessel_map * 255).astype(np.uint8)
        artery_map, vein_map = (
            self._resampled(framed[name], fov_mask)
            for name in ("artery_map", "vein_map")
        )
        return Pair(
            image_id,
            fundus=painting.fundus * fov_mask[..., None],
            vessel_map=levels * fov_mask,
            fov_mask=fov_mask,
            artery_map=artery_map,
            vein_map=vein_map,
        )

    def _framed(self, drawn, as_it_is):
        """What was drawn, in the square that its field of view needs.

        Training does the same. The paper's generator, which knows no field of
        view, would cut a wide one off.

        Returns:
          {name: (side,side) float32, or None} of the maps and `fov_mask`.
        """
        side = None
        if self._config.geometry == "center_square" and not as_it_is:
            side = geometry.square_side(drawn.fov_mask)
        names = ("vessel_map", "fov_mask", "artery_map", "vein_map")
        return {name: _in_square(getattr(drawn, name), side) for name in names}

    def _resampled(self, framed, fov_mask):
        """An artery or vein map at the generator's size, cut at one half.

        It is resampled as the vessel map was.
        """
        if framed is None:
            return None
        painted = resampled_map(tf.constant(framed[..., None]), self._config)
        return (painted.numpy()[..., 0] >= 0.5) & fov_mask

    def _facts(self, image_id, number, seed, found, refused):
        return {
            "image_id": image_id,
            "number": number,
            "seed": seed,
            "noise_stddev": self._recipe.noise_stddev,
            **self._recipe.facts,
            **found,
            "refused": refused,
        }


def _in_square(plane, side):
    """A plane (H,W) as float32 in a centred square; None for `side` is any."""
    if plane is None:
        return None
    plane = tf.constant(plane[..., None], tf.float32)
    if side is not None:
        plane = tf.image.resize_with_crop_or_pad(plane, side, side)
    return plane.numpy()[..., 0]


def _seed_of(seed, number, attempt) -> int:
    """A whole number below 2**32, from which an attempt draws everything."""
    sequence = np.random.SeedSequence([seed, number, attempt])
    return int(sequence.generate_state(1)[0])
