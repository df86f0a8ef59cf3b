"""Tells in plain words when a run is sick."""

import collections
import math

from migan_tf.base.errors import UserError

# Consecutive logged rows that must agree before a warning is given.
WINDOW = 20
# Eq. 4 where D cannot tell, and how near to it D is called stuck: by its loss
# or, under the hinge, by what it says of photographs and of what was painted.
TWO_LN_2 = 2 * math.log(2)
STUCK_WITHIN = 0.01
SATURATED_BELOW = 0.01
# Fakes that differ by less than this on [-1,1], a quarter of an 8-bit step, are
# the same image to everybody.
SAME_IMAGE = 2 / 255 / 4
CONSTANT_BELOW = 1e-3


class HealthMonitor:
    """Watches the scalars of a run; each warning is given once."""

    def __init__(self):
        self._judgements = collections.deque(maxlen=WINDOW)
        self._said = set()

    def check(self, step, scalars) -> list[str]:
        """Looks at one row of scalars.

        Args:
          step: iterations done.
          scalars: {name: float}, named as `step` and `validation` do.

        Returns:
          Warnings that were not given before in this run.

        Raises:
          UserError: a loss, or a gradient's norm that nothing scales, is not
            finite; nothing after it is worth keeping.
        """
        # Under loss scaling a gradient may overflow: its update is skipped.
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
            self._judgements.append(_judgement(scalars))
        found = {
            key: text
            for key, text in self._symptoms(scalars)
            if key not in self._said
        }
        self._said |= set(found)
        return [f"step {step}: {text}" for text in found.values()]

    def _symptoms(self, scalars):
        """Yields (key, text) of each symptom that a row shows."""
        for name in ("loss_scale", "d_loss_scale"):
            scale = scalars.get(name, 1.0)
            if scale < 1:
                yield (
                    name,
                    f"{name} fell to {scale:g}: updates are being skipped. "
                    "Use --mixed_precision=mixed_bfloat16 or float32.",
                )
        if len(self._judgements) == WINDOW:
            losses, stuck = zip(*self._judgements, strict=True)
            if all(stuck):
                yield (
                    "d_stuck",
                    "the discriminator is stuck at 2 ln 2, or under the hinge "
                    "at equal logits: it cannot tell real from fake, and the "
                    "generator learns nothing from it.",
                )
            if all(loss < SATURATED_BELOW for loss in losses):
                yield (
                    "d_saturated",
                    "the discriminator is saturated (loss below "
                    f"{SATURATED_BELOW}): the adversarial term gives the "
                    "generator little to learn from. Fewer "
                    "--discriminator_filters or more --generator_steps may "
                    "help.",
                )
        if scalars.get("noise_effect", 1.0) < SAME_IMAGE:
            yield (
                "noise_ignored",
                "the noise is ignored: different noise codes give the same "
                "image at --evaluation_noise_stddev.",
            )
        if scalars.get("output_stddev", 1.0) < CONSTANT_BELOW:
            yield ("constant", "the network's output is constant.")


def _judgement(scalars):
    """(D's loss without penalties, whether it cannot tell) of one row."""
    if "d_hinge_loss" in scalars:
        apart = scalars["d_real_logit"] - scalars["d_fake_logit"]
        return scalars["d_hinge_loss"], abs(apart) < STUCK_WITHIN
    loss = scalars["d_loss"]
    return loss, abs(loss - TWO_LN_2) < STUCK_WITHIN
