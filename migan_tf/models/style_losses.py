"""The style losses, Eq. 7 to 10, each a pure function; Eq. 11 sums them.

Their argument `reduction` says what stands for the sums of the paper:

  mean      Gram matrices are divided by positions × channels, and the content
            and the total variation losses are means. A weight then means the
            same at any image size.
  paper     The sums are as printed, where only Eq. 8 and 9 divide by W H.
  relative  As `mean`, but the distances of Eq. 8 and 9 are divided by the size
            of their targets. VGG-19's features are in the hundreds and Eq. 8
            is of their fourth power, so that as it stands it drowns the other
            terms, by orders of magnitude that depend on the weights file. A
            share of the target's size does not depend on it.

All losses are means over the examples of a batch. They are computed and
returned in float32, whatever the policy of the networks: a Gram matrix of
float16 overflows.
"""

import tensorflow as tf

REDUCTIONS = ("mean", "paper", "relative")


def gram_matrix(features, reduction="mean"):
    """Eq. 7, the inner products of all pairs of feature maps.

    Args:
      features: (B,H,W,C).
      reduction: one of `REDUCTIONS`.

    Returns:
      (B,C,C) float32.

    Raises:
      ValueError: the reduction is unknown.
    """
    _check_reduction(reduction)
    features = tf.cast(features, tf.float32)
    batch, height, width, channels = tf.unstack(tf.shape(features))
    if reduction != "paper":
        # Divided before the product, whose sums would cost float32 digits.
        values = tf.cast(height * width * channels, tf.float32)
        features = features * tf.math.rsqrt(values)
    flat = tf.reshape(features, (batch, height * width, channels))
    return tf.matmul(flat, flat, transpose_a=True)


def style_loss(features, style_grams, block_weight=0.2, reduction="mean"):
    """Eq. 8, the squared Frobenius distances of Gram matrices over the layers.

    Args:
      features: list of (B,H,W,C), the painted images' features of each layer.
      style_grams: list of (1,C,C) or (B,C,C), `gram_matrix` of x_s in the same
        layers, at the same image size and with the same reduction.
      block_weight: ϖ of every layer.
      reduction: one of `REDUCTIONS`.

    Returns:
      Scalar.

    Raises:
      ValueError: the reduction is unknown.
    """
    total = 0.0
    for maps, target in zip(features, style_grams, strict=True):
        difference = gram_matrix(maps, reduction) - target
        distance = tf.reduce_sum(difference**2, (1, 2))
        if reduction == "paper":
            distance /= _positions(maps)
        elif reduction == "relative":
            size = tf.reduce_sum(target**2, (1, 2))
            distance = tf.math.divide_no_nan(distance, size)
        total += block_weight * tf.reduce_mean(distance)
    return total


def content_loss(features, painted_features, reduction="mean"):
    """Eq. 9, the squared distance of the features of x and of the painted x̂.

    Args:
      features: (B,H,W,C), those of the photograph of the same vessel map.
      painted_features: the same shape.
      reduction: `mean` takes the mean over all values, `paper` the sum over an
        image divided by W H, and `relative` the sum over an image divided by
        the sum of the squared `features`.

    Returns:
      Scalar.

    Raises:
      ValueError: the reduction is unknown.
    """
    _check_reduction(reduction)
    difference = tf.cast(features, tf.float32) - tf.cast(
        painted_features, tf.float32
    )
    if reduction == "mean":
        return tf.reduce_mean(difference**2)
    distance = tf.reduce_sum(difference**2, (1, 2, 3))
    if reduction == "paper":
        return tf.reduce_mean(distance) / _positions(features)
    size = tf.reduce_sum(tf.cast(features, tf.float32) ** 2, (1, 2, 3))
    return tf.reduce_mean(tf.math.divide_no_nan(distance, size))


def total_variation_loss(painted, reduction="mean"):
    """Eq. 10, the squared differences of neighbouring pixels.

    Args:
      painted: (B,H,W,3) in [-1,1].
      reduction: `paper` takes the sum over an image, the others the mean over
        horizontal neighbours plus the mean over vertical ones.

    Returns:
      Scalar.

    Raises:
      ValueError: the reduction is unknown.
    """
    _check_reduction(reduction)
    painted = tf.cast(painted, tf.float32)
    across = (painted[:, :, 1:] - painted[:, :, :-1]) ** 2
    down = (painted[:, 1:] - painted[:, :-1]) ** 2
    if reduction != "paper":
        return tf.reduce_mean(across) + tf.reduce_mean(down)
    axes = (1, 2, 3)
    sums = tf.reduce_sum(across, axes) + tf.reduce_sum(down, axes)
    return tf.reduce_mean(sums)


def _positions(features):
    height, width = tf.unstack(tf.shape(features)[1:3])
    return tf.cast(height * width, tf.float32)


def _check_reduction(reduction):
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"`reduction` must be one of {', '.join(REDUCTIONS)}. "
            f"Received: reduction={reduction!r}"
        )
