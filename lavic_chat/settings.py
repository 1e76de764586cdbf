"""Where things lie: `$LAVIC_HOME` for what is derived, the repository (or the wheel) for what is shipped."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from lavic_chat.errors import LavicError

MINI = "lavic-mini"
AUTO, TORCH, ONNX = RUNTIMES = ("auto", "torch", "onnx")  # auto: the fastest that is ready
LIMITS = {  # of what one client may do, each with its variable; 0 is as often as it likes
    "questions_at_once": "LAVIC_QUESTIONS_AT_ONCE",
    "questions_a_minute": "LAVIC_QUESTIONS_A_MINUTE",
    "flags_a_minute": "LAVIC_FLAGS_A_MINUTE",
    "uploads_an_hour": "LAVIC_UPLOADS_AN_HOUR",
    "upload_megabytes_an_hour": "LAVIC_UPLOAD_MEGABYTES_AN_HOUR",
    "wrong_passwords_a_minute": "LAVIC_WRONG_PASSWORDS_A_MINUTE",
    "lookups_a_minute": "LAVIC_LOOKUPS_A_MINUTE",
}
PACKAGE = Path(__file__).resolve().parent


def lavic_home() -> Path:
    """Folder for models, caches and flags: `$LAVIC_HOME`, else `~/.cache/lavic-chat`."""
    return Path(os.environ.get("LAVIC_HOME") or Path.home() / ".cache" / "lavic-chat").expanduser()


def shipped(*parts: str) -> Path:
    """A file that comes with the project, from the repository if we run from one, else from the wheel."""
    in_repository = PACKAGE.parent.joinpath(*parts)
    return in_repository if in_repository.exists() else PACKAGE.joinpath("shipped", *parts)


@dataclass(frozen=True)
class Settings:
    """What one process runs with; `read_settings` fills it from the environment."""

    home: Path
    catalog: Path
    model: str = MINI  # "lavic-mini", a LLaVA-NeXT folder, or a hub name
    adapter: Path | None = None  # None: the shipped adapter for lavic-mini, no adapter for another base
    decode: str | None = None  # "list", "branch" or "generate"; None: what the adapter was trained for
    runtime: str = AUTO  # one of RUNTIMES
    host: str = "127.0.0.1"
    port: int = 7860
    currency: str = "$"  # before a price; a catalogue's prices are plain numbers
    flags_repo: str = ""  # a dataset repository that flags are pushed to, with
    hub_token: str = field(default="", repr=False)
    annotators: Mapping[str, str] = field(default_factory=dict, repr=False)  # name -> password; empty: no login
    llm: str = field(default="", repr=False)  # address of a server that scores, perhaps with a login; "": none
    llm_key: str = field(default="", repr=False)  # of that server's API
    search: str = ""  # where items are searched: "fusion", "text", "sda", "both", "sda=ADAPTER", "both=ADAPTER", or as
    # the adapter's card says
    index: str = field(default="", repr=False)  # address of a Milvus that finds items, perhaps with a login; "": none
    client_header: str = ""  # in which a proxy in front says for whom it asks; "": there is none
    mcp: bool = False  # whether agents may use the chat as an MCP server
    limits: Mapping[str, int] = field(default_factory=dict)  # those of LIMITS that are not as they come

    @property
    def adapter_folder(self) -> Path:
        """The adapter; raises LavicError where there is none."""
        if not self.adapter:
            raise LavicError("There is no adapter folder; name one with --adapter.")
        return self.adapter


def read_port(value: str | int) -> int:
    """A port's number; raises LavicError for what is none."""
    if not str(value).isdecimal() or not 0 < int(value) < 65536:
        raise LavicError(f"LAVIC_PORT is {value!r}; a port is a number from 1 to 65535.")
    return int(value)


def read_llm(address: str) -> str:
    """An LLM server's address. Raises LavicError, without quoting it, for it may hold a login, for what is none."""
    try:
        parts = urlsplit(address)
        port = parts.port  # raises ValueError for what is none
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0
        (parts.hostname or "").encode("idna")  # raises UnicodeError, a ValueError, as resolving the name would later
        fits = fits and not parts.query and not parts.fragment and address.isascii() and address.isprintable()
    except ValueError:
        fits = False
    if address and not fits:
        raise LavicError("--llm and LAVIC_LLM take an address such as http://127.0.0.1:8000, nothing else.")
    return address


def read_key(key: str) -> str:
    """An API's key. Raises LavicError, without quoting it, for what no header can hold."""
    if not (key.isascii() and key.isprintable()):
        raise LavicError("LAVIC_LLM_KEY holds characters that no key has; copy it again.")
    return key.strip()


