"""What is kept of a set of images while one after the other passes by.

All figures of a score and its curves come from here, so that no more than one
image has to be in memory, however many there are and however large.
"""

import dataclasses

from migan_tf.base.errors import UserError
from migan_tf.evaluation import scored_image
from migan_tf.metrics import segmentation, tally


@dataclasses.dataclass(frozen=True)
class Tallies:
    """The tallies of a set of images.

    Attributes:
      protocol: a key of `scored_image.PROTOCOLS`.
      validation_threshold: probability in [0,1], or None.
      firsts: {image_id: `tally.Tally`} against the first annotator.
      seconds: the same against the second, of those images that have one.
      human: list of `segmentation.Counts` of these, the second against the
        first.
      doubts: what looks wrong in single images, in words.
    """

    protocol: str
    validation_threshold: float | None
    firsts: dict = dataclasses.field(default_factory=dict)
    seconds: dict = dataclasses.field(default_factory=dict)
    human: list = dataclasses.field(default_factory=list)
    doubts: list = dataclasses.field(default_factory=list)

    def curves(self) -> dict:
        """{"first", and "second" where there is one: the `Tally` of all}."""
        pairs = {"first": self.firsts, "second": self.seconds}
        return {
            name: tally.total(list(tallies.values()))
            for name, tallies in pairs.items()
            if tallies
        }


def of(images, protocol="paper", validation_threshold=None) -> Tallies:
    """Tallies the images, each of which is forgotten before the next.

    Args:
      images: iterable of `ScoredImage`s.
      protocol: a key of `scored_image.PROTOCOLS`.
      validation_threshold: probability in [0,1] chosen on validation images,
        or None.

    Raises:
      UserError: no images, two of one id, one that cannot be scored, or an
        unknown protocol.
    """
    scored_image.check_protocol(protocol)
    found = Tallies(protocol, validation_threshold)
    for image in images:
        _add(image, found)
    if not found.firsts:
        raise UserError("there are no images to score")
    return found


def _add(image, tallies):
    name, threshold = image.image_id, tallies.validation_threshold
    if name in tallies.firsts:
        raise UserError(f"image ids must differ. Received: two of {name}")
    first, second, probability = scored_image.scored_pixels(
        image, tallies.protocol
    )
    tallies.firsts[name] = tally.tally(first, probability, threshold)
    if second is not None:
        tallies.seconds[name] = tally.tally(second, probability, threshold)
        tallies.human.append(segmentation.count(first, second))
    tallies.doubts.extend(scored_image.doubts_about(image, tallies.protocol))
