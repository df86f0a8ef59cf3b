"""The update of painter and discriminator from one pass, for residuals.

Where a batch is two crops and four grounds of photographs, a pass of G costs
more than D: one pass serves both updates. The paper's order, G twice on
fresh batches and then D, stays that of the paper's discriminators.
"""

import tensorflow as tf

from migan_tf.models import delta_layers, ground, layers, light, losses
from migan_tf.models.residual_discriminator import crop_view, ground_view
from migan_tf.training.gradients import apply_gradients

# Every so many updates D pays for its slope at photographs (Mescheder et al.
# 2018), and then as many times as much (Karras et al. 2020).
PENALTY_EVERY = 8
_FEATURE_CELLS = 4  # in which D's features are compared
_ASTRAY = 5  # pixels; an annotation lies up to two beside its vessel
# What D says of vessels counts less than of texture, and nothing until their
# deviation has given them a shape: from the start it would paint fringes. From
# and to which share of a run's updates that comes in:
VESSEL_SHARE, _VESSELS_FROM, _VESSELS_FULLY = 0.5, 0.05, 0.2
# Likewise of grounds: first the disc must have found its place.
_GROUNDS_FROM, _GROUNDS_FULLY = 0.125, 0.25


def update_both(state, task, batch, replicas):
    """Minimises the objectives of painter and discriminator on a batch.

    Args:
      state: from `state.create_state`.
      task: a `tasks.ResidualSynthesis`.
      batch: of `painter_examples`.
      replicas: number of replicas in step.

    Returns:
      {name: float32 scalar}, what is logged.
    """
    with tf.GradientTape() as tape:
        parts = painted_parts(state.network, batch)
        done = tf.cast(state.network_optimizer.iterations, tf.float32)
        done /= task.updates
        real, fake = views(
            batch,
            parts,
            VESSEL_SHARE * _ramp(done, _VESSELS_FROM, _VESSELS_FULLY),
        )
        with tf.GradientTape() as d_tape:
            d_loss, d_terms, wanted = _discriminator_loss(
                state, task, real=real, fake=fake
            )
            d_scaled = state.discriminator_optimizer.scale_loss(
                d_loss / replicas
            )
        terms = generator_terms(batch, parts)
        judged = state.discriminator(fake, training=True)
        terms |= _adversarial_terms(judged)
        # Compared place by place, vessels would be held to where they are
        # annotated, a pixel beside, and become wide: only texture is.
        _, still = views(batch, parts, vessel_share=0.0)
        terms["feature_loss"] = feature_loss(
            judged["features"], wanted, cells=None
        ) + feature_loss(
            state.discriminator(still, training=True)["features"],
            wanted,
            cells=_FEATURE_CELLS,
        )
        ramp = _ramp(done, _GROUNDS_FROM, _GROUNDS_FULLY)
        terms["ground_adversarial_loss"] *= ramp
        loss = losses.objective(terms, task.weights)
        scaled = state.network_optimizer.scale_loss(loss / replicas)
    updates = (
        (state.discriminator_optimizer, state.discriminator, d_tape, d_scaled),
        (state.network_optimizer, state.network, tape, scaled),
    )
    d_norm, norm = (
        apply_gradients(
            optimizer,
            network,
            tape=its_tape,
            scaled_loss=its_loss,
            replicas=replicas,
        )
        for optimizer, network, its_tape, its_loss in updates
    )
    return {
        **terms,
        **d_terms,
        "loss": loss,
        "gradient_norm": norm,
        "d_loss": d_loss,
        "d_gradient_norm": d_norm,
    }


def painted_parts(network, batch):
    """Paints crops on the grounds of their photographs, and new grounds.

    Args:
      network: from `delta_generator.build_delta_generator`.
      batch: of `painter_examples`.

    Returns:
      {vessels and texture (B,C,C,3), light (N,64,64,3), structure and
      real_structure (N,64,64,3), density (N,64,64,2), fov_share (N,64,64,1)},
      where N = B·K and the lights are those of the photographs.
    """
    grounds, density, fov_share, noise = (
        _merged(batch[name])
        for name in ("grounds", "densities", "fov_shares", "ground_noise")
    )
    field = light.light_field(light.fit_light(grounds, fov_share), ground.CELLS)
    structure = network.get_layer("ground")(
        [density, fov_share, field, noise], training=True
    )
    return {
        **painted_crop(network, batch, training=True),
        "light": field,
        "structure": structure,
        "real_structure": grounds - field,
        "density": density,
        "fov_share": fov_share,
    }


