"""The equations against NumPy in float64, at ordinary and extreme logits.

clDice, at the end, is tried on shapes whose centrelines are known.
"""

import functools

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.models import losses

SHAPE = (3, 4, 5, 1)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# The paper's equations as printed, with means for its sums.
def eq2(x, fake):
    return np.abs(x - fake).mean()


def eq3_adversarial(fake):
    return -np.log(sigmoid(fake)).mean()


def eq4(real, fake):
    return -np.log(sigmoid(real)).mean() - np.log(1 - sigmoid(fake)).mean()


def eq5(y, logits, gamma=0.0):
    p = sigmoid(logits)
    log_likelihood = y * np.log(p) + (1 - y) * np.log(1 - p)
    return -(np.abs(y - p) ** gamma * log_likelihood).mean()


def dice(y, logits):
    pairs = zip(y, sigmoid(logits), strict=True)
    shares = [
        (2 * (a * b).sum() + 1) / (a.sum() + b.sum() + 1) for a, b in pairs
    ]
    return 1 - np.mean(shares)


DRAWS = {
    "fundus": lambda rng: rng.uniform(-1, 1, (3, 4, 5, 3)),
    "map": lambda rng: rng.random(SHAPE),
    "logits": lambda rng: rng.normal(0, 3, SHAPE),
}
our_focal = functools.partial(losses.segmentation_loss, focal_gamma=2.0)
# name -> (equation, ours, what each argument is)
EQUATIONS = {
    "deviation": (eq2, losses.deviation_loss, ["fundus", "fundus"]),
    "adversarial": (eq3_adversarial, losses.adversarial_loss, ["logits"]),
    "discriminator": (eq4, losses.discriminator_loss, ["logits", "logits"]),
    "segmentation": (eq5, losses.segmentation_loss, ["map", "logits"]),
    "focal": (functools.partial(eq5, gamma=2.0), our_focal, ["map", "logits"]),
    "soft_dice": (dice, losses.soft_dice_loss, ["map", "logits"]),
}
every_equation = pytest.mark.parametrize("name", EQUATIONS)


def drawn(name, seed, dtype=np.float32):
    """Arguments, float64 but exactly representable in `dtype`."""
    rng = np.random.default_rng(seed)
    exact = [DRAWS[kind](rng).astype(dtype) for kind in EQUATIONS[name][2]]
    return [argument.astype(np.float64) for argument in exact]


@every_equation
@pytest.mark.parametrize("seed", range(3))
def test_equation(name, seed):
    equation, ours, _ = EQUATIONS[name]
    arguments = drawn(name, seed)
    loss = ours(*[tf.constant(a, tf.float32) for a in arguments])
    assert loss.shape == () and loss.dtype == tf.float32
    assert float(loss) == pytest.approx(equation(*arguments), rel=1e-6)


@every_equation
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_arguments_are_summed_in_float32(name, dtype):
    equation, ours, _ = EQUATIONS[name]
    half = [tf.cast(a, dtype) for a in drawn(name, 0, np.float16)]
    exact = [tf.cast(a, tf.float64).numpy() for a in half]
    loss = ours(*half)
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(equation(*exact), rel=1e-6)


@every_equation
def test_gradient(name):
    equation, ours, _ = EQUATIONS[name]
    arguments = drawn(name, 5)
    variables = [tf.constant(a, tf.float32) for a in arguments]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        loss = ours(*variables)
    step = 1e-6
    for which, gradient in enumerate(tape.gradient(loss, variables)):
        expected = np.zeros_like(arguments[which])
        for index in np.ndindex(expected.shape):
            sides = []
            for change in (step, -step):
                moved = [a.copy() for a in arguments]
                moved[which][index] += change
                sides.append(equation(*moved))
            expected[index] = (sides[0] - sides[1]) / (2 * step)
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-7)


EXTREME = tf.constant([[1e4], [-1e4], [0.0]])
SOFT = tf.constant([[0.0], [0.25], [1.0]])
LN_2 = np.log(2)
HIGH, LOW = EXTREME[:1], EXTREME[1:2]
# -log sigmoid(-1e4) = 1e4 and -log sigmoid(1e4) = 0.
EXTREME_CASES = [
    (losses.adversarial_loss, (EXTREME,), (1e4 + LN_2) / 3),
    (losses.discriminator_loss, (EXTREME, EXTREME), 2 * (1e4 + LN_2) / 3),
    (losses.discriminator_loss, (HIGH, LOW), 0.0),
    (losses.discriminator_loss, (LOW, HIGH), 2e4),
    # Cross-entropy from logits is softplus(x) - x y.
    (losses.segmentation_loss, (SOFT, EXTREME), (1.25e4 + LN_2) / 3),
]


@pytest.mark.parametrize(("loss", "arguments", "expected"), EXTREME_CASES)
def test_extreme_logits(loss, arguments, expected):
    assert float(loss(*arguments)) == pytest.approx(expected, rel=1e-6)


