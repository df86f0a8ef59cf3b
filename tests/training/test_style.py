"""The terms of Eq. 12, and what they are loaded from before a training."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from migan_tf.base.errors import UserError
from migan_tf.data import photographs
from migan_tf.models import style_losses
from migan_tf.models.layers import dtype_policy
from migan_tf.models.segmenter import build_segmenter
from migan_tf.models.vgg19 import Vgg19
from migan_tf.training import style
from migan_tf.training.style import StyleObjective

pytestmark = pytest.mark.slow


class Doubled:
    """A VGG-19 that can be followed by hand.

    Two style layers, the image and its double; content is the image.
    """

    random = False

    def features(self, fundus):
        return [fundus, 2.0 * fundus], fundus

    def content(self, fundus):
        return fundus


class RedIsVessel:
    trainable = True

    def __call__(self, standardized_fundus, training):
        assert not training
        return standardized_fundus[..., :1]


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)

    def plane(channels):
        return tf.constant(rng.uniform(-1, 1, (2, 8, 8, channels)), tf.float32)

    return {
        "fundus": plane(3),
        "vessel_map": (plane(1) + 1) / 2,
        "fov_mask": tf.ones((2, 8, 8, 1)),
    }


def make(batch, **settings):
    x_s = batch["fundus"][:1]
    return StyleObjective(
        Doubled(),
        x_s,
        style_fov_mask=tf.ones((1, 8, 8, 1)),
        segmenter=RedIsVessel(),
        **settings,
    )


def test_a_copy_of_the_style_has_no_style_loss_and_of_x_no_content_loss(batch):
    batch = {name: plane[:1] for name, plane in batch.items()}
    terms = make(batch).terms(batch, batch["fundus"])
    assert float(terms["style_loss"]) == float(terms["content_loss"]) == 0
    assert float(terms["total_variation_loss"]) > 0


@pytest.mark.parametrize("reduction", ["mean", "paper"])
def test_terms_are_the_equations(batch, reduction):
    painted = tf.reverse(batch["fundus"], [0, 3]) * 0.5
    objective = make(batch, block_weight=0.3, reduction=reduction)
    terms = objective.terms(batch, painted)
    x, y = batch["fundus"].numpy().astype(float), painted.numpy().astype(float)
    size = 64 * 3 if reduction == "mean" else 1
    grams = [np.einsum("bhwc,bhwd->bcd", v, v) / size for v in (x[:1], y)]
    distance = ((grams[1] - grams[0]) ** 2).sum((1, 2)).mean()
    distance *= 1 + 4**2  # the doubled layer's Gram matrix is four times it
    distance /= 1 if reduction == "mean" else 64
    assert float(terms["style_loss"]) == pytest.approx(0.3 * distance, rel=1e-5)
    content = ((x - y) ** 2).sum((1, 2, 3)).mean()
    content /= 64 * 3 if reduction == "mean" else 64
    assert float(terms["content_loss"]) == pytest.approx(content, rel=1e-5)
    red = y[..., 0]
    mean, stddev = red.mean((1, 2)), red.std((1, 2))
    z = (red - mean[:, None, None]) / stddev[:, None, None]
    target = batch["vessel_map"].numpy()[..., 0]
    p = 1 / (1 + np.exp(-z))
    entropy = -(target * np.log(p) + (1 - target) * np.log(1 - p)).mean()
    assert float(terms["segmentation_loss"]) == pytest.approx(entropy, rel=1e-4)


def test_the_segmenter_is_frozen(batch):
    segmenter = RedIsVessel()
    StyleObjective(
        Doubled(), batch["fundus"][:1], style_fov_mask=None, segmenter=segmenter
    )
    assert segmenter.trainable is False


def test_float16_images_give_float32_terms(batch):
    painted = tf.cast(batch["fundus"], tf.float16)
    objective = make(batch)
    logits = objective.vessel_logits(painted, batch["fov_mask"])
    assert logits.dtype == tf.float32


@pytest.fixture(scope="module")
def whole_vgg19():
    names = [f"block{n}_conv1" for n in range(1, 6)]
    return Vgg19("random", names, "block4_conv1", size=128)


@pytest.mark.parametrize("reduction", style_losses.REDUCTIONS)
def test_extreme_images_have_finite_terms_and_gradients(whole_vgg19, reduction):
    """The brightest, the darkest, a flat and a speckled image at 512²."""
    size = 512
    with dtype_policy("mixed_float16"):
        objective = StyleObjective(
            whole_vgg19,
            tf.ones((1, size, size, 3)),
            style_fov_mask=tf.ones((1, size, size, 1)),
            segmenter=build_segmenter("unet", None, base_filters=4, depth=2),
            reduction=reduction,
        )
    speckles = np.random.default_rng(0).choice([-1.0, 1.0], (size, size, 3))
    planes = [np.full((size, size, 3), level) for level in (-1.0, 0.0, 1.0)]
    for plane in [*planes, speckles]:
        painted = tf.constant(plane[None], tf.float32)
        batch = {
            "fundus": -painted,
            "vessel_map": tf.ones((1, size, size, 1)),
            "fov_mask": tf.ones((1, size, size, 1)),
        }
        with tf.GradientTape() as tape:
            tape.watch(painted)
            terms = objective.terms(batch, painted)
            total = tf.add_n(list(terms.values()))
        for name, term in terms.items():
            assert term.dtype == tf.float32 and np.isfinite(term), name
        assert np.isfinite(tape.gradient(total, painted)).all()


@pytest.fixture
def config(tiny_config, tiny_run):
    source = photographs.Source.of(tiny_config)
    first = photographs.load(source, "train")[0].image_id
    return dataclasses.replace(
        tiny_config,
        workdir=str(tiny_run),
        task="synthesis",
        deviation="style",
        style_image=first,
        vgg19_weights="random",
        style_layers="block1_conv1, block2_conv1",
        content_layer="block2_conv1",
    )


def prepare(*configs):
    return style.prepare(configs, tf.distribute.get_strategy())


def test_a_run_with_its_own_segmenter_or_anothers(config, tiny_run, tmp_path):
    empty = dataclasses.replace(config, workdir=str(tmp_path / "empty"))
    with pytest.raises(UserError, match="--segmenter_model"):
        prepare(empty)
    borrowing = dataclasses.replace(
        empty, segmenter_model=str(tiny_run / "segmentation")
    )
    for setup in prepare(config, borrowing):
        objective = setup.objective()
        assert objective.random_features
        assert objective.style_fundus.shape == (1, 64, 64, 3)


def test_runs_of_one_command_share_their_networks(config, monkeypatch):
    made = []

    class Counted(Vgg19):
        def __init__(self, *arguments, **settings):
            made.append(settings)
            super().__init__(*arguments, **settings)

    monkeypatch.setattr(style, "Vgg19", Counted)
    other = dataclasses.replace(config, content_layer="block1_conv1")
    one, same, third = prepare(config, config, other)
    assert one.vgg19 is same.vgg19 is not third.vgg19 and len(made) == 2
    assert one.segmenter() is same.segmenter() is third.segmenter()


def test_a_segmenter_that_is_trained_before_may_come_later(config, tmp_path):
    both = dataclasses.replace(config, task="both", workdir=str(tmp_path))
    (setup,) = prepare(both)
    with pytest.raises(UserError, match="needs a trained segmenter"):
        setup.objective()
    first = dataclasses.replace(both, task="segmentation")
    then = dataclasses.replace(both, task="synthesis")
    assert prepare(first, then)[0] is None
    with pytest.raises(UserError, match="needs a trained segmenter"):
        prepare(then, first)


def test_without_style_terms_nothing_is_loaded(config):
    plain = dataclasses.replace(config, deviation="l1", style_image="")
    assert prepare(plain) == [None]
