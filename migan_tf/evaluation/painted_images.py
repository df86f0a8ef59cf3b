"""Images for `generator_scores`: photographs, and what a generator paints."""

import dataclasses

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from migan_tf.base.errors import UserError
from migan_tf.data import batches, geometry, photographs
from migan_tf.evaluation import generator_distances, generator_scores
from migan_tf.evaluation.generator_scores import FundusImages
from migan_tf.metrics import image_features, patch_classifier, segmentation

# σ of the noise codes whose effect is measured, beside the generator's own.
# Painted images are whole grey levels, so that a smaller one does not show.
SIGMAS = (0.1, 1.0)


@dataclasses.dataclass(frozen=True)
class Painted:
    """What a generator paints."""

    fundus: list[np.ndarray]  # (S,S,3) uint8 each
    diversity: dict[str, float]  # grey levels, by σ as a text


class ImageAnalyser:
    """What a segmenter and a feature extractor see in an image."""

    def __init__(self, segmenter, extractor):
        """Keeps a `run_networks.NetworkSegmenter` and one of `features`."""
        self.segmenter, self.extractor = segmenter, extractor

    def levels(self, fundus, fov_mask):
        """vessel_probability in 255ths, (S,S) uint8, 0 outside the FOV.

        Args:
          fundus: (S,S,3) uint8.
          fov_mask: (S,S) bool.
        """
        standardized_fundus = geometry.standardize(
            tf.cast(fundus, tf.float32) / 255.0,
            tf.cast(fov_mask, tf.float32)[..., None],
        )
        probability = self.segmenter.probability(standardized_fundus[None])
        return segmentation.levels_of(probability.numpy()[0, ..., 0]) * fov_mask

    def features(self, fundus, fov_mask):
        """What the extractor sees in an image, (D,) float32.

        Args:
          fundus: (S,S,3) uint8.
          fov_mask: (S,S) bool.
        """
        unit = fundus.astype(np.float32) / 127.5 - 1.0
        return self.extractor(unit[None], fov_mask[None, ..., None])[0]


def read_split(config, split, analyser, vessels=True):
    """The photographs of one split at the networks' size.

    Args:
      config: the run's `Config`.
      split: `train`, `validation` or `test`.
      analyser: an `ImageAnalyser`.
      vessels: whether the segmenter is to read them.

    Returns:
      (images, vessel_maps): `FundusImages` whose vessel_map is cut at 0.5, and
      (N,S,S) float32 as a generator takes them.

    Raises:
      UserError: some have no vessel map.
    """
    known = photographs.load(photographs.Source.of(config), split)
    bare = [p.image_id for p in known if p.vessel_map is None]
    if bare:
        raise UserError(
            f"--split={split}: a generator paints vessel maps, and "
            f"{len(bare)} of {len(known)} photographs have none (today's "
            "official DRIVE test set comes without). Received none for: "
            f"{', '.join(bare)}. Score another: --split=validation"
        )
    examples = [
        batches.network_example(p, config.image_size, config.geometry)
        for p in known
    ]
    names = [p.image_id for p in known]
    images = _read(
        names,
        names,
        fundus=[geometry.quantised(example["fundus"]) for example in examples],
        fov_masks=[example["fov_mask"][..., 0] > 0.5 for example in examples],
        vessel_maps=[
            example["vessel_map"][..., 0] >= 0.5 for example in examples
        ],
        analyser=analyser,
        vessels=vessels,
    )
    soft = [example["vessel_map"][..., 0] for example in examples]
    return images, np.stack(soft)


def paint(generator, originals, vessel_maps, samples, seed):
    """Paints vessel maps with several noise codes.

    Args:
      generator: a `protocols.Generator`.
      originals: `FundusImages` of the photographs that the maps are of, whose
        fields of view are painted.
      vessel_maps: (N,S,S) float32 in [0,1].
      samples: K, images of each map.
      seed: the code is a function of it, the map's place and the sample's.

    Returns:
      `Painted`: N·K images at the generator's --evaluation_noise_stddev, those
      of one map together, and the mean over the maps of
      `generator_scores.diversity`, for SIGMAS and the generator's own σ.
    """
    own = generator.config.evaluation_noise_stddev
    images, spreads = [], {sigma: [] for sigma in (*SIGMAS, own)}
    pairs = zip(vessel_maps, originals.fov_mask, strict=True)
    for index, (vessel_map, fov_mask) in enumerate(
        tqdm(pairs, "paint", len(vessel_maps), unit="map")
    ):
        for sigma, spread in spreads.items():
            painted = [
                generator(
                    vessel_map,
                    [seed, index, sample],
                    noise_stddev=sigma,
                    fov_mask=fov_mask,
                ).fundus
                for sample in range(samples)
            ]
            spread.append(generator_scores.diversity(painted, fov_mask))
            if sigma == own:
                images += painted
    diversity = {f"{s:g}": float(np.mean(v)) for s, v in spreads.items()}
    return Painted(images, diversity)


def read(painted, originals, analyser) -> FundusImages:
    """What is seen in painted images.

    Args:
      painted: `Painted` of K images for each original.
      originals: `FundusImages` of the photographs that the maps are of.
      analyser: an `ImageAnalyser`.
    """
    samples = len(painted.fundus) // len(originals.image_ids)
    known = [i for i in originals.image_ids for _ in range(samples)]
    return _read(
        [f"{name}_{n % samples:03d}" for n, name in enumerate(known)],
        known,
        fundus=painted.fundus,
        fov_masks=np.repeat(originals.fov_mask, samples, axis=0),
        vessel_maps=np.repeat(originals.vessel_map, samples, axis=0),
        analyser=analyser,
    )


def _read(
    image_ids,
    photograph_ids,
    *,
    fundus,
    fov_masks,
    vessel_maps,
    analyser,
    vessels=True,
):
    levels, patches = [], []
    features = {"network": [], "random_filters": [], "colour_field": []}
    pairs = zip(fundus, fov_masks, strict=True)
    for pair in tqdm(pairs, "read", len(fundus), unit="image"):
        features["network"].append(analyser.features(*pair))
        features["random_filters"].append(image_features.random_filters(*pair))
        features["colour_field"].append(image_features.colour_field(*pair))
        seed = generator_distances.SEED
        patches.append(patch_classifier.patch_features(*pair, seed=seed))
        if vessels:
            levels.append(analyser.levels(*pair))
    return FundusImages(
        image_ids,
        photograph_ids,
        fundus=np.stack(fundus),
        fov_mask=np.stack(fov_masks),
        vessel_map=np.stack(vessel_maps),
        levels=np.stack(levels) if vessels else None,
        features={name: np.stack(rows) for name, rows in features.items()},
        patches=patches,
    )
