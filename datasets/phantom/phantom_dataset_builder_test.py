import numpy as np
import pytest
import tensorflow_datasets as tfds

from migan_tf.phantom import retina
from phantom import phantom_dataset_builder as phantom_builder

FEATURES = {
    "image_id": (),
    "fundus": (56, 48, 3),
    "vessel_map": (56, 48, 1),
    "fov_mask": (56, 48, 1),
    "second_annotator": (56, 48, 1),
    "has_vessel_map": (),
    "has_second_annotator": (),
}


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    config = phantom_builder.PhantomConfig(
        name="tiny",
        height=56,
        width=48,
        train_examples=3,
        test_examples=2,
        seed=5,
    )
    builder = phantom_builder.Builder(
        data_dir=tmp_path_factory.mktemp("data"), config=config
    )
    builder.download_and_prepare()
    return builder


def examples_of(builder, split):
    return list(tfds.as_numpy(builder.as_dataset(split=split)))


def test_features_and_numbers(builder):
    assert builder.info.features.keys() == FEATURES.keys()
    assert builder.info.splits["train"].num_examples == 3
    assert builder.info.splits["test"].num_examples == 2
    for example in examples_of(builder, "test"):
        shapes = {name: np.shape(value) for name, value in example.items()}
        assert shapes == FEATURES
        assert example["has_vessel_map"] and example["has_second_annotator"]
        for name in ("vessel_map", "fov_mask", "second_annotator"):
            assert set(np.unique(example[name])) == {0, 255}


def test_examples_are_the_drawn_retinas(builder):
    stored = {e["image_id"].decode(): e for e in examples_of(builder, "test")}
    assert sorted(stored) == ["01_test", "02_test"]
    drawn = retina.phantom_retina(56, 48, 5_500_001)
    example = stored["02_test"]
    np.testing.assert_array_equal(example["fundus"], drawn.fundus)
    np.testing.assert_array_equal(
        example["vessel_map"][..., 0], drawn.vessel_map
    )
    np.testing.assert_array_equal(
        example["second_annotator"][..., 0], retina.second_reading(drawn)
    )


def test_no_eye_in_both_splits(builder):
    fundi = {
        e["fundus"].tobytes()
        for split in ("train", "test")
        for e in examples_of(builder, split)
    }
    assert len(fundi) == 5


def test_seeds_never_overlap_at_the_largest_numbers():
    largest = phantom_builder.TEST_OFFSET
    config = phantom_builder.PhantomConfig(
        name="largest", train_examples=largest, test_examples=largest
    )
    following = phantom_builder.PhantomConfig(name="following", seed=1)
    assert config.seeds("train").stop == config.seeds("test").start
    assert config.seeds("test").stop == following.seeds("train").start


@pytest.mark.parametrize("name", ["train_examples", "test_examples"])
@pytest.mark.parametrize("number", [0, 500_001])
def test_numbers_out_of_range_are_refused(name, number):
    with pytest.raises(ValueError, match=rf"{name} .*Received: {number}\."):
        phantom_builder.PhantomConfig(name="wrong", **{name: number})


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match=r"seed .*Received: -1\."):
        phantom_builder.PhantomConfig(name="wrong", seed=-1)


def test_names_that_the_program_asks_for(tmp_path):
    assert phantom_builder.Builder.name == "phantom"
    default = phantom_builder.Builder(data_dir=tmp_path).builder_config
    assert (default.height, default.width) == (584, 565)
    assert (default.train_examples, default.test_examples) == (20, 20)
    demo = phantom_builder.Builder(data_dir=tmp_path, config="demo")
    assert demo.info.features["fundus"].shape == (144, 144, 3)
