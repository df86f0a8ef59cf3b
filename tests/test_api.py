"""The program called from Python: `import migan_tf`."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn import metrics as sk

import migan_tf
from migan_tf.evaluation import evaluate_run
from migan_tf.evaluation import flags as evaluate_flags
from migan_tf.phantom.retina import phantom_retina, second_reading
from tests import small_delta

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def retina():
    return phantom_retina(130, 150, seed=11)


@pytest.fixture(scope="module")
def segmenter(tiny_run):
    return migan_tf.load_segmenter(tiny_run)


@pytest.fixture(scope="module")
def generator(tiny_run):
    return migan_tf.load_generator(tiny_run)


@pytest.fixture(scope="module")
def delta(tmp_path_factory):
    """A small generator of --generator=delta, as a run."""
    run = tmp_path_factory.mktemp("delta")
    small_delta.record(run / "synthesis")
    (run / "synthesis" / "best").mkdir()
    small_delta.network().save_weights(
        run / "synthesis" / "best" / "network.weights.h5"
    )
    return migan_tf.load_generator(run)


def test_importing_it_imports_nothing_else():
    code = """
import sys
import migan_tf
heavy = {"tensorflow", "keras", "numpy", "cv2", "sklearn", "absl", "matplotlib"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
assert {"load_segmenter", "load_generator", "train"} <= {*dir(migan_tf)}
migan_tf.Config(image_size=64)
assert not {"tensorflow", "keras"} & sys.modules.keys()
import migan_tf.api.scoring
assert not {"tensorflow", "keras"} & sys.modules.keys()
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], check=True, env=env)


