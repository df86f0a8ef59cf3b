"""Trains runs: their tasks one after the other, each by the paper's loop."""

import contextlib
import dataclasses
import functools
import pathlib
import time

import keras
import tensorflow as tf
from absl import logging
from tqdm import tqdm

from migan_tf.base import run_record
from migan_tf.base.command_line import EXIT_STOPPED
from migan_tf.base.errors import quoted
from migan_tf.data import batches as data_batches
from migan_tf.data import painter_examples, photographs, prepared
from migan_tf.models.weights import weights_sha256
from migan_tf.training import distribution, interruption, style
from migan_tf.training.checkpoint import Checkpoints
from migan_tf.training.health import HealthMonitor
from migan_tf.training.state import create_state, resolve_precision
from migan_tf.training.step import make_steps
from migan_tf.training.summaries import NoLog, RunLog
from migan_tf.training.tasks import make_task
from migan_tf.training.validation import make_validation

_TIMED = 3  # iterations by which --dry_run estimates how long all take


def train(*configs) -> int:
    """Trains runs one after the other, each from its last checkpoint on.

    It takes the folders as they are; `start.train` sees to it that no other
    training is in them.

    Args:
      *configs: validated `Config`s, which agree in --distribute and
        --deterministic.

    Returns:
      Exit status: 0 when all is trained, 128 + signal when stopped by one.

    Raises:
      UserError: the data, a run folder or a run itself is at fault.
    """
    strategy = distribution.make_strategy(configs[0])
    if configs[0].deterministic:
        keras.utils.set_random_seed(configs[0].seed)
        tf.config.experimental.enable_op_determinism()
    with contextlib.ExitStack() as stack:
        configs = [
            stack.enter_context(_for_a_look(one)) if one.dry_run else one
            for one in configs
        ]
        setups = style.prepare(configs, strategy)
        for config, setup in zip(configs, setups, strict=True):
            if status := _train_run(config, strategy, setup):
                return status
            if not config.dry_run and distribution.worker(strategy).is_chief:
                logging.info("%s", _ending(config))
    return 0


@contextlib.contextmanager
def _for_a_look(config):
    """The settings of a --dry_run, which leaves no dataset behind."""
    datasets = config.dataset.split(",")
    if config.extra_dataset:
        datasets.append(config.extra_dataset)
    places = config.data_dir, config.manual_dir
    with prepared.leaving_nothing(datasets, *places) as (data, manual):
        yield dataclasses.replace(config, data_dir=data, manual_dir=manual)


def _ending(config):
    """What a run that is trained has left, and what to do with it."""
    folders = [f"{config.workdir}/{name}" for name in config.tasks()]
    workdir = f"--workdir={quoted(config.workdir)}"
    evaluate = f"python -m migan_tf.evaluate {workdir}"
    if "segmentation" not in config.tasks():
        evaluate += " --task=synthesis"
    return (
        f"trained: {' and '.join(folders)} (best weights in best/, figures in "
        f"metrics.jsonl, samples in pictures/). Next: {evaluate}, or python "
        f"-m migan_tf export {workdir}"
    )


def _train_run(config, strategy, style_setup):
    """Trains the tasks of one run; returns the exit status."""
    # Recorded as resolved: a run must not change its policy with the machine.
    config = dataclasses.replace(
        config, mixed_precision=resolve_precision(config.mixed_precision)
    )
    training_set = data_batches.load_training_set(config)
    source = photographs.Source.of(config)
    held_out = photographs.load(source, "validation")
    with interruption.stop_request() as stop:
        for name in config.tasks():
            objective = None
            if style_setup and name == "synthesis" and not config.dry_run:
                with strategy.scope():
                    objective = style_setup.objective()
            with interruption.explained(config.workdir):
                status = _train_task(
                    config,
                    make_task(name, config, objective),
                    strategy=strategy,
                    training_set=training_set,
                    held_out=held_out,
                    stop=stop,
                )
            if status:
                return status
    return 0