def test_extreme_logits_keep_their_gradient():
    with tf.GradientTape() as tape:
        tape.watch(EXTREME)
        loss = losses.adversarial_loss(EXTREME)
    # d/dx -log sigmoid(x) = sigmoid(x) - 1: never lost where D is surest.
    gradient = tape.gradient(loss, EXTREME).numpy().ravel()
    np.testing.assert_allclose(gradient, [0, -1 / 3, -0.5 / 3], atol=1e-7)


def test_soft_dice_at_extreme_logits():
    y = tf.reshape(tf.constant([[1.0, 0], [0, 0]]), (2, 2, 1, 1))
    right = tf.where(y > 0, 1e4, -1e4)
    assert float(losses.soft_dice_loss(y, right)) == 0.0
    # First image: no overlap, 1 - 1/3. Second: two false vessels, 1 - 1/3.
    wrong = float(losses.soft_dice_loss(y, -right))
    assert wrong == pytest.approx(2 / 3, rel=1e-6)


def test_float16_logits_whose_sum_is_beyond_float16():
    # Its largest value is 65504.
    large = tf.fill((4, 8, 8, 1), tf.constant(-60000, tf.float16))
    assert float(losses.adversarial_loss(large)) == pytest.approx(60000, 1e-6)


def test_a_discriminator_that_cannot_tell():
    undecided = tf.zeros((4, 8, 8, 1))
    both = losses.discriminator_loss(undecided, undecided)
    alone = losses.adversarial_loss(undecided)
    for loss, expected in ((both, 2), (alone, 1)):
        assert float(loss) == pytest.approx(expected * LN_2, rel=1e-6)


def test_a_batch_is_the_mean_of_its_replicas():
    y, x = (tf.constant(a, tf.float32) for a in drawn("soft_dice", 7))
    y, x = tf.concat([y, y[:1] ** 3], 0), tf.concat([x, x[1:2] - 4], 0)
    for loss in (
        losses.soft_dice_loss,
        losses.segmentation_loss,
        losses.centreline_dice_loss,
    ):
        halves = [float(loss(y[i : i + 2], x[i : i + 2])) for i in (0, 2)]
        assert float(loss(y, x)) == pytest.approx(np.mean(halves), rel=1e-6)


def test_objective_is_eq_3_and_eq_6():
    for term in ("deviation_loss", "segmentation_loss"):
        terms = {"adversarial_loss": tf.constant(0.7), term: tf.constant(0.03)}
        weights = {"adversarial_loss": 1.0, term: 10.0, "unused": 5.0}
        total = losses.objective(terms, weights)
        assert float(total) == pytest.approx(0.7 + 10 * 0.03, rel=1e-6)


@pytest.mark.parametrize(
    "loss",
    [
        losses.deviation_loss,
        losses.segmentation_loss,
        losses.soft_dice_loss,
        losses.centreline_dice_loss,
    ],
)
def test_shapes_that_would_broadcast_are_refused(loss):
    a, b = tf.zeros((2, 4, 4, 1)), tf.zeros((1, 4, 4, 1))
    with pytest.raises(ValueError, match=r"same shape.*\(2, 4.*\(1, 4"):
        loss(a, b)


def bar(width, side=33):
    """A horizontal bar of an odd width through the middle."""
    plane = np.zeros((1, side, side, 1), np.float32)
    middle = side // 2
    plane[:, middle - width // 2 : middle + width // 2 + 1, 4:-4] = 1
    return plane


def certain(plane):
    """Logits of the answer `plane`."""
    return tf.constant(60.0 * plane - 30.0)


@pytest.mark.parametrize("width", [1, 3, 7])
def test_the_skeleton_of_a_bar_is_its_middle_row(width):
    skeleton = losses.soft_skeleton(tf.constant(bar(width))).numpy()[0, ..., 0]
    rows, columns = np.nonzero(skeleton)
    assert set(rows) == {16}
    # Erosion eats the ends too: half the width at each.
    assert columns.min() == 4 + width // 2
    assert columns.max() == 28 - width // 2
    assert set(np.unique(skeleton)) == {0, 1}


def test_right_answers_cost_nothing_and_empty_ones_nearly_all():
    plane = bar(3)
    assert float(losses.centreline_dice_loss(plane, certain(plane))) < 1e-5
    # T = (0 + 1) / (0 + 1) and P = (0 + 1) / (23 + 1).
    empty = float(losses.centreline_dice_loss(plane, certain(0 * plane)))
    assert empty == pytest.approx(1 - 2 / 24 / (1 + 1 / 24), rel=1e-4)


def test_calibre_costs_nothing_and_a_gap_does():
    plane = bar(3)
    assert float(losses.centreline_dice_loss(plane, certain(bar(7)))) < 1e-5
    broken = plane.copy()
    broken[:, :, 12:20] = 0
    assert float(losses.centreline_dice_loss(plane, certain(broken))) > 0.1


def test_centrelines_have_a_gradient():
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 16, 16, 1)))
    x = tf.cast(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = losses.centreline_dice_loss(tf.cast(x > 0.5, tf.float32), x)
    slope = tape.gradient(loss, x).numpy()
    assert np.isfinite(slope).all() and np.abs(slope).max() > 0
