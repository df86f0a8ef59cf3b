"""SavedModels by name and version, for `serving_stand_in`.

They are loaded and run in a session, as TensorFlow Serving does it, and not
by `tf.saved_model.load`.
"""

import collections

import grpc
import tensorflow as tf


class Refused(Exception):
    """What a client is told: (name of a gRPC code, reason)."""


class Model:
    """One version of a SavedModel."""

    def __init__(self, path):
        self.session = tf.compat.v1.Session(graph=tf.Graph())
        with self.session.graph.as_default():
            self.signatures = tf.compat.v1.saved_model.load(
                self.session, ["serve"], str(path)
            ).signature_def

    def run(self, signature, arrays):
        if arrays.keys() != signature.inputs.keys():
            raise Refused("INVALID_ARGUMENT", "input size does not match")
        for name, info in signature.inputs.items():
            if tf.as_dtype(arrays[name].dtype) != tf.as_dtype(info.dtype):
                raise Refused("INVALID_ARGUMENT", f"{name}: wrong type")
        feeds = {signature.inputs[n].name: a for n, a in arrays.items()}
        fetches = {n: info.name for n, info in signature.outputs.items()}
        try:
            return self.session.run(fetches, feeds)
        except tf.errors.OpError as error:
            codes = {code.value[0]: code.name for code in grpc.StatusCode}
            # Python puts its own report before the graph's reason.
            reason = (error.__context__ or error).message
            raise Refused(codes[error.error_code], reason) from error
        except (TypeError, ValueError) as error:  # Shapes.
            raise Refused("INVALID_ARGUMENT", str(error)) from error


class Servables:
    """The models by name and version, and what was asked of them."""

    def __init__(self, folders):
        self.models = {
            name: {version: Model(path) for version, path in versions.items()}
            for name, versions in folders.items()
        }
        self.calls = []  # (model, version or None) of every predict call.
        self.faults = collections.deque()  # Codes that the next calls get.

    def find(self, name, version=None):
        versions = self.models.get(name, {})
        chosen = max(versions, default=None) if version is None else version
        if chosen not in versions:
            text = f"Specific({name}, {version})"
            text = f"Latest({name})" if version is None else text
            raise Refused(
                "NOT_FOUND", f"Servable not found for request: {text}"
            )
        return chosen, versions[chosen]

    def start_predict(self, name, version):
        self.calls.append((name, version))
        if self.faults:
            raise Refused(self.faults.popleft(), "injected")
        return self.find(name, version)
