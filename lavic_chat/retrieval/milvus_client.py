"""Where a Milvus is, and a client of it; whatever goes wrong there becomes one sentence."""

import contextlib
import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from lavic_chat.errors import LavicError

SCHEMES = {"milvus": "http", "milvus+http": "http", "milvus+https": "https"}
PAUSE = 10.0  # seconds that a server may take to answer
MISSING = "An index in Milvus needs the extra `milvus`: pip install 'lavic-chat[milvus]'."


@dataclass(frozen=True)
class MilvusAddress:
    """Where Milvus is: an address or a file, and how to log in; shown: what may stand in a sentence."""

    uri: str
    token: str
    shown: str

    @property
    def is_file(self) -> bool:
        """Whether it is Milvus Lite, in this process."""
        return not self.uri.startswith("http")


def read_address(address: str) -> MilvusAddress:
    """Raises LavicError, without quoting it, for it may hold a login, for an address of no Milvus."""
    try:
        parts = urlsplit(address)
        port = parts.port or 19530
        if parts.scheme not in SCHEMES or parts.query or parts.fragment or not address.isprintable():
            raise ValueError("of another kind")
        if parts.scheme == "milvus" and not parts.netloc and parts.path.endswith(".db"):
            return MilvusAddress(unquote(parts.path), "", f"milvus://{parts.path}")
        if not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("no host")
    except ValueError:
        raise LavicError(
            "--index and LAVIC_INDEX take an address such as milvus://127.0.0.1:19530, or milvus:///folder/index.db."
        ) from None
    token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return MilvusAddress(
        f"{SCHEMES[parts.scheme]}://{parts.hostname}:{port}", token, f"milvus://{parts.hostname}:{port}"
    )


def connect_milvus(address: MilvusAddress) -> Any:
    """A client. Raises LavicError where the package is missing, or Milvus cannot be reached."""
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise LavicError(MISSING) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what goes wrong is said below, in one sentence
    with failures_at(address):
        return MilvusClient(uri=address.uri, token=address.token, timeout=PAUSE)


@contextlib.contextmanager
def failures_at(address: MilvusAddress) -> Generator[None]:
    """Whatever Milvus raises becomes one sentence, which quotes neither logins nor queries."""
    try:
        yield
    except LavicError:
        raise
    except Exception as error:  # pymilvus raises its own, grpc's, and whatever its server in a file does
        raise LavicError(
            f"The index {address.shown} does not answer ({type(error).__name__}); see that Milvus runs there and takes "
            "the login, or start without --index."
        ) from error
