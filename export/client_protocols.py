"""What a call of TensorFlow Serving can end with, whatever its protocol.

`client_rest` and `client_grpc` have the two protocols, and `client.connect`
chooses between them. Both take and give the same arrays and bytes.
"""

import abc
import contextlib
import time
import urllib.parse

from migan_tf.base.errors import UserError

LONGEST_WAIT_S = 8.0
LONGEST_REASON = 200  # characters that are shown of what a server says
RETRIED = ("gone", "late", "busy")
# {kind of failure: (HTTP and gRPC codes, the rule, the next step)}; {look} is
# the command that shows more.
FAILURES = {
    "gone": (
        (502, "UNAVAILABLE"),
        "--server must be a running TensorFlow Serving with room for a call",
        "Next: look at the address. Start it: docker compose -f "
        "export/serving/docker-compose.yml up",
    ),
    "late": (
        (504, "DEADLINE_EXCEEDED"),
        "--server must answer within --timeout_s",
        "Next: give a larger --timeout_s, or a smaller image",
    ),
    "busy": (
        (429, 503, "RESOURCE_EXHAUSTED"),
        "--server must have room for a call",
        "Next: call again later, or with larger --retries",
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
    "large": (
        (413,),
        "--server, and what stands before it, must take images of this size",
        "Next: give a smaller image, or let it take larger requests",
    ),
    "denied": (
        (401, 403, 407, "UNAUTHENTICATED", "PERMISSION_DENIED"),
        "--server must let everybody in; this client has no passwords",
        "Next: give the address of TensorFlow Serving itself, or {look}",
    ),
    "moved": (
        (301, 302, 303, 307, 308),
        "--server must be the address of TensorFlow Serving itself",
        "Next: give as --server what it points to, or {look}",
    ),
    "strange": (
        (),
        "--server must answer as TensorFlow Serving with this program's models",
        "Next: {look}",
    ),
    "failed": (
        (),
        "--server must be http://HOST:8501 or grpc://HOST:8500 of TensorFlow "
        "Serving, and work",
        "Next: look at the address and into the server's log, or {look}",
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


def short(text) -> str:
    """What a server says, on one line and without what no terminal takes."""
    line = " ".join(str(text).split())
    line = "".join(c if c.isprintable() else "�" for c in line)
    cut = line[:LONGEST_REASON]
    return cut if cut == line else f"{cut} …"


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

    @abc.abstractmethod
    def proxy(self) -> tuple[str, str]:
        """The proxy before the server and what names it; empty without one."""

    @abc.abstractmethod
    def look(self, model) -> str:
        """The command that shows what is at the server's address."""

    def predict(self, model, signature, inputs, check=None):
        """Calls one signature of a served model.

        Args:
          model: the model's name at the server.
          signature: the signature's name, such as `serving_default`.
          inputs: {name: array of the signature's type, or list of bytes}.
          check: function of the outputs that raises KeyError, TypeError or
            ValueError where they are not what was asked for.

        Returns:
          {name: array of the signature's type, or list of bytes}.

        Raises:
          UserError: the server is away, late or busy even at the last retry,
            lacks the model, refuses the inputs, or is no TensorFlow Serving.
        """
        for attempt in range(1, self.retries + 2):
            try:
                return self._checked(model, signature, inputs, check=check)
            except Failure as failure:
                if failure.args[0] not in RETRIED or attempt > self.retries:
                    call = f"{model}, {signature}, attempt {attempt}"
                    raise UserError(
                        self._told(failure, model, call)
                    ) from failure
            wait = self.backoff_s * 2 ** (attempt - 1)
            time.sleep(min(wait, LONGEST_WAIT_S))

    def _checked(self, model, signature, inputs, *, check):
        outputs = self._call(model, signature, inputs)
        if check is not None:
            try:
                check(outputs)
            except (KeyError, TypeError, ValueError) as error:
                raise Failure("strange", told(error)) from error
        return outputs

    def _told(self, failure, model, call):
        kind, received = failure.args
        _, rule, step = FAILURES[kind]
        place, past = f"--server={self.server}", ""
        proxy, variable = self.proxy()
        if proxy:
            host = urllib.parse.urlsplit(self.server).hostname
            place += f" through the proxy {proxy} that {variable} names"
            past = f". Without that proxy: export no_proxy={host}"
        return (
            f"{rule}. Received: {received} ({place}, --model_version="
            f"{self.model_version}, {call}). "
            f"{step.format(look=self.look(model))}{past}"
        )


def told(error) -> str:
    """What is odd about an answer, of the error that its reading raised."""
    if isinstance(error, KeyError):
        return f"an answer without {short(error)}"
    return f"an answer that is odd: {short(error)}"


def without_password(address) -> str:
    """An address, such as a proxy's, without what it may say of its user."""
    head, slashes, rest = address.rpartition("://")
    return head + slashes + rest.rpartition("@")[2]
