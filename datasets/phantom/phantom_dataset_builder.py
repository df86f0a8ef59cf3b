"""TFDS builder of phantom retinas, drawn on the spot: nothing to download."""

import dataclasses

import tensorflow as tf
import tensorflow_datasets as tfds

from migan_tf.phantom import retina as phantom_retina

# Seeds of one data set: SEED_BLOCK to itself, the second half for tests.
SEED_BLOCK = 1_000_000
TEST_OFFSET = SEED_BLOCK // 2


@dataclasses.dataclass(kw_only=True)
class PhantomConfig(tfds.core.BuilderConfig):
    """Size, number and seed of the retinas; height and width in pixels.

    Data sets of different seeds share no eye, nor do train and test of one.
    """

    height: int = 584
    width: int = 565
    train_examples: int = 20
    test_examples: int = 20
    seed: int = 0

    def __post_init__(self):
        for name in ("train_examples", "test_examples"):
            number = getattr(self, name)
            if not 1 <= number <= TEST_OFFSET:
                raise ValueError(
                    f"{name} must lie in [1, {TEST_OFFSET}]. "
                    f"Received: {number}."
                )
        if self.seed < 0:
            raise ValueError(
                f"seed must not be negative. Received: {self.seed}."
            )

    def seeds(self, split: str) -> range:
        """Seeds of the eyes of split `train` or `test`, one each."""
        first = self.seed * SEED_BLOCK
        if split == "test":
            first += TEST_OFFSET
            return range(first, first + self.test_examples)
        return range(first, first + self.train_examples)


class Builder(tfds.core.GeneratorBasedBuilder):
    """Phantom retinas with exact vessel maps, of DRIVE's size by default."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    BUILDER_CONFIGS = [
        PhantomConfig(
            name="default",
            description="20 + 20 retinas of DRIVE's size, 584 x 565.",
        ),
        PhantomConfig(
            name="demo",
            description="12 + 4 small retinas that are drawn in seconds.",
            height=144,
            width=144,
            train_examples=12,
            test_examples=4,
            seed=1,
        ),
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        size = (self.builder_config.height, self.builder_config.width)
        features = {
            "image_id": tfds.features.Text(),
            "fundus": tfds.features.Image(
                shape=(*size, 3), encoding_format="png"
            ),
            "has_vessel_map": tfds.features.Scalar(tf.bool),
            "has_second_annotator": tfds.features.Scalar(tf.bool),
        }
        for name in ("vessel_map", "fov_mask", "second_annotator"):
            features[name] = tfds.features.Image(
                shape=(*size, 1), encoding_format="png"
            )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            supervised_keys=("fundus", "vessel_map"),
        )

    def _split_generators(self, dl_manager):
        del dl_manager  # nothing is downloaded
        return {
            split: self._generate_examples(split) for split in ("train", "test")
        }

    def _generate_examples(self, split):
        """Yields (image_id, example), drawing one retina at a time."""
        config = self.builder_config
        for number, seed in enumerate(config.seeds(split), start=1):
            retina = phantom_retina.phantom_retina(
                config.height, config.width, seed
            )
            image_id = f"{number:02d}_{split}"
            yield (
                image_id,
                {
                    "image_id": image_id,
                    "fundus": retina.fundus,
                    "vessel_map": retina.vessel_map[..., None],
                    "fov_mask": retina.fov_mask[..., None],
                    "second_annotator": phantom_retina.second_reading(retina)[
                        ..., None
                    ],
                    "has_vessel_map": True,
                    "has_second_annotator": True,
                },
            )
