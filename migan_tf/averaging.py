"""Averaged weights: what is validated and kept in place of the last ones.

An exponential moving average of all weights, BatchNorm's statistics included
(Polyak and Juditsky 1992). Single steps of small batches scatter about a
better point than any of them.
"""

import tensorflow as tf


class WeightAverage:
    """A network whose weights follow those of another."""

    def __init__(self, network, followed, decay):
        """Begins at the other's weights.

        Args:
          network: Keras model that takes the average.
          followed: built like `network`; the one that is trained.
          decay: in (0,1), the share of the old average that each update
            keeps. The n-th update keeps at most (1 + n) / (10 + n), so that
            the first weights are soon forgotten.
        """
        self.network, self._followed, self._decay = network, followed, decay
        network.set_weights(followed.get_weights())

    @property
    def variables(self):
        """The Keras variables to save."""
        return self.network.variables

    def update(self, strategy, updates) -> None:
        """Moves the average; call it outside of `strategy.run`.

        Args:
          strategy: `tf.distribute.Strategy` of both networks.
          updates: scalar tensor, the updates of the other network so far.
        """
        n = tf.cast(updates, tf.float32)
        rate = 1.0 - tf.minimum(self._decay, (1.0 + n) / (10.0 + n))
        pairs = zip(self.network.weights, self._followed.weights, strict=True)
        for mine, theirs in pairs:
            strategy.extended.update(
                mine.value,
                lambda old, new: old.assign_add((new - old) * rate),
                args=(theirs.value,),
            )