def _train_task(config, task, strategy, training_set, held_out, stop):
    """Trains one task from its last checkpoint on; returns the exit status."""
    state = create_state(config, task, strategy)
    folder = pathlib.Path(config.workdir, task.name)
    checkpoints = Checkpoints(folder, state, config.keep_checkpoints)
    logging.info(
        "%s",
        _description(
            config,
            task,
            state=state,
            training_set=training_set,
            held_out=held_out,
        ),
    )
    training = functools.partial(
        _TaskTraining,
        config,
        task,
        state=state,
        checkpoints=checkpoints,
        strategy=strategy,
        training_set=training_set,
        held_out=held_out,
    )
    if config.dry_run:
        # The terms of a style need the segmenter, which may not be trained yet.
        if not (task.name == "synthesis" and config.deviation == "style"):
            logging.info("%s", training().estimate())
        return 0
    if distribution.worker(strategy).is_chief:
        devices = [d.name for d in tf.config.list_logical_devices()]
        data_seen = training_set.record(config, held_out)
        run_record.write(
            folder,
            config,
            devices=devices,
            data=data_seen,
            trained=bool(checkpoints.steps()),
        )
    first, last = checkpoints.restore(), config.steps(task.name)
    distribution.check_same_start(strategy, first, _digest(state))
    if first >= last and not checkpoints.best_is_lost:
        logging.info("%s: all %d iterations are done", task.name, last)
        return 0
    return training().run(stop)


def _digest(state):
    """The SHA-256 of all that training changes."""
    holders = state.holders().values()
    return weights_sha256([v for one in holders for v in one.variables])


def _description(config, task, state, training_set, held_out):
    """One line that says what is about to be trained, on what and where."""
    size = config.network_size(task.name)
    discriminator_updates = int(config.discriminator != "none")
    return (
        f"{task.name} on {config.dataset}: {len(training_set)} training, "
        f"{len(training_set.extra)} extra, {len(held_out)} validation images, "
        f"{size}×{size}, {state.network.count_params():,} parameters, "
        f"discriminator {config.discriminator}, {config.mixed_precision}, "
        f"{config.steps(task.name)} iterations of {config.generator_steps} + "
        f"{discriminator_updates} updates, to {config.workdir}/{task.name}"
    )