def painted_crop(network, batch, training):
    """Paints crops on the grounds of their photographs.

    Args:
      network: from `delta_generator.build_delta_generator`.
      batch: with fov_mask, vessel_map, ground, grain and noise.
      training: whether it is trained.

    Returns:
      {vessels, texture}, (B,C,C,3) each, to be added to the ground.
    """
    names = ("fov_mask", "ground", "grain", "noise")
    known = [batch[name] for name in names]
    vessels = network.get_layer("vessels")(
        [batch["vessel_map"], *known], training=training
    )
    texture = network.get_layer("texture")(known, training=training)
    return {"vessels": vessels, "texture": texture}


def views(batch, parts, vessel_share):
    """What D is shown.

    Args:
      batch: of `painter_examples`.
      parts: from `painted_parts`.
      vessel_share: of D's gradient that reaches the vessels' network.

    Returns:
      (of photographs, of what was painted), as `residual_discriminator` takes
      them.
    """
    whole, vessel_map = batch["ground"], batch["vessel_map"]
    vessels = vessel_share * parts["vessels"] + (
        1.0 - vessel_share
    ) * tf.stop_gradient(parts["vessels"])
    image = whole + (vessels + parts["texture"]) * batch["fov_mask"]
    # What is brighter than white has no texture in photographs either.
    image = tf.clip_by_value(image, -1.0, 1.0)
    known = {
        "density": parts["density"],
        "fov_share": parts["fov_share"],
        "field": parts["light"],
    }
    return tuple(
        {
            "crop": crop_view(
                shown,
                whole,
                vessel_map,
                fov_mask=batch["fov_mask"],
                grains=batch["grain"],
            ),
            "ground": ground_view(structure, **known),
        }
        for shown, structure in (
            (batch["fundus"], parts["real_structure"]),
            (image, parts["structure"]),
        )
    )


def generator_terms(batch, parts):
    """The terms that need no discriminator.

    Args:
      batch: of `painter_examples`.
      parts: from `painted_parts`.

    Returns:
      {deviation_loss: see `deviation`; depth_loss: see `depth`; ground_loss:
      the mean square deviation of the ground's structure, over 4 × 4 cells, in
      tenths of [-1,1]}.
    """
    error = (parts["structure"] - parts["real_structure"]) * parts["fov_share"]
    error = tf.nn.avg_pool2d(error, 4, strides=4, padding="SAME") / 0.1
    return {
        "deviation_loss": deviation(batch, parts),
        "depth_loss": depth(batch, parts),
        "ground_loss": tf.reduce_mean(error**2),
    }


def deviation(batch, parts):
    """The L1 deviation (Eq. 2) where something must be at its place.

    That is of ground and vessels near vessels, and of ground and texture at the
    rim. Grain has no mean to be held to.

    Args:
      batch: with fundus, vessel_map, fov_mask and ground.
      parts: from `painted_crop`.

    Returns:
      Scalar.
    """
    fov_mask, residual = batch["fov_mask"], batch["fundus"] - batch["ground"]
    inner = layers.eroded(fov_mask, delta_layers.RIM)
    rim = fov_mask - inner
    near = delta_layers.nearness(batch["vessel_map"])
    return _mean_deviation(
        residual - parts["vessels"], near * inner
    ) + _mean_deviation(residual - parts["texture"], rim * (1.0 - near))


def depth(batch, parts):
    """The L1 deviation of how dark vessels are, wherever they lie exactly.

    An annotation lies a pixel or two beside its vessel as often as on it, and
    the median of what is seen at its place is a vessel too pale and too wide.
    Compared are the darkest of the pixels within `_ASTRAY`, of the image with
    its texture, so that the noise darkens both alike.

    Args:
      batch: with fundus, vessel_map, fov_mask and ground.
      parts: from `painted_crop`.

    Returns:
      Scalar.
    """
    fov_mask, vessel_map = batch["fov_mask"], batch["vessel_map"]
    inner = layers.eroded(fov_mask, delta_layers.RIM)
    residual = batch["fundus"] - batch["ground"]
    painted = parts["vessels"] + tf.stop_gradient(parts["texture"])
    difference = _darkest(residual) - _darkest(painted)
    return _mean_deviation(difference, vessel_map * inner)


