"""The adversarial, deviation and segmentation losses: Eq. 2 to 6 and clDice.

Each is a pure function that returns a float32 scalar, whatever the policy of
the networks: float16 arguments are cast before anything is summed. The paper
writes sums over examples; means are taken here, so that a weight means the
same at any image and batch size (docs/paper_to_code.md).

Eq. 1 is the min-max game of which Eq. 3 is the generator's part, in the form
that does not saturate, and Eq. 4 the discriminator's. log D and log(1 - D)
come from the logits d of D, since log D = -softplus(-d) and
log(1 - D) = -softplus(d) are exact at any logit.
"""

import tensorflow as tf

# Erosions of the soft skeleton. One pixel goes at each side, so this reaches
# the middle of the widest vessel, which is about 10 pixels wide at 512 × 512.
SKELETON_EROSIONS = 5


def adversarial_loss(d_fake_logits):
    """First term of Eq. 3 and 6, -log D(G(y,z), y): fakes shall look real.

    Args:
      d_fake_logits: logits of D on fake pairs, of any shape.

    Returns:
      Scalar, the mean over all logits; it is ln 2 when D cannot tell.
    """
    return _mean_softplus(-tf.cast(d_fake_logits, tf.float32))


def discriminator_loss(d_real_logits, d_fake_logits):
    """Eq. 4 with its sign turned, so that D minimises it.

    Args:
      d_real_logits: logits of D on real pairs, of any shape.
      d_fake_logits: logits of D on fake pairs, of any shape.

    Returns:
      Scalar -mean log D(x,y) - mean log(1 - D(G(y,z),y)); it is 2 ln 2 when D
      cannot tell.
    """
    return adversarial_loss(d_real_logits) + _mean_softplus(d_fake_logits)


def deviation_loss(fundus, fake_fundus):
    """Eq. 2, the L1 distance of a fake from the photograph of the same map.

    Args:
      fundus: (B,H,W,3) in [-1,1].
      fake_fundus: the same shape and range.

    Returns:
      Scalar in [0,2], the mean over all values.

    Raises:
      ValueError: the shapes differ.
    """
    _check_same_shape(fundus=fundus, fake_fundus=fake_fundus)
    fundus = tf.cast(fundus, tf.float32)
    return tf.reduce_mean(tf.abs(fundus - tf.cast(fake_fundus, tf.float32)))


def segmentation_loss(vessel_map, vessel_logits, focal_gamma=0.0):
    """Eq. 5, the binary cross-entropy of the vessel map, from logits.

    Args:
      vessel_map: (B,H,W,1) in [0,1]; soft values are soft targets.
      vessel_logits: the same shape, before the sigmoid.
      focal_gamma: γ ≥ 0 of the focal loss (Lin et al. 2017), which weighs each
        pixel by |y - p|^γ, so that easy ones count less; with 0 the loss is
        Eq. 5.

    Returns:
      Scalar, the mean over all pixels.

    Raises:
      ValueError: the shapes differ.
    """
    _check_same_shape(vessel_map=vessel_map, vessel_logits=vessel_logits)
    y = tf.cast(vessel_map, tf.float32)
    logits = tf.cast(vessel_logits, tf.float32)
    loss = tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits)
    if focal_gamma:
        # At an error of 0 a power below 1 has no finite slope.
        error = tf.maximum(tf.abs(y - tf.sigmoid(logits)), 1e-6)
        loss *= error**focal_gamma
    return tf.reduce_mean(loss)