class _TaskTraining:
    """The iterations of one task, and what is done between them.

    All workers update, log and look at the health of the run; only the chief
    writes, validates and saves.
    """

    def __init__(
        self, config, task, state, checkpoints, strategy, training_set, held_out
    ):
        """Opens the log and makes the batches, the steps and the validation.

        Args:
          config: the `Config`.
          task: from `tasks.make_task`.
          state: `state.TrainState`, restored; training goes on from its step.
          checkpoints: the `Checkpoints` of `state`.
          strategy: `tf.distribute.Strategy`.
          training_set: `batches.TrainingSet`.
          held_out: list of `Photograph`, those that validate.
        """
        worker = distribution.worker(strategy)
        folder = pathlib.Path(config.workdir, task.name)
        self._config, self._task, self._state = config, task, state
        self._checkpoints, self._chief = checkpoints, worker.is_chief
        self._first = int(state.step.numpy())
        self._last = config.steps(task.name)
        silent = config.dry_run or not self._chief
        self._log = NoLog() if silent else RunLog(folder, self._first)
        self._log.text("flags", run_record.as_flagfile(config))
        examples = training_set.network_examples(config)
        painted = task.name == "synthesis" and config.generator == "delta"
        if painted and not self._first:  # Later they are in the checkpoint.
            state.set_statistics(*painter_examples.statistics_of(examples))
        self._validation = make_validation(
            config,
            task,
            state=state,
            photographs=held_out,
            training_examples=examples,
        )
        steps = make_steps(state, task, strategy)
        self._network_step, self._discriminator_step = steps
        self._batches = self._make_batches(
            strategy, examples, training_set.extra
        )
        self._health = HealthMonitor()

    def _make_batches(self, strategy, examples, extra):
        """The batches of all updates to come, one for each update."""
        worker = distribution.worker(strategy)
        updates = self._updates_per_iteration()
        timed = 1 + _TIMED if self._config.dry_run else 0
        last = max(self._last, timed)
        return iter(
            strategy.distribute_datasets_from_function(
                lambda _: data_batches.training_batches(
                    examples,
                    self._config,
                    task=self._task.name,
                    first_batch=self._first * updates,
                    last_batch=last * updates,
                    worker=worker.number,
                    workers=worker.workers,
                    replicas=worker.replicas,
                    extra=extra,
                )
            )
        )

    def _updates_per_iteration(self):
        with_discriminator = self._discriminator_step is not None
        return self._config.generator_steps + with_discriminator

    def estimate(self) -> str:
        """Trains a few iterations and says how long all would take here."""
        self._update()  # The first one takes longer.
        start = time.monotonic()
        for _ in range(_TIMED):
            self._update()
        each = (time.monotonic() - start) / _TIMED
        minutes = each * (self._last - self._first) / 60
        return (
            f"{self._task.name}: an iteration takes {each:.2f} s here, "
            f"all of them {minutes:,.1f} min, and each validation, every "
            f"{self._config.validate_every} iterations, some more"
        )

    def run(self, stop) -> int:
        """Trains to the last iteration, or until a stop is asked for.

        Args:
          stop: `interruption.StopRequest`.

        Returns:
          Exit status.
        """
        with contextlib.closing(self._log):
            if self._chief and not self._first:
                self._log.images(0, self._validation()[1])
            if self._chief and self._checkpoints.best_is_lost:
                self._validate(self._first)
            self._bar = tqdm(
                total=self._last,
                initial=self._first,
                desc=self._task.name,
                unit="it",
                disable=not self._chief,
            )
            self._clock, self._counted = time.monotonic(), self._first
            with self._bar:
                return self._iterate(stop)

    def _update(self):
        """The paper's algorithm: G (or S) is updated twice, then D once.

        How often G is updated before D is the setting `generator_steps`.

        Returns:
          {name: scalar}, what is logged.
        """
        for _ in range(self._config.generator_steps):
            scalars = self._network_step(next(self._batches))
        if self._discriminator_step is not None:
            scalars |= self._discriminator_step(next(self._batches))
        return scalars

    def _iterate(self, stop):
        """The iterations, and what is due after some of them."""
        for step in range(self._first + 1, self._last + 1):
            scalars = self._update()
            self._state.step.assign(step)
            self._bar.update()

            # Looked at once: a later request stops the next iteration.
            asked = stop.number
            log, validate, save = self._due(step, asked is not None)
            if log:
                self._log_row(step, scalars)
            if validate:
                self._validate(step)
            if save:
                self._checkpoints.save()
            if asked is not None:
                logging.info(
                    "%s: stopped and saved at step %d", self._task.name, step
                )
                return EXIT_STOPPED + asked
        return 0

    def _due(self, step, stopping):
        """Whether to (log, validate, save) after an iteration."""
        config, last = self._config, step == self._last
        validating = step % config.validate_every == 0 or last
        saving = step % config.checkpoint_every == 0 or last or stopping
        logging_too = step % config.log_every == 0 or validating or saving
        return logging_too, validating and self._chief, saving and self._chief

    def _log_row(self, step, scalars):
        """Logs an iteration, with the images per second since the last row."""
        row = {name: float(value) for name, value in scalars.items()}
        row.update(self._state.optimizer_scalars())
        updates = (step - self._counted) * self._updates_per_iteration()
        elapsed = time.monotonic() - self._clock
        row["images_per_second"] = updates * self._config.batch_size / elapsed
        self._report(step, row)
        self._bar.set_postfix(loss=f"{row['loss']:.3f}")
        self._clock, self._counted = time.monotonic(), step

    def _validate(self, step):
        """Measures and shows the network, and keeps it where it is the best."""
        result, pictures = self._validation()
        self._report(step, result, prefix="validation/")
        self._log.images(step, pictures)
        best_by = self._task.best_by or self._config.best_by
        best = self._checkpoints.keep_if_best({"step": step, **result}, best_by)
        told = _figures(result) + ("; the best so far" if best else "")
        place = f"{self._task.name}, step {step} of {self._last}"
        logging.info("%s, validation: %s", place, told)
        # The time that validation took is none of the next row's.
        self._clock = time.monotonic()

    def _report(self, step, row, prefix=""):
        """Writes a row, and warns where it shows that the run is sick."""
        messages = self._health.check(step, row)
        for message in messages:
            logging.warning("%s", message)
        self._log.scalars(
            step, {prefix + name: value for name, value in row.items()}
        )
        self._log.health(step, messages)


def _figures(result):
    """The figures of a validation that say how good it is, in one line."""
    shown = ("validation_loss", "auc_roc", "auc_pr", "dice_otsu", "dice_best")
    shown += ("deviation_loss", "texture_distance", "noise_effect")
    found = [f"{name} {result[name]:.4f}" for name in shown if name in result]
    return ", ".join(found)