def _darkest(image):
    smooth = layers.smoothed(image)
    return -tf.nn.max_pool2d(-smooth, _ASTRAY, strides=1, padding="SAME")


def _adversarial_terms(judged):
    """What D says of what was painted."""
    return {
        "adversarial_loss": _mean_of(judged["crop_logits"], tf.negative),
        "ground_adversarial_loss": _mean_of(
            judged["ground_logits"], tf.negative
        ),
    }


def feature_loss(features, wanted, cells):
    """How far D's features of what was painted are from those of photographs.

    Args:
      features: list of (B,h,w,C), of what was painted.
      wanted: the same, of photographs.
      cells: they are compared as means over so many cells in both directions,
        since grain is in no place; None: over the whole crop.

    Returns:
      Scalar: Σ over the features of the mean absolute difference.
    """
    return tf.add_n(
        [
            tf.reduce_mean(
                tf.abs(_means(a, cells) - tf.stop_gradient(_means(b, cells)))
            )
            for a, b in zip(features, wanted, strict=True)
        ]
    )


def _means(features, cells):
    features = tf.cast(features, tf.float32)
    if cells is None:
        return tf.reduce_mean(features, (1, 2))
    return tf.nn.avg_pool2d(features, cells, strides=cells, padding="SAME")


def _discriminator_loss(state, task, real, fake):
    """(hinge loss and penalty, what is logged, features of photographs)."""
    fake = {name: tf.stop_gradient(view) for name, view in fake.items()}
    on_fake = _all_logits(state.discriminator(fake, training=True))
    judged = state.discriminator(real, training=True)
    on_real = _all_logits(judged)
    hinge = _mean_of(on_real, lambda x: tf.nn.relu(1.0 - x)) + _mean_of(
        on_fake, lambda x: tf.nn.relu(1.0 + x)
    )
    due = state.discriminator_optimizer.iterations % PENALTY_EVERY == 0
    penalty = tf.cond(
        due,
        lambda: slope_penalty(state.discriminator, real),
        lambda: 0.0,
    )
    loss = hinge + PENALTY_EVERY * task.gradient_penalty * penalty
    terms = {
        "d_hinge_loss": hinge,
        "d_real_logit": _mean_of(on_real, tf.identity),
        "d_fake_logit": _mean_of(on_fake, tf.identity),
    }
    return loss, terms, judged["features"]


def slope_penalty(discriminator, real):
    """R1: the mean square slope of a logit at photographs.

    Args:
      discriminator: from `residual_discriminator`.
      real: what it is shown of photographs.

    Returns:
      Scalar: for each view the squared norm of the gradient of the sum of
      logits, over the number of logits, the mean over examples.
    """
    with tf.GradientTape() as tape:
        tape.watch(real)
        judged = discriminator(real, training=True)
        sums = {
            name: tf.add_n([tf.reduce_sum(x) for x in judged[f"{name}_logits"]])
            for name in real
        }
        total = tf.add_n(list(sums.values()))
    slopes = tape.gradient(total, real)
    penalty = 0.0
    for name, slope in slopes.items():
        logits = tf.add_n([tf.size(x) for x in judged[f"{name}_logits"]])
        penalty += tf.reduce_sum(slope**2) / tf.cast(logits, tf.float32)
    return penalty


def _ramp(done, first, last):
    """From 0 where `first` of a run is done to 1 where `last` is."""
    return tf.clip_by_value((done - first) / (last - first), 0.0, 1.0)


def _all_logits(judged):
    return judged["crop_logits"] + judged["ground_logits"]


def _mean_of(logits, function):
    """Σ over the heads of the mean of function(logits)."""
    return tf.add_n([tf.reduce_mean(function(x)) for x in logits])


def _mean_deviation(difference, weight):
    """Weighted mean of |difference|; near 0 where little has any weight.

    It is taken of each example, so that the mean over a batch is the same
    however the batch is divided among devices.
    """
    axes = (1, 2, 3)
    total = 3.0 * tf.reduce_sum(weight, axes) + 1e2
    sums = tf.reduce_sum(tf.abs(difference) * weight, axes)
    return tf.reduce_mean(sums / total)


def _merged(planes):
    """(B,K,…) to (B·K,…)."""
    return tf.reshape(planes, tf.concat([[-1], tf.shape(planes)[2:]], 0))
