"""What a run trains on: its photographs, and an extra dataset beside them."""

import dataclasses
from collections.abc import Sequence

from migan_tf import data, photographs, stored_photographs
from migan_tf.photographs import Photograph


@dataclasses.dataclass(frozen=True)
class ExampleSet:
    """The photographs and the extra examples that are trained on."""

    photographs: list[Photograph]
    extra: Sequence = ()  # examples of --extra_dataset, decoded when asked for

    def __len__(self):
        return len(self.photographs)

    def network_examples(self, config) -> list[dict]:
        """The photographs as `data.network_example`s, without the extra."""
        return [
            data.network_example(p, config.image_size, config.geometry)
            for p in self.photographs
        ]

    def record(self, config, held_out) -> dict:
        """{split: {image_id: SHA-256}} for the record of a run.

        The `extra` one, where there is one, has the dataset's name for an
        image_id and stands for all that are used of it.

        Args:
          config: the `Config`.
          held_out: the photographs that validate.
        """
        seen = {
            split: {p.image_id: p.sha256() for p in images}
            for split, images in (
                ("train", self.photographs),
                ("validation", held_out),
            )
        }
        if self.extra:
            seen["extra"] = {config.extra_dataset: self.extra.sha256()}
        return seen


def load(config) -> ExampleSet:
    """What the run of a `Config` trains on.

    Raises:
      UserError: the data are not there, too few, or damaged.
    """
    return ExampleSet(
        photographs.load(config, "train"), stored_photographs.load_extra(config)
    )
