"""The generator and the segmenter of a run, built as its settings say.

The networks themselves take plain numbers. Only this file knows which settings
they come from.
"""

from migan_tf.models.generator import build_generator
from migan_tf.models.segmenter import build_segmenter


def build_network(config, task, synchronized=False):
    """Builds the generator or the segmenter of a run, with random weights.

    Args:
      config: the run's `Config`.
      task: `synthesis` for the generator or `segmentation` for the segmenter.
      synchronized: whether BatchNorm takes its statistics over all replicas.

    Returns:
      Keras model. The generator maps [vessel_map (B,S,S,1), noise
      (B,noise_size)] to fake_fundus (B,S,S,3). The segmenter maps
      standardized_fundus (B,H,W,3) to vessel_logits (B,H,W,1); H and W may be
      any that its strides divide, since it is trained on crops and applied to
      whole images.
    """
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
