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
        self._config = generator.config
        self._generator = load_generator(generator)
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
            pair = self._paint(image_id, drawn, seed)
            reason, found = self._gate(
                pair.fundus, pair.vessel_map > 127, pair.fov_mask
            )
            if reason is None:
                facts = {**drawn.origin, **found}
                return pair, self._facts(
                    image_id, number, seed=seed, found=facts, refused=refused
                )
            refused.append({"reason": reason, "seed": seed, **found})
        return None, self._facts(
            None, number, seed=None, found={}, refused=refused
        )

    def _paint(self, image_id, drawn, seed):
        painting = self._generator(
            self._framed(drawn.vessel_map, drawn.fov_mask),
            seed,
            self._recipe.noise_stddev,
        )
        fov_mask = painting.fov_mask
        levels = np.round(painting.vessel_map * 255).astype(np.uint8)
        artery_map, vein_map = (
            self._resampled(plane, drawn.fov_mask, fov_mask)
            for plane in (drawn.artery_map, drawn.vein_map)
        )
        return Pair(
            image_id,
            fundus=painting.fundus * fov_mask[..., None],
            vessel_map=levels * fov_mask,
            fov_mask=fov_mask,
            artery_map=artery_map,
            vein_map=vein_map,
        )

    def _framed(self, plane, drawn_fov):
        """A map (H,W) as float32 in the square that its field of view needs.

        Training does the same. The generator knows no field of view and would
        cut a wide one off.
        """
        plane = tf.constant(plane[..., None], tf.float32)
        if self._config.geometry == "center_square":
            side = geometry.square_side(drawn_fov)
            plane = tf.image.resize_with_crop_or_pad(plane, side, side)
        return plane.numpy()[..., 0]

    def _resampled(self, plane, drawn_fov, fov_mask):
        """An artery or vein map at the generator's size, cut at one half.

        It is resampled as the vessel map was.
        """
        if plane is None:
            return None
        framed = tf.constant(self._framed(plane, drawn_fov)[..., None])
        painted = resampled_map(framed, self._config)
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


def _seed_of(seed, number, attempt) -> int:
    """A whole number below 2**32, from which an attempt draws everything."""
    sequence = np.random.SeedSequence([seed, number, attempt])
    return int(sequence.generate_state(1)[0])
