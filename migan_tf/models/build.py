"""The generator and the segmenter of a run, built as its settings say.

The networks themselves take plain numbers. Only this file knows which settings
they come from.
"""

import tensorflow as tf

from migan_tf.models import style_code
from migan_tf.models.delta_generator import build_delta_generator
from migan_tf.models.discriminator import build_discriminator
from migan_tf.models.generator import build_generator
from migan_tf.models.residual_discriminator import build_residual_discriminator
from migan_tf.models.segmenter import build_segmenter


def build_network(config, task, synchronized=False):
    """Builds the generator or the segmenter of a run, with random weights.

    Args:
      config: the run's `Config`.
      task: `synthesis` for the generator or `segmentation` for the segmenter.
      synchronized: whether BatchNorm takes its statistics over all replicas.

    Returns:
      Keras model. The generator maps `generator_inputs` to fake_fundus
      (B,S,S,3); that of --generator=delta takes any size. The segmenter maps
      standardized_fundus (B,H,W,3) to vessel_logits (B,H,W,1); H and W may be
      any that its strides divide, since it is trained on crops and applied to
      whole images.
    """
    if task == "synthesis" and config.generator == "delta":
        return build_delta_generator(config.noise_size, config.base_filters)
    if task == "synthesis":
        return build_generator(
            image_size=config.image_size,
            noise_size=config.noise_size,
            base_filters=config.base_filters,
            skip_connections=config.skip_connections,
            synchronized=synchronized,
            antialias=config.antialias,
        )
    return build_segmenter(
        config.segmenter,
        image_size=None,
        base_filters=config.segmenter_filters,
        depth=config.unet_depth,
        skip_connections=config.skip_connections,
        synchronized=synchronized,
        stride=config.unet_stride,
        cascade=config.unet_cascade,
        normalization=config.unet_normalization,
    )


def build_judge(config, task, synchronized=False):
    """Builds the discriminator of a run, with random weights.

    Args:
      config: the run's `Config`, with a discriminator.
      task: `synthesis` or `segmentation`.
      synchronized: see `build_network`.

    Returns:
      Keras model; see `discriminator` and `residual_discriminator`.
    """
    if config.discriminator == "residual":
        return build_residual_discriminator(config.discriminator_filters)
    return build_discriminator(
        config.discriminator,
        config.network_size(task),
        base_filters=config.discriminator_filters,
        synchronized=synchronized,
    )


def generator_inputs(
    generator, vessel_map, noise, fov_mask, contrast=None, style=None
):
    """What a generator of either architecture is called with.

    Args:
      generator: its architecture, `migan` or `delta`.
      vessel_map: (B,S,S,1) in [0,1].
      noise: (B,noise_size).
      fov_mask: (B,S,S,1) in {0,1}; the paper's generator does without.
      contrast: (B,1) of the vessels, for delta; default 1.
      style: (B,style_code.SIZE), for delta; default drawn by the noise code.

    Returns:
      [vessel_map, noise], or the inputs of `delta_generator` by their names.
    """
    if generator == "migan":
        return [vessel_map, noise]
    count = tf.shape(noise)[0]
    ones = tf.ones((count, 1))
    styled = ones if style is not None else 0.0 * ones
    if style is None:
        style = tf.zeros((count, style_code.SIZE))
    return {
        "vessel_map": vessel_map,
        "noise": noise,
        "fov_mask": fov_mask,
        "contrast": ones if contrast is None else contrast,
        "style": style,
        "styled": styled,
    }