def soft_dice_loss(vessel_map, vessel_logits):
    """1 - soft Dice, an addition to Eq. 5 that the paper does not have.

    Soft Dice is 2 Σ y p / (Σ y + Σ p) of each image. Its mean is taken over
    images, so that the loss of a batch does not depend on how the batch is
    split over replicas. One is added to both sides of the fraction: an image
    without vessels scores 1 for an empty answer.

    Args:
      vessel_map: (B,H,W,1) in [0,1].
      vessel_logits: the same shape, before the sigmoid.

    Returns:
      Scalar in [0,1].

    Raises:
      ValueError: the shapes differ.
    """
    _check_same_shape(vessel_map=vessel_map, vessel_logits=vessel_logits)
    y = tf.cast(vessel_map, tf.float32)
    p = tf.sigmoid(tf.cast(vessel_logits, tf.float32))
    overlap = tf.reduce_sum(y * p, (1, 2, 3))
    total = tf.reduce_sum(y, (1, 2, 3)) + tf.reduce_sum(p, (1, 2, 3))
    return tf.reduce_mean(1.0 - (2.0 * overlap + 1.0) / (total + 1.0))


def centreline_dice_loss(vessel_map, vessel_logits):
    """1 - soft clDice (Shit et al. 2021), an addition that the paper lacks.

    clDice is 2 T P / (T + P). T is the share of the answer's centreline that
    lies inside the vessel map, and P the share of the map's centreline that
    lies inside the answer. It asks for unbroken vessels and does not mind how
    wide they are. One is added to both sides of either fraction.

    Args:
      vessel_map: (B,H,W,1) in [0,1].
      vessel_logits: the same shape, before the sigmoid.

    Returns:
      Scalar in [0,1], the mean over images.

    Raises:
      ValueError: the shapes differ.
    """
    _check_same_shape(vessel_map=vessel_map, vessel_logits=vessel_logits)
    y = tf.cast(vessel_map, tf.float32)
    p = tf.sigmoid(tf.cast(vessel_logits, tf.float32))
    precision = _share_inside(soft_skeleton(p), y)
    sensitivity = _share_inside(soft_skeleton(y), p)
    dice = 2.0 * precision * sensitivity / (precision + sensitivity)
    return tf.reduce_mean(1.0 - dice)


def soft_skeleton(plane):
    """The centrelines of a soft map (Shit et al. 2021, algorithm 1).

    They are what repeated openings take away while the map is eroded.

    Args:
      plane: (B,H,W,1) float32 in [0,1].

    Returns:
      (B,H,W,1) float32 in [0,1].
    """
    skeleton = tf.nn.relu(plane - _open(plane))
    for _ in range(SKELETON_EROSIONS):
        plane = _erode(plane)
        rest = tf.nn.relu(plane - _open(plane))
        skeleton += tf.nn.relu(rest - skeleton * rest)
    return skeleton


def objective(terms, weights):
    """What a network minimises: the weighted sum of its terms.

    It is Eq. 3 with the weights {adversarial: 1, deviation: λ}, Eq. 6 with
    {adversarial: 1, segmentation: λ}, and Eq. 12 with those of the style terms.

    Args:
      terms: {name: scalar}.
      weights: {name: float} of the names of `terms` at least.

    Returns:
      Scalar.
    """
    return tf.add_n([weights[name] * term for name, term in terms.items()])


def _mean_softplus(logits):
    return tf.reduce_mean(tf.math.softplus(tf.cast(logits, tf.float32)))


def _share_inside(skeleton, plane):
    inside = tf.reduce_sum(skeleton * plane, (1, 2, 3))
    return (inside + 1.0) / (tf.reduce_sum(skeleton, (1, 2, 3)) + 1.0)


def _erode(plane):
    """The least value among a pixel and its four neighbours."""
    down = -tf.nn.max_pool2d(-plane, (3, 1), strides=1, padding="SAME")
    across = -tf.nn.max_pool2d(-plane, (1, 3), strides=1, padding="SAME")
    return tf.minimum(down, across)


def _open(plane):
    return tf.nn.max_pool2d(_erode(plane), 3, strides=1, padding="SAME")


def _check_same_shape(**tensors):
    (name_a, a), (name_b, b) = tensors.items()
    if not tf.TensorShape(a.shape).is_compatible_with(b.shape):
        raise ValueError(
            f"`{name_a}` and `{name_b}` must have the same shape. "
            f"Received: {name_a}.shape={a.shape}, {name_b}.shape={b.shape}"
        )
