"""Calls of TensorFlow Serving by gRPC.

It needs the extra `serving` of this package; `client.connect` imports it when
a grpc:// address asks for it.
"""

import os
import urllib.request

# Its library would tell on stderr, too, what a call's error says.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceStub,
)

from . import client_protocols

# gRPC's own limit is 4 MiB, and a photograph as numbers can be larger.
MAX_MESSAGE_BYTES = 2**31 - 1
PROXIES = ("grpc_proxy", "https_proxy", "http_proxy")
LIMITS = [
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
]


class GrpcClient(client_protocols.Client):
    """Client of a gRPC port, such as grpc://localhost:8500."""

    def __init__(self, server, **settings):
        super().__init__(server, **settings)
        address = self.server.removeprefix("grpc://")
        self._channel = grpc.insecure_channel(address, LIMITS)
        self._stub = PredictionServiceStub(self._channel)

    def close(self) -> None:
        """Closes the channel."""
        self._channel.close()

    def proxy(self) -> tuple[str, str]:
        """See `Client`; gRPC takes the first of these variables."""
        address = self.server.removeprefix("grpc://")
        named = [name for name in PROXIES if os.environ.get(name)]
        if not named or urllib.request.proxy_bypass(address):
            return "", ""
        proxy = os.environ[named[0]]
        return client_protocols.without_password(proxy), named[0]

    def look(self, model) -> str:
        """See `Client`."""
        return "docker compose -f export/serving/docker-compose.yml logs"

    def _call(self, model, signature, inputs):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = signature
        if self.model_version is not None:
            request.model_spec.version.value = self.model_version
        for name, value in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
        try:
            response = self._stub.Predict(request, self.timeout_s)
        except grpc.RpcError as error:
            raise client_protocols.Failure.of(
                error.code().name, client_protocols.short(error.details())
            ) from error
        try:
            return {n: _array(t) for n, t in response.outputs.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise client_protocols.Failure(
                "strange", client_protocols.told(error)
            ) from error


def _array(tensor):
    """An output as an array, or list of bytes.

    Raises:
      ValueError, TypeError: its content is not that of its type and shape.
    """
    array = tf.make_ndarray(tensor)
    if array.dtype == object:
        return array.tolist()
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("a value that is no number")
    return array
