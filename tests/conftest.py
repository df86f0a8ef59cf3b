"""What all tests share: one start, one end, and the real data where it is.

TensorFlow is not imported here, so that tests of plain functions start fast;
where a test has imported it, it is put back to a known state.
"""

import dataclasses
import gc
import json
import os
import pathlib
import random
import shutil
import sys

import numpy as np
import pytest

# The package chooses TensorFlow's log level when it is imported.
import migan_tf  # noqa: F401
from migan_tf.base import locks
from migan_tf.base.config import TASKS

os.environ.setdefault("MPLBACKEND", "Agg")
# One choice of CPU kernels for all tests and the processes that they start;
# the program chooses by the network (`command_line.choose_kernels`).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Workers side by side would each start a thread for every core.
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

# The libraries' objects are many and live to the end: to look through them at
# every seven hundredth new one costs a twentieth of the suite's time.
gc.set_threshold(100_000, 50, 100)

REAL_DATA = os.environ.get("MIGAN_REAL_DATA", "")
SEED = 20180329


# Files that take half a minute or more, the longest first: begun last, one of
# them would keep one worker busy while the others have nothing left to do.
LONGEST = """
test_resume test_distribution test_shipped_models test_mixed_precision
test_painter_run test_onnx test_delta_signatures test_joint_step
test_train test_study test_evaluate_run test_synthesize test_one_machine
test_former_release test_step test_evaluate test_trainer test_style
test_loaders test_batches test_locks
""".split()


def pytest_collection_modifyitems(items):
    """Puts the longest first; skips what needs real photographs without any."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))
    if REAL_DATA:
        return
    skip = pytest.mark.skip(reason="MIGAN_REAL_DATA is not set")
    for item in items:
        if "real_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def real_data() -> pathlib.Path:
    """Folder that holds DRIVE/ and STARE/; the test is skipped without it.

    A variable that names a wrong folder is an error, not a skip: tests that
    were asked for must not vanish.
    """
    if not REAL_DATA:
        pytest.skip("MIGAN_REAL_DATA is not set")
    folder = pathlib.Path(REAL_DATA).resolve()
    missing = [
        name for name in ("DRIVE", "STARE") if not (folder / name).is_dir()
    ]
    if missing:
        pytest.fail(
            "MIGAN_REAL_DATA must name a folder that holds DRIVE/ and STARE/. "
            f"Received: {folder} without {', '.join(missing)}."
        )
    return folder


@pytest.fixture(autouse=True)
def same_start_and_end():
    """Each test starts from one seed and leaves no policy or figure behind.

    Keras draws the seeds of its layers from `random`. TensorFlow's own seed is
    left alone: setting it throws away every compiled kernel, and a model that
    tests share would be compiled again for each. A test that draws from
    TensorFlow's stream sets its seed, or draws statelessly.
    """
    random.seed(SEED)
    np.random.seed(SEED)
    yield
    if keras := sys.modules.get("keras"):
        keras.config.set_dtype_policy("float32")
        keras.config.set_floatx("float32")
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


# A run that takes seconds: both networks at 64 pixels with four filters.
TINY_FLAGS = """
--dataset=phantom/demo
--image_size=64
--segmenter=unet
--unet_depth=2
--segmenter_filters=4
--base_filters=4
--discriminator=patch80
--discriminator_filters=4
--batch_size=2
--validate_every=10
--checkpoint_every=5
--log_every=1
""".split()


@pytest.fixture(scope="session")
def tiny_flags(tmp_path_factory) -> list[str]:
    """Flags of a tiny run on phantom data, which are built once."""
    from migan_tf.data import prepared

    data_dir = str(tmp_path_factory.mktemp("data"))
    prepared.ensure_prepared("phantom/demo", data_dir, "")
    return [*TINY_FLAGS, f"--data_dir={data_dir}"]


@pytest.fixture(scope="session")
def tiny_config(tiny_flags):
    """The same as a `Config`; workdir and steps are left to the test."""
    from migan_tf.base.config import Config

    kinds = {f.name: f.type for f in dataclasses.fields(Config)}
    pairs = [flag.lstrip("-").split("=") for flag in tiny_flags]
    settings = {name: kinds[name](value) for name, value in pairs}
    return Config(**settings, deterministic=False)


def made_once(tmp_path_factory, name, make) -> pathlib.Path:
    """A folder that one worker makes; each worker has a copy of its own.

    Args:
      tmp_path_factory: pytest's.
      name: of the folder.
      make: function of the folder that fills it.
    """
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    first, done = root / name, root / f"{name}.done"
    with locks.hold(root / f"{name}.lock"):
        if not done.exists():
            make(first)
            done.touch()
    own = tmp_path_factory.mktemp(name) / "copy"
    shutil.copytree(first, own)
    return own


@pytest.fixture(scope="session")
def tiny_run(tiny_config, tmp_path_factory) -> pathlib.Path:
    """The run folder of both tasks, trained for a few steps."""

    def make(workdir):
        from migan_tf.training import trainer

        steps = dict(segmentation_steps=12, synthesis_steps=4)
        trainer.train(
            dataclasses.replace(tiny_config, workdir=str(workdir), **steps)
        )

    run = made_once(tmp_path_factory, "tiny_run", make)
    for record in run.glob("*/run.json"):
        values = json.loads(record.read_text("utf-8"))
        made_from = values["config"]["data_dir"]
        # The data of this worker, also for who goes on by the run's flags.
        for path in (record, record.with_name("run.flags")):
            text = path.read_text("utf-8")
            path.write_text(text.replace(made_from, tiny_config.data_dir))
    return run


@pytest.fixture(scope="session")
def served(tiny_run, tmp_path_factory) -> dict[str, pathlib.Path]:
    """{task: SavedModel} of the tiny run, as `export.saved_model` writes it."""
    pytest.importorskip("tensorflow_serving", reason="needs the extra serving")

    def make(models):
        from export import servable

        for task in TASKS:
            servable.export([tiny_run], task, models)

    models = made_once(tmp_path_factory, "served", make)
    return {task: models / f"migan_{task}" / "1" for task in TASKS}


@pytest.fixture(scope="session")
def style(tiny_config):
    """A `StylePhotograph` of the tiny run's dataset."""
    from migan_tf.data import photographs
    from migan_tf.data.style_photograph import load_style_photograph

    source = photographs.Source.of(tiny_config)
    first = photographs.load(source, "train")[0].image_id
    config = dataclasses.replace(tiny_config, style_image=first)
    return load_style_photograph(config)
