"""Runs a job of many pairs as an Apache Beam pipeline, on many machines.

`one_machine` runs the same job without Beam; the files are the same to the
byte.
"""

import contextlib
import json
import os

from migan_tf.base.errors import UserError
from migan_tf.base.files import SUMMARY
from migan_tf.synthesis import job, summary
from migan_tf.synthesis.pairs import Maker
from migan_tf.synthesis.recipe import exit_status, plan_job
from migan_tf.synthesis.store import LocalStore

try:
    import apache_beam as beam
    from apache_beam.io.filesystem import BeamIOError as BeamError
    from apache_beam.io.filesystems import FileSystems
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as error:
    raise UserError(
        "migan_tf.synthesize_beam needs Apache Beam, the extra beam. "
        f"Received: {error}. Next: pip install 'migan-tf[beam]'"
    ) from error


class BeamStore:
    """Files by their names in an object store (gs://, s3://) that Beam knows.

    There an object appears when it is closed, so that none is half written.
    The methods are those of `store.LocalStore`.
    """

    def __init__(self, root):
        """Keeps the address below which the files are."""
        self._root = root

    def exists(self, name) -> bool:
        """Whether the file is there."""
        return FileSystems.exists(self._path(name))

    def read(self, name) -> bytes:
        """The content of the file."""
        with FileSystems.open(self._path(name)) as file:
            return file.read()

    def size(self, name) -> int:
        """The length of the file in bytes."""
        found = FileSystems.match([self._path(name)])[0].metadata_list
        return found[0].size_in_bytes

    def write(self, name, content) -> None:
        """Writes the file."""
        with FileSystems.create(self._path(name)) as file:
            file.write(content)

    def clear(self) -> None:
        """Does nothing: no file is ever unfinished here."""

    def _path(self, name):
        return FileSystems.join(self._root, *name.split("/"))


def store_of(output):
    """The store of --output: a folder, or what Beam's file systems reach."""
    return BeamStore(output) if "://" in output else LocalStore(output)


class MakeBlock(beam.DoFn):
    """Takes the number of a block, makes it, and passes the number on."""

    def __init__(self, plan, output, recipe):
        """Keeps what is sent to the workers."""
        self._plan, self._output, self._recipe = plan, output, recipe

    def setup(self):
        """Loads the networks, once for each worker."""
        kernels = {"TF_ENABLE_ONEDNN_OPTS": self._recipe.onednn}
        os.environ.update(job.ONE_THREAD | kernels)
        self._maker = Maker(self._recipe)

    def process(self, block):
        """Makes the block unless it is there."""
        store = store_of(self._output)
        job.make_block(self._plan, store, maker=self._maker, block=block)
        yield block


def build(root, plan, output, recipe):
    """Adds the job to a pipeline.

    Args:
      root: the `beam.Pipeline`.
      plan: the `job.Plan`.
      output: folder or address of the files.
      recipe: the `recipe.Recipe`; the workers, too, must find its folders of
        networks.

    Returns:
      PCollection of one text, the summary, after everything is written.
    """
    blocks = (
        root
        | "Blocks" >> beam.Create(range(plan.blocks))
        | "Spread" >> beam.Reshuffle()
        | "Make" >> beam.ParDo(MakeBlock(plan, output, recipe))
    )

    def finish(count):
        del count  # It is there only when all blocks are.
        return summary.describe(summary.finish(plan, store_of(output)))

    return (
        blocks
        | "All" >> beam.combiners.Count.Globally()
        | "Finish" >> beam.Map(finish)
    )


def run(settings, generator, arguments) -> int:
    """Makes a whole job, or what is missing of it.

    Args:
      settings: `flags.JobSettings`.
      generator: `model_folder.ModelFolder` of the network that paints.
      arguments: list of Beam's own flags, such as --runner=DataflowRunner.

    Returns:
      Exit status: 0, or 1 when files of --vessel_maps were passed over or
      fewer pairs were made than were asked for.

    Raises:
      UserError: flags, data or the output are at fault.
    """
    # Before TensorFlow starts its threads: the DirectRunner's workers are
    # threads of this process.
    os.environ.update(job.ONE_THREAD)
    output = settings.output
    plan, recipe, identity = plan_job(settings, generator)
    # Wrong options are a ValueError before anything is made; one that comes
    # later is not the user's.
    with _as_user_error(output, arguments, ValueError):
        job.claim(store_of(output), identity)
        pipeline = beam.Pipeline(options=PipelineOptions(arguments))
    with _as_user_error(output, arguments):
        with pipeline:
            told = build(pipeline, plan, output=output, recipe=recipe)
            told | "Tell" >> beam.Map(print)
        counts = json.loads(store_of(output).read(SUMMARY))
    print(output)
    return exit_status(settings, counts)


@contextlib.contextmanager
def _as_user_error(output, arguments, *kinds):
    """Raises what Beam cannot use or cannot reach as a `UserError`.

    Args:
      output: the value of --output.
      arguments: list of Beam's own flags.
      *kinds: further exceptions that are the user's to put right.
    """
    try:
        yield
    except (BeamError, OSError, *kinds) as error:
        raise UserError(
            "--output and what follows -- must be what Beam can use. Received: "
            f"--output={output} {' '.join(arguments)} ({error})"
        ) from error
    except RuntimeError as error:
        # What a worker raised comes as text, with its traceback.
        _, told, text = str(error).rpartition("UserError: ")
        if not told:
            raise
        raise UserError(text.partition(" [while running")[0]) from error
