"""The terms that Eq. 12 adds to the adversarial one."""

import tensorflow as tf

from migan_tf import geometry, losses, style_losses


class StyleObjective:
    """Style of x_s, content of x, and vessels that the segmenter finds again.

    The Gram matrices of x_s are computed once, here.
    """

    def __init__(
        self,
        vgg19,
        style_fundus,
        style_fov_mask,
        segmenter,
        block_weight=0.2,
        reduction="mean",
    ):
        """Prepares the targets.

        Args:
          vgg19: `style.Vgg19`.
          style_fundus: x_s, (1,S,S,3) in [-1,1], S that of the painted images.
          style_fov_mask: (1,S,S,1) in {0,1}, of x_s.
          segmenter: a trained Keras model of standardized_fundus to
            vessel_logits; it is frozen.
          block_weight: ϖ of Eq. 8.
          reduction: see `style_losses`.
        """
        self.random_features = vgg19.random
        self._vgg19, self._segmenter = vgg19, segmenter
        self._block_weight, self._reduction = block_weight, reduction
        segmenter.trainable = False
        self.style_fundus = style_fundus
        self.style_fov_mask = style_fov_mask
        features, _ = vgg19.features(style_fundus)
        self._grams = [style_losses.gram_matrix(f, reduction) for f in features]

    def vessel_logits(self, painted, fov_mask):
        """What the segmenter finds in painted images.

        Args:
          painted: (B,S,S,3) in [-1,1].
          fov_mask: (B,S,S,1) in {0,1}.

        Returns:
          (B,S,S,1) float32.
        """
        painted = tf.cast(painted, tf.float32)
        standardized_fundus = geometry.standardize(painted, fov_mask)
        return self._segmenter(standardized_fundus, training=False)

    def terms(self, batch, painted):
        """{name: scalar}: L_SEG of Eq. 12 and the three terms of Eq. 11.

        Args:
          batch: of the contract in `data`.
          painted: x̂, (B,S,S,3) in [-1,1].
        """
        reduction = self._reduction
        style_features, content_features = self._vgg19.features(painted)
        logits = self.vessel_logits(painted, batch["fov_mask"])
        return {
            "segmentation_loss": losses.segmentation_loss(
                batch["vessel_map"], logits
            ),
            "style_loss": style_losses.style_loss(
                style_features, self._grams, self._block_weight, reduction
            ),
            "content_loss": style_losses.content_loss(
                self._vgg19.content(batch["fundus"]),
                content_features,
                reduction,
            ),
            "total_variation_loss": style_losses.total_variation_loss(
                painted, reduction
            ),
        }
