"""`migan_tf.load_generator`: from vessel maps to fundus images."""

import dataclasses
import functools
import zlib

from migan_tf.api import arguments, models, words
from migan_tf.base import image_files
from migan_tf.base.errors import ArgumentError, ArgumentTypeError
from migan_tf.inference import load, user_files
from migan_tf.inference.contrast import MOST, ContrastRange
from migan_tf.inference.protocols import Painting


@dataclasses.dataclass(frozen=True)
class PaintedFundus(Painting):
    """A painted fundus, the vessels that it shows, and how dark they are."""

    contrast: float  # of its vessels; 1 is as photographed


def load_generator(model=None) -> "Generator":
    """Loads a trained generator.

    Args:
      model: None for the one that comes along; the folder of a run; or that of
        a SavedModel.

    Returns:
      The `Generator`, a function of vessel maps.

    Raises:
      FileNotFoundError: there is no such model.
      ValueError: it is no generator, or damaged.
    """
    with words.of_python():
        return Generator(models.find(model, "synthesis"))


class Generator:
    """Paints vessel maps as fundus photographs.

    Attributes:
      folder: `model_folder.ModelFolder`, where the network comes from.
    """

    def __init__(self, folder):
        """Loads the network in a `model_folder.ModelFolder`."""
        self.folder = folder
        self._of_size = functools.cache(
            functools.partial(load.load_generator, folder)
        )
        self._of_size(0)

    def __repr__(self) -> str:
        return f"Generator({str(self.folder.path)!r})"

    def __call__(
        self,
        vessel_map,
        seed=0,
        samples=1,
        *,
        contrast=1.0,
        style_fundus=None,
        fov_mask=None,
        image_size=0,
        noise_stddev=None,
    ) -> list[PaintedFundus]:
        """Paints a vessel map `samples` times.

        Args:
          vessel_map: (H,W) bool, or float in [0,1], of any size; or a path.
          seed: a whole number from 0. The images are a function of it, of the
            map and of their place among the samples; those of a path besides
            of the file's name, and are those of `migan_tf.synthesize`.
          samples: how many images are painted.
          contrast: how dark vessels are, from 0 to 4, 1 as photographed; or
            (lowest, highest), between which each image draws its own.
          style_fundus: a photograph, (h,w,3) uint8 or a path, in whose colours
            and light to paint.
          fov_mask: (H,W) bool, the field of view to paint, or a path; by
            default that of the photographs that were trained on.
          image_size: side of the images in pixels; 0: as it was trained.
          noise_stddev: σ of the noise; by default the run's.

        Returns:
          List of `PaintedFundus`: `fundus` (S,S,3) uint8, `vessel_map` (S,S)
          float32 in [0,1], what of the map is shown, `fov_mask` (S,S) bool and
          `contrast`.

        Raises:
          FileNotFoundError: there is no file of that name.
          TypeError: an argument is of another type.
          ValueError: the map is none, a number is out of its bounds, or the
            paper's generator is asked for what only one that was trained with
            generator="delta" can do: `contrast`, `style_fundus`, `fov_mask`
            and `image_size`.
        """
        with words.of_python():
            given = arguments.vessel_map(vessel_map)
            seed = arguments.whole_number(seed, "seed", least=0)
            samples = arguments.whole_number(samples, "samples", least=1)
            image_size = arguments.whole_number(
                image_size, "image_size", least=0
            )
            contrasts = _contrast_range(contrast)
            if noise_stddev is not None:
                noise_stddev = arguments.number(noise_stddev, "noise_stddev")
            style = _style(style_fundus)
            inside = arguments.fov_mask(fov_mask, given.shape)
            self._check_fov_mask(inside)
            paint = self._of_size(image_size)
            painted = []
            for sample in range(samples):
                own = [seed, *_name_seed(vessel_map), sample]
                drawn = contrasts.draw(own)
                painting = paint(
                    given,
                    own,
                    noise_stddev=noise_stddev,
                    fov_mask=inside,
                    contrast=drawn,
                    style_fundus=style,
                )
                painted.append(PaintedFundus(**vars(painting), contrast=drawn))
            return painted

    def _check_fov_mask(self, fov_mask):
        if fov_mask is not None and self.folder.config.generator != "delta":
            raise ArgumentError(
                "`fov_mask` is of generators that were trained with "
                "generator='delta'; the paper's paints the one that it has "
                f"learned. Received: one with {self}. Next: leave it out"
            )


def _name_seed(vessel_map) -> list[int]:
    """What the file's name adds to the seed, as in `user_files`."""
    if not arguments.is_path(vessel_map):
        return []
    place = image_files.image_file(vessel_map).place
    return [zlib.crc32(place.encode())]


def _contrast_range(contrast) -> ContrastRange:
    pair = contrast if isinstance(contrast, list | tuple) else [contrast] * 2
    try:
        lowest, highest = map(float, pair)
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            "`contrast` must be a number, or (lowest, highest). Received: "
            f"{contrast!r}"
        ) from None
    if not 0.0 <= lowest <= highest <= MOST:  # NaN is in no order.
        raise ArgumentError(
            f"`contrast` must lie between 0 and {MOST:g}, of two numbers the "
            f"lower one first. Received: {contrast!r}"
        )
    return ContrastRange(lowest, highest)


def _style(style_fundus):
    """The style's photograph (h,w,3) uint8, or None."""
    if style_fundus is None:
        return None
    if arguments.is_path(style_fundus):
        path = arguments.existing(style_fundus, "style_fundus")
        return user_files.read_style_fundus(path)
    return arguments.photograph(style_fundus, "style_fundus")