def test_all_its_names_are_there():
    for name in migan_tf.__all__:
        assert getattr(migan_tf, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'load_model'"):
        _ = migan_tf.load_model
    assert (ROOT / "migan_tf" / "py.typed").is_file()


def test_a_photograph_as_an_array_a_path_and_a_list(
    segmenter, retina, tmp_path
):
    path = tmp_path / "eye.png"
    Image.fromarray(retina.fundus).save(path)
    result = segmenter(retina.fundus)
    for other in (segmenter(path), *segmenter([str(path), retina.fundus])):
        np.testing.assert_array_equal(
            other.vessel_probability, result.vessel_probability
        )
    assert isinstance(segmenter([]), list)
    size = retina.fundus.shape[:2]
    probability = result.vessel_probability
    assert probability.dtype == np.float32 and probability.shape == size
    assert probability.min() >= 0 and probability.max() <= 1
    for plane in (result.vessel_map, result.fov_mask):
        assert plane.dtype == bool and plane.shape == size
    # OpenCV's own Otsu on the levels inside the field of view.
    levels = np.floor(probability[result.fov_mask] * 255 + 0.5)
    level, _ = cv2.threshold(
        levels.astype(np.uint8)[:, None], 0, 255, cv2.THRESH_OTSU
    )
    assert result.otsu_threshold == pytest.approx((level + 0.5) / 255)
    expected = (probability >= result.otsu_threshold) & result.fov_mask
    np.testing.assert_array_equal(result.vessel_map, expected)


def test_a_grey_photograph_is_read_as_its_file_is(segmenter, retina, tmp_path):
    grey = retina.fundus[..., 1]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(
        segmenter(grey).vessel_probability,
        segmenter(tmp_path / "grey.png").vessel_probability,
    )


@pytest.mark.slow
def test_a_field_of_view_that_is_given_counts(
    segmenter, served, retina, tmp_path
):
    half = retina.fov_mask > 0
    half[:, 75:] = False
    Image.fromarray(half).save(tmp_path / "half.png")
    for network in (segmenter, migan_tf.load_segmenter(served["segmentation"])):
        result = network(retina.fundus, fov_mask=half)
        np.testing.assert_array_equal(result.fov_mask, half)
        assert not result.vessel_probability[~half].any()
        assert result.vessel_probability[half].any()
        (again,) = network([retina.fundus], fov_mask=[tmp_path / "half.png"])
        np.testing.assert_array_equal(
            again.vessel_probability, result.vessel_probability
        )


@pytest.mark.slow
def test_a_run_its_folder_and_its_saved_model_are_one(
    segmenter, tiny_run, served, retina
):
    expected = segmenter(retina.fundus).vessel_probability
    for model in (
        tiny_run / "segmentation",
        str(served["segmentation"]),
        served["segmentation"].parent,
    ):
        found = migan_tf.load_segmenter(model)(retina.fundus)
        np.testing.assert_allclose(
            found.vessel_probability, expected, atol=1e-5
        )


@pytest.mark.slow
def test_those_that_come_along_have_names(retina):
    for name, data in (
        (None, "drive,stare"),
        ("general", "drive,stare"),
        ("drive", "drive"),
        ("stare", "stare"),
    ):
        network = migan_tf.load_segmenter(name)
        assert network.folder.config.dataset == data
    truth = retina.vessel_map > 0
    found = migan_tf.load_segmenter()(retina.fundus).vessel_map
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.6


def test_the_images_of_a_path_are_those_of_the_command(
    generator, tiny_run, retina, tmp_path
):
    from migan_tf.inference import model_folder, user_files

    path = tmp_path / "eye.png"
    cv2.imwrite(str(path), retina.vessel_map)
    folder = model_folder.find("synthesis", str(tiny_run))
    user_files.synthesize_files(
        [path], folder, output=tmp_path / "out", samples=2, seed=5
    )
    images = generator(path, seed=5, samples=2)
    assert len(images) == 2
    for number, image in enumerate(images):
        written = Image.open(tmp_path / "out" / f"eye_{number:03d}_fundus.png")
        np.testing.assert_array_equal(image.fundus, np.array(written))
    shown = np.array(Image.open(tmp_path / "out" / "eye_vessel_map.png"))
    np.testing.assert_array_equal(np.round(images[0].vessel_map * 255), shown)


def test_an_image_is_a_function_of_seed_and_sample(generator, retina):
    first, second = generator(retina.vessel_map, seed=3, samples=2)
    (alone,) = generator(retina.vessel_map > 0, seed=3)
    np.testing.assert_array_equal(alone.fundus, first.fundus)
    assert (first.fundus != second.fundus).any()
    (other,) = generator(retina.vessel_map, seed=4)
    assert (first.fundus != other.fundus).any()
    assert first.fundus.shape == (64, 64, 3) and first.contrast == 1.0
    assert first.fundus.dtype == np.uint8 and first.fov_mask.dtype == bool
    assert first.vessel_map.dtype == np.float32


@pytest.mark.slow
def test_a_delta_generator_takes_contrast_style_size_and_field(delta, retina):
    plain, drawn = (
        delta(retina.vessel_map, seed=1, samples=3, contrast=contrast)
        for contrast in (1.0, (0.5, 1.5))
    )
    assert [image.contrast for image in plain] == [1.0] * 3
    contrasts = [image.contrast for image in drawn]
    assert len({*contrasts}) == 3 and 0.5 <= min(contrasts) <= max(contrasts)
    fov_mask = np.zeros(retina.vessel_map.shape, bool)
    fov_mask[20:110, 30:120] = True
    (image,) = delta(
        retina.vessel_map,
        style_fundus=retina.fundus,
        fov_mask=fov_mask,
        image_size=128,
        noise_stddev=0,
    )
    assert image.fundus.shape == (128, 128, 3)
    # The centred square of 130 rows and columns, at 128 pixels.
    assert image.fov_mask[64, 64] and not image.fov_mask[5, 64]
    assert image.fov_mask.mean() == pytest.approx(90 * 90 / 130**2, abs=0.03)
    assert not image.vessel_map[~image.fov_mask].any()
    (other,) = delta(retina.vessel_map, image_size=128, noise_stddev=0)
    assert (image.fundus != other.fundus).any()


@pytest.fixture(scope="module")
def scored():
    """Three images of different sizes: probability, truth, FOV, second."""
    rng = np.random.default_rng(1)
    images = []
    for seed, width in enumerate((90, 100, 110)):
        retina = phantom_retina(96, width, seed)
        truth = retina.vessel_map > 0
        noisy = 0.6 * truth + 0.4 * rng.random(truth.shape)
        images.append(
            (
                noisy.astype(np.float32),
                truth,
                retina.fov_mask > 0,
                second_reading(retina) > 0,
            )
        )
    return images


def test_the_scores_are_those_of_scikit_learn(scored):
    probabilities, truths, masks, _ = zip(*scored, strict=True)
    scores = migan_tf.score(probabilities, truths, masks)
    truth, probability = (
        np.concatenate(
            [plane[i] for plane, i in zip(planes, masks, strict=True)]
        )
        for planes in (truths, probabilities)
    )
    assert scores.auc_roc == pytest.approx(
        sk.roc_auc_score(truth, probability), abs=1e-4
    )
    assert scores.average_precision == pytest.approx(
        sk.average_precision_score(truth, probability), abs=1e-4
    )
    decision = probability >= scores.otsu_threshold
    assert scores.dice_otsu == pytest.approx(sk.f1_score(truth, decision))
    assert scores.sensitivity == pytest.approx(sk.recall_score(truth, decision))
    assert scores.dice_validation_threshold is None
    assert [row["image_id"] for row in scores.images] == ["0", "1", "2"]
    assert "Otsu (headline)" in str(scores)


def test_the_scores_are_those_of_the_command(scored, tmp_path):
    names = ("predictions", "ground_truth", "fov_masks", "second_annotator")
    for number, planes in enumerate(scored):
        for name, plane in zip(names, planes, strict=True):
            (tmp_path / name).mkdir(exist_ok=True)
            levels = np.round(plane * 255.0).astype(np.uint8)
            Image.fromarray(levels).save(tmp_path / name / f"{number}.png")
    folders = {name: str(tmp_path / name) for name in names}
    settings = evaluate_flags.Settings(
        **folders, output=str(tmp_path / "o"), validation_threshold=0.5
    )
    evaluate_run.evaluate(settings)
    expected = json.loads((tmp_path / "o" / "metrics.json").read_text())
    probabilities, truths, masks, seconds = (
        sorted((tmp_path / name).iterdir()) for name in names
    )
    scores = migan_tf.score(
        probabilities,
        truths,
        masks,
        second_annotators=seconds,
        validation_threshold=0.5,
        image_ids=["0", "1", "2"],
    )
    found = json.loads(json.dumps(scores.metrics))
    assert found == {k: v for k, v in expected.items() if k != "source"}


@pytest.mark.slow
def test_a_run_is_trained_and_loaded(tiny_config, retina, tmp_path):
    config = dataclasses.replace(
        tiny_config,
        workdir=str(tmp_path / "run"),
        task="segmentation",
        segmentation_steps=2,
        validate_every=1,
    )
    run = migan_tf.train(config)
    assert run == tmp_path / "run"
    result = migan_tf.load_segmenter(run)(retina.fundus)
    assert result.vessel_probability.shape == retina.fundus.shape[:2]


def test_a_stop_is_that_of_python(tiny_config, tmp_path, monkeypatch):
    from migan_tf.training import trainer

    config = dataclasses.replace(tiny_config, workdir=str(tmp_path))
    for status, error in ((130, KeyboardInterrupt), (143, SystemExit)):
        monkeypatch.setattr(trainer, "train", lambda _, status=status: status)
        with pytest.raises(error):
            migan_tf.train(config)
    monkeypatch.setattr(trainer, "train", lambda _: 0)
    assert migan_tf.train(config) == tmp_path


FUNDUS = np.full((40, 40, 3), 90, np.uint8)
MAP = np.eye(40, dtype=bool)
GREY = np.tile(np.linspace(0, 255, 40), (40, 1)).astype(np.uint8)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda s, g: s("none.png"),
            FileNotFoundError,
            "`fundus` must name .*'none.png'",
        ),
        (lambda s, g: s(3), TypeError, "`fundus` must be .*Received: int"),
        (lambda s, g: s([FUNDUS, None]), TypeError, r"`fundus\[1\]` must be"),
        (lambda s, g: s(FUNDUS / 255), TypeError, "`fundus` must be uint8"),
        (lambda s, g: s(FUNDUS[None]), ValueError, "`fundus` must be a photo"),
        (lambda s, g: s(FUNDUS[:8]), ValueError, "at least 16 pixels"),
        (lambda s, g: s(FUNDUS), ValueError, "none is found: it is dark or"),
        (lambda s, g: s(""), FileNotFoundError, "`fundus` must name.*''"),
        (lambda s, g: s(MAP), ValueError, "looks like a map"),
        (lambda s, g: s(FUNDUS[..., :2]), ValueError, "one channel, or three"),
        (
            lambda s, g: s(np.moveaxis(FUNDUS, -1, 0)),
            ValueError,
            "Next: put the channels last",
        ),
        (lambda s, g: s(FUNDUS.astype(int)), ValueError, "Next: .* uint8"),
        (lambda s, g: g(GREY), ValueError, "many levels of grey"),
        (lambda s, g: s(ROOT), ValueError, "`fundus` must be a file.*glob"),
        (
            lambda s, g: s(FUNDUS, fov_mask=MAP[:9]),
            ValueError,
            "`fov_mask` must have the size .*40 × 40.*Received: 9 × 40",
        ),
        (
            lambda s, g: s([FUNDUS], fov_mask=[MAP, MAP]),
            ValueError,
            "`fov_mask` must hold one for each photograph. Received: 2 for 1",
        ),
        (
            lambda s, g: s(FUNDUS, fov_mask=MAP & False),
            ValueError,
            "`fov_mask` must mark",
        ),
        (lambda s, g: g(MAP, seed=-1), ValueError, "`seed` must be at least"),
        (lambda s, g: g(MAP, seed=1.0), TypeError, "`seed` must be a whole"),
        (lambda s, g: g(MAP, samples=0), ValueError, "`samples` must be at"),
        (lambda s, g: g(MAP, contrast=9), ValueError, "`contrast` must lie"),
        (lambda s, g: g(MAP, contrast="a"), TypeError, "`contrast` must be a"),
        (lambda s, g: g(MAP, contrast=2), ValueError, "generator=delta"),
        (lambda s, g: g(MAP, fov_mask=MAP), ValueError, "`fov_mask` is of"),
        (lambda s, g: g(MAP, image_size=96), ValueError, "`image_size` must"),
        (
            lambda s, g: g(MAP, noise_stddev=-1),
            ValueError,
            "`noise_stddev` must",
        ),
        (lambda s, g: g(FUNDUS[..., 0] * np.nan), ValueError, "`vessel_map` m"),
        (
            lambda s, g: migan_tf.load_segmenter("drvie"),
            FileNotFoundError,
            "one of 'general', 'drive', 'stare', .*Received: 'drvie'",
        ),
        (
            lambda s, g: migan_tf.load_generator("general"),
            FileNotFoundError,
            "`model` must be the folder",
        ),
        (lambda s, g: migan_tf.load_segmenter(3), TypeError, "Received: int"),
        (
            lambda s, g: migan_tf.load_segmenter(ROOT),
            ValueError,
            "`model` must be a SavedModel",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 1.0], [MAP]),
            ValueError,
            "`fov_masks` are needed for protocol='paper'",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 1.0], [MAP, MAP], [MAP]),
            ValueError,
            "`vessel_maps` must hold one for each .*Received: 2 for 1",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 2.0], [MAP], [MAP]),
            ValueError,
            r"`probabilities\[0\]` must hold probabilities",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 1.0], [MAP[:9]], [MAP]),
            ValueError,
            r"`vessel_maps\[0\]` must have the size",
        ),
        (
            lambda s, g: migan_tf.score(3, [MAP], [MAP]),
            TypeError,
            "`probabilities` must be a list",
        ),
        (
            lambda s, g: migan_tf.score([], [], []),
            ValueError,
            "there are no images to score",
        ),
        *(
            (
                lambda s, g, wrong=wrong: migan_tf.score(
                    [MAP * 1.0], [MAP], [MAP], **wrong
                ),
                error,
                words,
            )
            for wrong, error, words in (
                ({"validation_threshold": 2}, ValueError, "between 0 and 1"),
                ({"validation_threshold": np.nan}, ValueError, "between 0"),
                ({"validation_threshold": "a"}, TypeError, "a number.*'a'"),
                ({"bootstrap_samples": -1}, ValueError, "at least 0.*-1"),
                ({"bootstrap_samples": 1.5}, TypeError, "whole number.*1.5"),
                ({"bootstrap_samples": True}, TypeError, "whole.*True"),
                ({"image_ids": [" "]}, ValueError, "`image_ids` must be a na"),
                ({"image_ids": 5}, TypeError, "`image_ids` must be a list, "),
                ({"validation_threshold": 10**400}, ValueError, "between 0"),
                ({"validation_threshold": np.True_}, TypeError, "a number"),
                ({"image_ids": []}, ValueError, "Received: 0 for 1"),
            )
        ),
        (
            lambda s, g: migan_tf.score(
                [MAP * 1.0] * 2, [MAP] * 2, [MAP] * 2, image_ids=["a", "a"]
            ),
            ValueError,
            "`image_ids` must be a name of its own",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 100], [MAP], [MAP]),
            ValueError,
            "int64 up to 100, which may be per cent",
        ),
        (
            lambda s, g: migan_tf.score([MAP * 1.0], [MAP], protocol="a"),
            ValueError,
            "`protocol` must be one of",
        ),
        (lambda s, g: migan_tf.train({}), TypeError, "must be a migan_tf.Con"),
        (
            lambda s, g: migan_tf.train(migan_tf.Config()),
            ValueError,
            "^`workdir` is required: .*Try workdir=runs/my_run$",
        ),
        (
            lambda s, g: migan_tf.train(migan_tf.Config(image_size="64")),
            TypeError,
            "`image_size` must be int. Received: '64'",
        ),
        (
            lambda s, g: migan_tf.train(
                migan_tf.Config(workdir="a", batch_size=0)
            ),
            ValueError,
            "`batch_size` must be at least 1",
        ),
    ],
)
def test_what_is_wrong_is_an_error_in_the_words_of_python(
    segmenter, generator, call, error, words
):
    with pytest.raises(error, match=words) as caught:
        call(segmenter, generator)
    assert isinstance(caught.value, migan_tf.UserError)
    assert "--" not in str(caught.value).partition("python -m")[0]
