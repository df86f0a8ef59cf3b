"""Scored images that wait on the disk."""

import numpy as np
import pytest

from migan_tf.base.errors import UserError
from migan_tf.evaluation import kept_images
from tests.evaluation.test_tallies import make_image


def test_images_come_back_as_they_were_and_in_order(tmp_path):
    images = {name: make_image(name, second=name != "c/d") for name in "ab"}
    images["c/d"] = make_image("c/d", second=False)
    stored = (images[name] for name in ("b", "c/d", "a"))
    with kept_images.kept(stored, list(images), tmp_path) as found:
        assert len(found) == 3
        for _ in range(2):  # As often as one likes.
            for kept, image in zip(found, images.values(), strict=True):
                for name, value in vars(image).items():
                    np.testing.assert_array_equal(getattr(kept, name), value)
        assert found[2].second_annotator is found[2].fundus is None
        assert found[0].vessel_probability.dtype == np.float32
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_after_an_error(tmp_path):
    def images():
        yield make_image("a")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with kept_images.kept(images(), ["a", "b"], tmp_path):
            raise AssertionError("is not reached")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    message = "--output must have room.*No space left.*Next: give one on"
    with pytest.raises(UserError, match=message):
        with kept_images.kept([make_image("a")], ["a"], tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []
