"""Says in plain words when a run is sick."""

import collections
import math

from migan_tf.base.errors import UserError

# Consecutive logged rows that must agree before a warning is given.
WINDOW = 20
TWO_LN_2 = 2 * math.log(2)
# Fakes of different noise codes differ by less than this, on [-1,1]: below
# the step of an 8-bit image, so nobody can see it.
SAME_IMAGE = 2 / 255 / 4


class HealthMonitor:
    """Watches the scalars of a run."""

    def __init__(self):
        self._d_losses = collections.deque(maxlen=WINDOW)
        self._said = set()

    def check(self, step, scalars) -> list[str]:
        """Looks at one row of scalars.

        Args:
          step: iterations done.
          scalars: {name: float}; names as in `train_step` and `trainer`.

        Returns:
          Warnings that were not given before in this run.

        Raises:
          UserError: a loss is not finite; nothing after it is worth keeping.
        """
        # Under loss scaling gradients may overflow: such updates are skipped.
        vital = ("loss",) if "loss_scale" in scalars else ("loss", "norm")
        for name, value in scalars.items():
            if math.isfinite(value):
                continue
            if any(word in name for word in vital):
                raise UserError(
                    f"step {step}: {name} is {value}, so the run was stopped; "
                    "the checkpoint before it is kept. Try a smaller "
                    "--learning_rate or --mixed_precision=float32 in another "
                    "--workdir."
                )
        if "d_loss" in scalars:
            self._d_losses.append(scalars["d_loss"])
        found = {
            key: text
            for key, text in self._symptoms(scalars)
            if key not in self._said
        }
        self._said |= set(found)
        return [f"step {step}: {text}" for text in found.values()]

    def _symptoms(self, scalars):
        for name in ("loss_scale", "d_loss_scale"):
            scale = scalars.get(name, 1.0)
            if scale < 1:
                yield (
                    name,
                    f"{name} fell to {scale:g}: updates are being skipped. "
                    "Use --mixed_precision=mixed_bfloat16 or float32.",
                )
        if len(self._d_losses) == WINDOW:
            if all(abs(loss - TWO_LN_2) < 0.01 for loss in self._d_losses):
                yield (
                    "d_stuck",
                    "the discriminator is stuck at 2 ln 2: it cannot tell real"
                    " from fake, and the generator learns nothing from it.",
                )
            if all(loss < 0.01 for loss in self._d_losses):
                yield (
                    "d_saturated",
                    "the discriminator is saturated (loss below 0.01): the "
                    "adversarial term gives the generator little to learn "
                    "from. Fewer --discriminator_filters or more "
                    "--generator_steps may help.",
                )
        if scalars.get("noise_effect", 1.0) < SAME_IMAGE:
            yield (
                "noise_ignored",
                "the noise is ignored: different noise codes give the same "
                "image at --evaluation_noise_stddev.",
            )
        if scalars.get("output_stddev", 1.0) < 1e-3:
            yield ("constant", "the network's output is constant.")
