"""The loop and only the loop."""

import contextlib
import dataclasses
import pathlib
import time

import keras
import tensorflow as tf
from absl import logging
from tqdm import tqdm

from migan_tf.base import run_record
from migan_tf.data import batches as data_batches
from migan_tf.data import photographs
from migan_tf.training import distribution, interruption
from migan_tf.training import style as training_style
from migan_tf.training.checkpoint import Checkpoints
from migan_tf.training.health import HealthMonitor
from migan_tf.training.state import create_state, resolve_precision
from migan_tf.training.step import make_steps
from migan_tf.training.summaries import NoLog, RunLog
from migan_tf.training.tasks import make_task
from migan_tf.training.validation import make_validation

EXIT_STOPPED = 128  # plus the signal's number, as shells do


def train(*configs) -> int:
    """Trains runs one after the other, each from its last checkpoint on.

    Args:
      *configs: validated `Config`s, which agree in --distribute.

    Returns:
      Exit status: 0 when all is trained, 128 + signal when stopped by one.

    Raises:
      UserError: the data, a run folder or a run itself is at fault.
    """
    strategy = distribution.make_strategy(configs[0])
    planned = training_style.look_ahead(configs)
    for config in configs:
        if status := _train_run(config, strategy, planned):
            return status
    return 0


def _train_run(config, strategy, planned):
    # Recorded as resolved: a run must not change its policy with the machine.
    config = dataclasses.replace(
        config, mixed_precision=resolve_precision(config.mixed_precision)
    )
    if config.deterministic:
        keras.utils.set_random_seed(config.seed)
        tf.config.experimental.enable_op_determinism()
    training = data_batches.load_training_set(config)
    held_out = photographs.load(config, "validation")
    with strategy.scope():
        style = training_style.prepare(config, planned)
    with interruption.stop_request() as stop:
        for name in config.tasks():
            status = _train_task(
                config,
                name,
                strategy=strategy,
                training=training,
                held_out=held_out,
                stop=stop,
                style=style,
            )
            if status:
                return status
    return 0


def _train_task(config, name, strategy, training, held_out, stop, style):
    folder = pathlib.Path(config.workdir) / name
    number, workers, replicas = distribution.worker(strategy)
    chief = number == 0
    objective = None
    if style is not None and name == "synthesis" and not config.dry_run:
        with strategy.scope():
            objective = style.objective()
    task = make_task(name, config, objective)
    state = create_state(config, task, strategy)
    checkpoints = Checkpoints(folder, state, config.keep_checkpoints)
    _describe(config, name, state=state, training=training, held_out=held_out)
    if config.dry_run:
        return 0
    if chief:
        devices = [d.name for d in tf.config.list_logical_devices()]
        data_seen = training.record(config, held_out)
        run_record.write(folder, config, devices=devices, data=data_seen)
    first, last = checkpoints.restore(), config.steps(name)
    if first >= last:
        logging.info("%s: all %d iterations are done", name, last)
        return 0
    log = RunLog(folder, first) if chief else NoLog()
    log.text("flags", run_record.as_flagfile(config))
    examples = training.network_examples(config)
    validate = make_validation(
        config, task, photographs=held_out, training_examples=examples
    )
    network_step, discriminator_step = make_steps(state, task, strategy)
    best_by = config.best_by if name == "segmentation" else "loss"
    per_iteration = config.generator_steps + (discriminator_step is not None)
    batches = iter(
        strategy.distribute_datasets_from_function(
            lambda _: data_batches.training_batches(
                examples,
                config,
                task=name,
                first_batch=first * per_iteration,
                last_batch=last * per_iteration,
                worker=number,
                workers=workers,
                replicas=replicas,
                extra=training.extra,
            )
        )
    )
    health = HealthMonitor()
    if chief and not first:
        log.images(0, validate(state.kept_network(), state.discriminator)[1])
    bar = tqdm(
        total=last, initial=first, desc=name, unit="it", disable=not chief
    )
    clock, counted = time.monotonic(), first
    with contextlib.closing(log), bar, interruption.explained():
        for step in range(first + 1, last + 1):
            for _ in range(config.generator_steps):
                scalars = network_step(next(batches))
            if discriminator_step is not None:
                scalars.update(discriminator_step(next(batches)))
            state.step.assign(step)
            bar.update()

            # Looked at once: what is asked for later stops the next iteration.
            asked = stop.number
            final = step == last or asked is not None
            validating = step % config.validate_every == 0 or step == last
            saving = step % config.checkpoint_every == 0 or final
            if step % config.log_every == 0 or validating or saving:
                row = {key: float(value) for key, value in scalars.items()}
                row.update(state.optimizer_scalars())
                elapsed = time.monotonic() - clock
                images = (step - counted) * per_iteration * config.batch_size
                row["images_per_second"] = images / elapsed
                _report(health, log, step=step, row=row)
                bar.set_postfix(loss=f"{row['loss']:.3f}")
                clock, counted = time.monotonic(), step
            if validating and chief:
                result, pictures = validate(
                    state.kept_network(), state.discriminator
                )
                _report(
                    health, log, step=step, row=result, prefix="validation/"
                )
                log.images(step, pictures)
                checkpoints.keep_if_best({"step": step, **result}, best_by)
                clock = time.monotonic()
            if saving and chief:
                checkpoints.save()
            if asked is not None:
                logging.info("%s: stopped and saved at step %d", name, step)
                return EXIT_STOPPED + asked
    return 0


def _report(health, log, step, row, prefix=""):
    messages = health.check(step, row)
    for message in messages:
        logging.warning("%s", message)
    log.scalars(step, {prefix + name: row[name] for name in row})
    log.health(step, messages)


def _describe(config, name, state, training, held_out):
    parameters = state.network.count_params()
    logging.info(
        "%s on %s: %d training, %d extra, %d validation images, %d×%d, %s "
        "parameters, discriminator %s, %s, %d iterations of %d + %d "
        "updates, to %s/%s",
        name,
        config.dataset,
        len(training),
        len(training.extra),
        len(held_out),
        config.network_size(name),
        config.network_size(name),
        f"{parameters:,}",
        config.discriminator,
        config.mixed_precision,
        config.steps(name),
        config.generator_steps,
        config.discriminator != "none",
        config.workdir,
        name,
    )
