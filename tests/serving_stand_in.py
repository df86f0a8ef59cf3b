"""A server of TensorFlow Serving's two protocols, over loopback, for tests.

It maps requests onto the signatures of SavedModels (`serving_models`) and knows
nothing of what these compute. It does not batch, warm up or watch folders.

  with serving({"name": {1: "folder/of/version/1"}}) as server:
      server.rest, server.grpc   # their addresses
"""

import contextlib
import dataclasses
import http.server
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import tensorflow as tf
from google.protobuf import json_format
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import get_model_metadata_pb2, predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc as services

from tests import serving_json
from tests.serving_models import Refused, Servables

PATH = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d+))?(:predict|/metadata)?"
)
HTTP_STATUS = {"INVALID_ARGUMENT": 400, "FAILED_PRECONDITION": 400}
HTTP_STATUS |= {"NOT_FOUND": 404, "RESOURCE_EXHAUSTED": 429, "UNAVAILABLE": 503}
VALUE_FIELDS = {"float32": "float_val", "object": "string_val"}
# As TensorFlow Serving has it, and not gRPC's 4 MiB.
LIMITS = [("grpc.max_receive_message_length", 2**31 - 1)]


class RestHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        """Says nothing."""

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({":predict": lambda *at: self.predict(*at, text)})

    def do_GET(self):
        self.answer({None: self.status, "/metadata": self.metadata})

    def answer(self, jobs):
        found = PATH.fullmatch(self.path)
        status = 200
        try:
            if not found or found[3] not in jobs:
                raise Refused("INVALID_ARGUMENT", "Malformed request")
            version = int(found[2]) if found[2] else None
            content = jobs[found[3]](found[1], version)
        except Refused as refusal:
            code, reason = refusal.args
            status, content = HTTP_STATUS.get(code, 500), {"error": reason}
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def predict(self, name, version, text):
        _, model = self.server.servables.start_predict(name, version)
        try:
            signature, arrays, by_row = serving_json.read_request(
                text, model.signatures
            )
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        outputs = model.run(signature, arrays)
        return serving_json.write_answer(outputs, by_row)

    def status(self, name, version):
        chosen, _ = self.server.servables.find(name, version)
        state = {"version": str(chosen), "state": "AVAILABLE"}
        return {"model_version_status": [state]}

    def metadata(self, name, version):
        chosen, model = self.server.servables.find(name, version)
        known = get_model_metadata_pb2.SignatureDefMap()
        for key, signature in model.signatures.items():
            known.signature_def[key].CopyFrom(signature)
        text = json_format.MessageToDict(
            known, preserving_proto_field_name=True
        )
        return {
            "model_spec": {"name": name, "version": str(chosen)},
            "metadata": {"signature_def": text},
        }


class GrpcService(services.PredictionServiceServicer):
    def __init__(self, servables):
        self.servables = servables

    def Predict(self, request, context):
        try:
            return self.predict(request, request.model_spec)
        except Refused as refusal:
            code, reason = refusal.args
            context.abort(getattr(grpc.StatusCode, code), reason)

    def predict(self, request, spec):
        version = spec.version.value if spec.HasField("version") else None
        chosen, model = self.servables.start_predict(spec.name, version)
        key = spec.signature_name or "serving_default"
        if key not in model.signatures:
            raise Refused(
                "FAILED_PRECONDITION",
                f'Serving signature key "{key}" not found.',
            )
        arrays = {n: tf.make_ndarray(t) for n, t in request.inputs.items()}
        response = predict_pb2.PredictResponse()
        response.model_spec.CopyFrom(spec)
        response.model_spec.version.value = chosen
        outputs = model.run(model.signatures[key], arrays)
        for name, array in outputs.items():
            response.outputs[name].CopyFrom(proto_of(array))
        return response


def proto_of(array):
    """With a field for each value, as TensorFlow Serving answers."""
    proto = tensor_pb2.TensorProto(
        dtype=tf.as_dtype(array.dtype).as_datatype_enum,
        tensor_shape=tf.TensorShape(array.shape).as_proto(),
    )
    field = VALUE_FIELDS.get(array.dtype.name, "int_val")
    getattr(proto, field).extend(array.ravel().tolist())
    return proto


@dataclasses.dataclass(frozen=True)
class Addresses:
    rest: str
    grpc: str
    servables: Servables


@contextlib.contextmanager
def serving(folders):
    """Serves {name: {version: folder}} at free ports until the end."""
    servables = Servables(folders)
    rest = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RestHandler)
    rest.servables = servables
    thread = threading.Thread(target=rest.serve_forever, args=(0.05,))
    remote = grpc.server(ThreadPoolExecutor(4), options=LIMITS)
    services.add_PredictionServiceServicer_to_server(
        GrpcService(servables), remote
    )
    port = remote.add_insecure_port("127.0.0.1:0")
    thread.start()
    remote.start()
    try:
        yield Addresses(
            f"http://127.0.0.1:{rest.server_port}",
            f"grpc://127.0.0.1:{port}",
            servables,
        )
    finally:
        rest.shutdown()
        rest.server_close()
        thread.join()
        remote.stop(None).wait()
        for versions in servables.models.values():
            for model in versions.values():
                model.session.close()
