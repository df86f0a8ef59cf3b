"""Images for `generator_scores`: photographs, and what a generator paints."""

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from migan_tf.base.errors import UserError
from migan_tf.data import batches, geometry, photographs
from migan_tf.evaluation import generator_scores
from migan_tf.evaluation.generator_scores import FundusImages
from migan_tf.metrics import segmentation

# σ of the noise codes whose effect is measured: training's, evaluation's and
# what lies between.
SIGMAS = (0.001, 0.01, 0.1, 1.0)


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
      (N,S,S,1) float32 as a generator takes them.

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
    images = _read(
        [p.image_id for p in known],
        [geometry.quantised(example["fundus"]) for example in examples],
        fov_masks=[example["fov_mask"][..., 0] > 0.5 for example in examples],
        vessel_maps=[
            example["vessel_map"][..., 0] >= 0.5 for example in examples
        ],
        analyser=analyser,
        vessels=vessels,
    )
    return images, np.stack([example["vessel_map"] for example in examples])


def paint(network, config, originals, vessel_maps, analyser, samples, seed):
    """Paints vessel maps and reads what was painted.

    Args:
      network: a generator.
      config: its `Config`.
      originals: `FundusImages` of the photographs that the maps are of.
      vessel_maps: (N,S,S,1) float32 in [0,1].
      analyser: an `ImageAnalyser`.
      samples: K, images of each map.
      seed: the code is a function of it, the map's place and the sample's.

    Returns:
      (images, diversity): `FundusImages` of N·K images, those of one map
      together, at the run's --evaluation_noise_stddev; and {σ as a text:
      mean over the maps of `generator_scores.diversity`}, for SIGMAS and the
      run's own.
    """
    generate = tf.function(network, reduce_retracing=True)
    own = config.evaluation_noise_stddev
    images, spreads = [], {sigma: [] for sigma in (*SIGMAS, own)}
    pairs = zip(vessel_maps, originals.fov_mask, strict=True)
    for index, (vessel_map, fov_mask) in enumerate(
        tqdm(pairs, "paint", len(vessel_maps), unit="map")
    ):
        codes = [
            noise_code(seed, index, sample=sample, size=config.noise_size)
            for sample in range(samples)
        ]
        for sigma, spread in spreads.items():
            # One at a time: the memory of a network grows with its batch.
            painted = [
                generate(
                    [vessel_map[None], np.float32(sigma * code)[None]],
                    training=False,
                )[0].numpy()
                for code in codes
            ]
            spread.append(generator_scores.diversity(painted, fov_mask))
            if sigma == own:
                images += [geometry.quantised(fundus) for fundus in painted]
    names = [
        f"{i}_{n:03d}" for i in originals.image_ids for n in range(samples)
    ]
    read = _read(
        names,
        images,
        fov_masks=np.repeat(originals.fov_mask, samples, axis=0),
        vessel_maps=np.repeat(originals.vessel_map, samples, axis=0),
        analyser=analyser,
    )
    return read, {f"{s:g}": float(np.mean(v)) for s, v in spreads.items()}


def noise_code(seed, index, sample, size):
    """The (size,) standard normal code of one sample of one vessel map."""
    return np.random.default_rng([seed, index, sample]).normal(size=size)


def _read(image_ids, fundus, fov_masks, vessel_maps, analyser, vessels=True):
    levels, rows = [], []
    pairs = zip(fundus, fov_masks, strict=True)
    for pair in tqdm(pairs, "read", len(fundus), unit="image"):
        rows.append(analyser.features(*pair))
        if vessels:
            levels.append(analyser.levels(*pair))
    return FundusImages(
        image_ids,
        np.stack(fundus),
        fov_mask=np.stack(fov_masks),
        vessel_map=np.stack(vessel_maps),
        levels=np.stack(levels) if vessels else None,
        features=np.stack(rows),
    )
