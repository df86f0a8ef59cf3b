"""A noise code that says the colours of its photograph.

The objectives of the paper give a generator no use for its noise: the L1 term
asks for one image of a vessel map, whatever z, and so all images of a map look
alike. With --colour_code the first six numbers of z are, in training, the
colours of the photograph that is asked for: the mean and the standard
deviation of each channel inside the FOV, whitened over the training set. They
then have the mean 0 and the variance 1 of the normal numbers that stand in
their place later, when z is drawn, and each drawn z is another colouring.
"""

import numpy as np

from migan_tf.data import augment

# Colour changes of each photograph that the whitening is learned from.
DRAWS = 16
REACH = 3.0  # standard deviations; what lies beyond is cut


class ColourCode:
    """Colours of a fundus to the first numbers of its noise code."""

    def __init__(self, examples, jitter=0.0, seed=0):
        """Learns the whitening.

        Args:
          examples: list of dicts with fundus (S,S,3) in [-1,1] and fov_mask
            (S,S,1) in {0,1}: the training photographs.
          jitter: strength of the `augment.photometric` changes that training
            makes.
          seed: seed of these changes.
        """
        rng = np.random.default_rng(seed)
        rows = []
        for example in examples:
            fundus, fov_mask = example["fundus"], example["fov_mask"]
            for _ in range(DRAWS if jitter else 1):
                changed = fundus
                if jitter:
                    changed = augment.photometric(fundus, rng, jitter)
                rows.append(_colours(changed, fov_mask))
        self._mean = np.mean(rows, axis=0)
        # Principal axes, of which those without any variation stay 0.
        _, spread, axes = np.linalg.svd(rows - self._mean, full_matrices=False)
        # An axis has two signs, and the library's choice may change.
        largest = np.abs(axes).argmax(axis=1)
        axes *= np.sign(axes[np.arange(len(axes)), largest])[:, None]
        spread /= np.sqrt(len(rows))
        scale = np.where(spread > 1e-4, 1.0 / np.maximum(spread, 1e-4), 0.0)
        self._whitening = axes.T * scale

    def __call__(self, fundus, fov_mask):
        """The code of one photograph.

        Args:
          fundus: (S,S,3) in [-1,1].
          fov_mask: (S,S,1) in {0,1}.

        Returns:
          Up to six numbers, float64 within ±REACH.
        """
        colours = _colours(fundus, fov_mask) - self._mean
        return np.clip(colours @ self._whitening, -REACH, REACH)

    def write(self, noise, fundus, fov_mask) -> None:
        """Puts the code at the beginning of a noise code, in place.

        Args:
          noise: (noise_size,) float, at least six.
          fundus: (S,S,3) in [-1,1].
          fov_mask: (S,S,1) in {0,1}.
        """
        code = self(fundus, fov_mask)
        noise[: code.size] = code


def _colours(fundus, fov_mask):
    return np.concatenate(augment.fov_statistics(fundus, fov_mask))
