"""How strongly vessels are painted: one contrast, or one for each image."""

import dataclasses

import numpy as np

from migan_tf.base.errors import UserError

MOST = 4.0


@dataclasses.dataclass(frozen=True)
class ContrastRange:
    """The contrasts that images may have; 1 is as photographed."""

    lowest: float = 1.0
    highest: float = 1.0

    @property
    def is_drawn(self) -> bool:
        """Whether images differ in their contrast."""
        return self.lowest < self.highest

    def draw(self, seed) -> float:
        """Draws the contrast of one image, each as likely as another.

        Args:
          seed: of the image, a whole number or a list of such. The noise code
            that is drawn from the same one has nothing to do with it.
        """
        if not self.is_drawn:
            return self.lowest
        own = np.random.SeedSequence(seed, spawn_key=(1,))
        return float(
            np.random.default_rng(own).uniform(self.lowest, self.highest)
        )


AS_PHOTOGRAPHED = ContrastRange()


def read_contrast(text) -> ContrastRange:
    """Reads the value of --contrast.

    Args:
      text: a number, or two with a colon between them.

    Raises:
      UserError: it is no such text, or out of the bounds.
    """
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError:
        numbers = []
    # NaN is in no order.
    if len(numbers) in (1, 2) and 0 <= numbers[0] <= numbers[-1] <= MOST:
        return ContrastRange(numbers[0], numbers[-1])
    raise UserError(
        f"--contrast must be a number from 0 to {MOST:g}, or two of them, the "
        "lower one first, of which each image draws its own. Received: "
        f"{text!r}. Next: --contrast=0.7 or --contrast=0.5:1.2, say"
    )
