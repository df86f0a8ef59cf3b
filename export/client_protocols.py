"""Calls of TensorFlow Serving by REST, and what any call can end with.

`client_grpc` has the other protocol, and `client.connect` chooses between the
two. Both take and give the same arrays and bytes.
"""

import base64
import contextlib
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np

from migan_tf.base.errors import UserError

LONGEST_WAIT_S = 8.0
RETRIED = ("gone", "late", "busy")
# {kind of failure: (HTTP and gRPC codes, the rule, the next step)}.
FAILURES = {
    "gone": (
        ("UNAVAILABLE",),
        "--server must be a running TensorFlow Serving with room for a call",
        "Start it: docker compose -f export/serving/docker-compose.yml up",
    ),
    "late": (
        (504, "DEADLINE_EXCEEDED"),
        "--server must answer within --timeout_s",
        "Give a larger --timeout_s, or a smaller image",
    ),
    "busy": (
        (429, 503, "RESOURCE_EXHAUSTED"),
        "--server must have room for a call",
        "Call again later, or with larger --retries",
    ),
    "missing": (
        (404, "NOT_FOUND"),
        "--server must have the model, and its --model_version where given",
        "Next: look for NAME/VERSION/saved_model.pb in the served folder",
    ),
    "unknown": (
        ("FAILED_PRECONDITION",),
        "the served model must have the signature",
        "Next: compare it with those in docs/serving.md; paint and paint_bytes "
        "(--contrast, --style_fundus) are of models of --generator=delta",
    ),
    "refused": (
        (400, "INVALID_ARGUMENT", "OUT_OF_RANGE"),
        "the inputs must suit the signature",
        "Next: compare them with the signatures in docs/serving.md",
    ),
    "failed": (
        (),
        "--server must be http://HOST:8501 or grpc://HOST:8500 of TensorFlow "
        "Serving, and work",
        "Next: look at the address and into the server's log",
    ),
}


class Failure(Exception):
    """A call went wrong; holds the key of FAILURES and what was received."""

    @classmethod
    def of(cls, code, reason):
        """Returns what an HTTP status or the name of a gRPC code means."""
        kinds = [kind for kind, row in FAILURES.items() if code in row[0]]
        name = f"HTTP {code}" if isinstance(code, int) else code
        return cls(*(kinds or ["failed"])[:1], f"{name}, {reason}")


class Client(contextlib.AbstractContextManager):
    """What both protocols share; `client.connect` explains the arguments."""

    def __init__(self, server, model_version, timeout_s, retries, backoff_s):
        self.server = server
        self.model_version = model_version
        self.timeout_s = timeout_s
        self.retries = retries
        self.backoff_s = backoff_s

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """Ends the connection, where the protocol keeps one."""

    def predict(self, model, signature, inputs):
        """Calls one signature of a served model.

        Args:
          model: the model's name at the server.
          signature: the signature's name, such as `serving_default`.
          inputs: {name: array of the signature's type, or list of bytes}.

        Returns:
          {name: array of the signature's type, or list of bytes}.

        Raises:
          UserError: the server is away, late or busy even at the last retry,
            lacks the model, or refuses the inputs.
        """
        for attempt in range(1, self.retries + 2):
            try:
                return self._call(model, signature, inputs)
            except Failure as failure:
                kind, received = failure.args
                if kind not in RETRIED or attempt > self.retries:
                    _, rule, step = FAILURES[kind]
                    raise UserError(
                        f"{rule}. Received: {received} (--server="
                        f"{self.server}, {model}, {signature}, --model_version="
                        f"{self.model_version}, attempt {attempt}). {step}"
                    ) from failure
            wait = self.backoff_s * 2 ** (attempt - 1)
            time.sleep(min(wait, LONGEST_WAIT_S))


class RestClient(Client):
    """Client of a REST port, such as http://localhost:8501."""

    def _call(self, model, signature, inputs):
        url = f"{self.server}/v1/models/{urllib.parse.quote(model, safe='')}"
        if self.model_version is not None:
            url += f"/versions/{self.model_version}"
        infos = self._infos(url, signature)
        columns = {name: _to_json(value) for name, value in inputs.items()}
        body = {"signature_name": signature, "inputs": columns}
        outputs = self._send("outputs", f"{url}:predict", body)
        if len(infos) == 1:  # A single output comes without its name.
            outputs = {name: outputs for name in infos}
        return {n: _from_json(v, infos[n]) for n, v in outputs.items()}

    def _infos(self, url, signature):
        """Names and types of the outputs, which the JSON of an answer lacks."""
        metadata = self._send("metadata", f"{url}/metadata")
        signatures = metadata["signature_def"]["signature_def"]
        if signature not in signatures:
            raise Failure("unknown", f"only {', '.join(sorted(signatures))}")
        outputs = signatures[signature]["outputs"]
        return {name: info["dtype"] for name, info in outputs.items()}

    def _send(self, key, url, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        try:
            request = urllib.request.Request(url, data, headers)
            with urllib.request.urlopen(request, None, self.timeout_s) as reply:
                return json.load(reply)[key]
        except urllib.error.HTTPError as error:
            with error:
                raise Failure.of(error.code, _reason(error)) from error
        except (KeyError, TypeError, ValueError) as error:
            reason = f"an answer without {key!r}: {error}"
            raise Failure("failed", reason) from error
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            kind = "gone" if isinstance(cause, ConnectionError) else "failed"
            kind = "late" if isinstance(cause, TimeoutError) else kind
            # An answer that is not HTTP may hold any bytes.
            known = isinstance(cause, OSError) and str(cause)
            raise Failure(kind, known or type(cause).__name__) from error


def _reason(error):
    """Returns the text of {"error": text}, or what another server says."""
    content = b""
    try:
        content = error.read()
        return json.loads(content)["error"]
    except (OSError, http.client.HTTPException) as cut:
        return f"an answer that was cut: {cut}"
    except (ValueError, KeyError, TypeError):
        return content[:300].decode(errors="replace").strip()


def _to_json(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(item).decode()} for item in value]


def _from_json(value, dtype):
    if dtype == "DT_STRING":
        return [
            base64.b64decode(item["b64"])
            if isinstance(item, dict)  # The output's name ends in _bytes.
            else item.encode()
            for item in value
        ]
    name = {"DT_FLOAT": "float32"}.get(dtype, dtype[3:].lower())
    return np.asarray(value, name)
