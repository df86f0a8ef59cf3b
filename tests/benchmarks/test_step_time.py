"""The networks that `benchmarks.step_time` compares are the same ones."""

import dataclasses

import pytest

from benchmarks.step_time_cases import CASES
from migan_tf.base.config import Config
from migan_tf.models.build import build_network
from migan_tf.models.discriminator import build_discriminator
from migan_tf.models.generator import build_generator


@pytest.fixture
def pytorch():
    pytest.importorskip("torch", reason="needs the extra benchmark")
    from benchmarks import step_time_pytorch

    return step_time_pytorch


def trainable(network):
    return sum(p.numel() for p in network.parameters() if p.requires_grad)


def count(model):
    return sum(w.numpy().size for w in model.trainable_weights)


@pytest.mark.parametrize("name", ["unet16_four_256", "drive_best"])
def test_unets_have_the_same_weights(pytorch, name):
    names = {field.name for field in dataclasses.fields(Config)}
    config = Config(**{k: v for k, v in CASES[name].items() if k in names})
    ours = build_network(config, "segmentation")
    assert trainable(pytorch.Cascade(CASES[name])) == count(ours)


def test_the_papers_networks_have_the_same_weights(pytorch):
    assert trainable(pytorch.Generator()) == count(build_generator(512))
    judge = pytorch.discriminator(512)
    assert trainable(judge) == count(build_discriminator("image", 512))