def read_header(name: str) -> str:
    """The name of a header. Raises LavicError for what is none."""
    if name and not re.fullmatch(r"[A-Za-z0-9-]{1,100}", name.strip()):
        raise LavicError("LAVIC_CLIENT_HEADER takes the name of a header, such as X-Forwarded-For.")
    return name.strip()


def read_switch(variable: str) -> bool:
    """Whether a variable of the environment switches something on. Raises LavicError where it says neither."""
    value = os.environ.get(variable, "").strip().lower()
    if value not in ("", "0", "1", "false", "true", "no", "yes", "off", "on"):
        raise LavicError(f"{variable} is {value[:40]!r}; give 1 or 0.")
    return value in ("1", "true", "yes", "on")


def read_limits() -> dict[str, int]:
    """The limits that the environment sets. Raises LavicError for what is no whole number from 0 to a billion."""
    found = {}
    for name, variable in LIMITS.items():
        value = os.environ.get(variable, "").strip()
        if value and not re.fullmatch(r"[0-9]{1,9}", value):
            raise LavicError(f"{variable} is {value[:40]!r}; give a whole number, 0 for no limit.")
        if value:
            found[name] = int(value)
    return found


def read_annotators(text: str) -> dict[str, str]:
    """Names with their passwords, of "ada:secret,ben:other". Raises LavicError, without quoting it, for other texts."""
    pairs = [part.partition(":") for part in text.split(",") if part.strip()]
    if any(not name.strip() or not password for name, _, password in pairs):
        raise LavicError("LAVIC_ANNOTATOR_AUTH must be pairs such as ada:secret,ben:other; mend it, or leave it out.")
    return {name.strip(): password for name, _, password in pairs}


def read_settings(**chosen) -> Settings:
    """Settings from the environment: `LAVIC_CATALOG`, `LAVIC_MODEL`, `LAVIC_ADAPTER`, `LAVIC_RUNTIME`, `LAVIC_HOST`,
    `LAVIC_PORT`, `LAVIC_CURRENCY`, `LAVIC_ANNOTATOR_AUTH`, `LAVIC_FLAGS_REPO`, `HF_TOKEN`, `LAVIC_LLM`,
    `LAVIC_LLM_KEY`, `LAVIC_SEARCH`, `LAVIC_INDEX`, `LAVIC_CLIENT_HEADER`, `LAVIC_MCP` and those of LIMITS; arguments
    that are not None win, so that `llm=""` is no server. A Space says where to listen with Gradio's own
    `GRADIO_SERVER_NAME`. Raises LavicError for a port, logins, limits or an address that cannot be."""
    llm, index = chosen.get("llm"), chosen.get("index")
    model = chosen.get("model") or os.environ.get("LAVIC_MODEL") or MINI
    adapter = chosen.get("adapter") or os.environ.get("LAVIC_ADAPTER")
    if adapter is None and model == MINI and shipped("assets", MINI, "adapter.json").exists():
        adapter = shipped("assets", MINI)
    return Settings(
        home=lavic_home(),
        catalog=Path(chosen.get("catalog") or os.environ.get("LAVIC_CATALOG") or shipped("catalog")),
        model=model,
        adapter=Path(adapter) if adapter else None,
        decode=chosen.get("decode"),
        runtime=chosen.get("runtime") or os.environ.get("LAVIC_RUNTIME") or AUTO,
        host=chosen.get("host") or os.environ.get("LAVIC_HOST") or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1",
        port=read_port(chosen.get("port") or os.environ.get("LAVIC_PORT") or 7860),
        currency=os.environ.get("LAVIC_CURRENCY", "$"),
        flags_repo=os.environ.get("LAVIC_FLAGS_REPO", ""),
        hub_token=os.environ.get("HF_TOKEN", ""),
        annotators=read_annotators(os.environ.get("LAVIC_ANNOTATOR_AUTH", "")),
        llm=read_llm(os.environ.get("LAVIC_LLM", "") if llm is None else llm),
        llm_key=read_key(os.environ.get("LAVIC_LLM_KEY", "")),
        search=chosen.get("search") or os.environ.get("LAVIC_SEARCH") or "",
        index=os.environ.get("LAVIC_INDEX", "") if index is None else index,
        client_header=read_header(os.environ.get("LAVIC_CLIENT_HEADER", "")),
        mcp=bool(chosen.get("mcp")) or read_switch("LAVIC_MCP"),
        limits=read_limits(),
    )
