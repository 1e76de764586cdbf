"""Fetching a catalogue's pictures from the addresses in `urls.jsonl`: several at once, and only what is not there yet.

Nothing about an address is trusted. It must be http or https, as must every address that it leads on to, and a
connection is made only to hosts on the public network, so that no catalogue can make this machine call on its own
neighbours. What comes must be a whole picture within the limits of every upload, else nothing is kept.
"""

import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import httpcore
from tqdm import tqdm

from lavic_chat.catalog.importing.addresses import is_public
from lavic_chat.catalog.importing.urls import URLS, may_be_fetched, read_urls
from lavic_chat.catalog.load import load_catalog
from lavic_chat.catalog.pictures import MAX_BYTES, catalog_picture, read_picture
from lavic_chat.errors import CatalogError, PictureError
from lavic_chat.storage.files import write_atomic

HEADERS: Mapping[bytes | str, bytes | str] = {
    "User-Agent": "lavic-chat (fetches the pictures of a catalogue)",
    "Accept": "image/*",
}
TIMEOUTS = {"connect": 10.0, "read": 20.0, "write": 10.0, "pool": 60.0}  # seconds
MAX_SECONDS = 120.0  # for one picture
REDIRECTS, TRIES = 5, 3
PAUSE = 0.05  # seconds between two requests to one host
MAX_PAUSE = 60.0  # seconds that a host can make us wait
BUSY = (429, 500, 502, 503, 504)
MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True)
class Failure:
    """A picture that could not be fetched, and why."""

    image: str
    url: str
    reason: str


@dataclass(frozen=True)
class FetchReport:
    """Counts of pictures fetched now and of those that were there before, and what is still missing."""

    fetched: int
    present: int
    failures: tuple[Failure, ...]

    def reasons(self) -> list[tuple[str, int]]:
        """Why pictures are missing, the most frequent first."""
        return Counter(failure.reason for failure in self.failures).most_common()


class Refused(Exception):
    """Why a picture is not fetched."""


class Busy(Exception):
    """A host that asks to be left alone for some seconds."""

    def __init__(self, reason: str, host: str, seconds: float):
        super().__init__(reason)
        self.host, self.seconds = host, seconds


def fetch_pictures(folder: str | Path, workers: int = 8, progress: bool = True) -> FetchReport:
    """Fetch what `folder/urls.jsonl` tells of and the folder lacks; nothing where all pictures are there. Each picture
    is written whole or not at all, so a stopped run can be started again. Raises LavicError for a folder that cannot be
    read or written."""
    folder = Path(folder)
    catalog, urls = load_catalog(folder), read_urls(folder)
    if not urls and len(catalog) and all(map(catalog.picture_path, catalog)):
        return FetchReport(0, len(catalog), ())
    if not urls:
        raise CatalogError(
            f"{folder} has no {URLS}, so no addresses to fetch from; import a source that tells the pictures' URLs."
        )
    wanted = [(image, url) for image, url in urls.items() if not (folder / image).is_file()]
    with Fetcher(workers) as fetcher, ThreadPoolExecutor(workers) as threads:
        try:
            results = threads.map(lambda pair: fetcher.fetch(folder, *pair), wanted)
            bar = tqdm(results, "Fetching", len(wanted), unit="picture", disable=None if progress else True)
            failures = [failure for failure in bar if failure]
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return FetchReport(len(wanted) - len(failures), len(urls) - len(wanted), tuple(failures))


class Fetcher:
    """Connections to many hosts, a pause between two requests to the same one; used by several threads."""

    def __init__(self, workers: int):
        self.pool = httpcore.ConnectionPool(max_connections=2 * workers, network_backend=PublicNetwork())
        self._lock, self._free_at = threading.Lock(), {}

    def __enter__(self) -> "Fetcher":
        return self

    def __exit__(self, *error: object) -> None:
        self.pool.close()

    def fetch(self, folder: Path, image: str, url: str) -> Failure | None:
        """Bring one picture into the folder; returns why it could not be."""
        try:
            data = self._try(url)
            data = catalog_picture(data) or data
            read_picture(data)  # decoded as a whole: half a picture is none
        except PictureError:
            return Failure(image, url, "what came is not a whole picture of a kind and size that can be used")
        except Refused as refused:
            return Failure(image, url, str(refused))
        write_atomic(folder / image, data)
        return None

    def _try(self, url: str) -> bytes:
        """The bytes at an address, asked for again where its host was busy or the line broke."""
        for left in reversed(range(TRIES)):
            try:
                return self._follow(url)
            except Busy as busy:
                self._wait_at(busy.host, busy.seconds)
                if not left:
                    raise Refused(str(busy)) from None
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, ssl.SSLError) as error:
                if not left:
                    raise Refused(f"the connection failed ({type(error).__name__})") from None
        raise AssertionError("the last try returns or raises")

    def _follow(self, url: str) -> bytes:
        ends = time.monotonic() + MAX_SECONDS
        for _ in range(REDIRECTS + 1):
            if not may_be_fetched(url):
                raise Refused("the address is not one of http or https")
            host = urlsplit(url).hostname or ""
            self._take_turn(host)
            with self.pool.stream("GET", url, headers=HEADERS, extensions={"timeout": TIMEOUTS}) as response:
                headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
                if response.status in MOVED and headers.get("location"):
                    url = urljoin(url, quote(headers["location"], safe="%/:=&?~#+!$,;'@()*[]"))
                    continue
                if response.status in BUSY:
                    raise Busy(f"the host answered {response.status}", host, wait_of(headers))
                if response.status != 200:
                    raise Refused(f"the host answered {response.status}")
                return read_body(response.iter_stream(), ends)
        raise Refused("the address leads on and on")

    def _take_turn(self, host: str) -> None:
        """Wait until the host may be asked again."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at.get(host, 0.0))
            self._free_at[host] = turn + PAUSE
        time.sleep(turn - now)

    def _wait_at(self, host: str, seconds: float) -> None:
        """Nobody asks the host again before so many seconds have gone."""
        with self._lock:
            self._free_at[host] = max(self._free_at.get(host, 0.0), time.monotonic() + seconds)


def read_body(parts: Iterable[bytes], ends: float) -> bytes:
    """The body, unless it is too large or, at `ends` of the monotonic clock, still not there."""
    data = bytearray()
    for part in parts:
        data += part
        if len(data) > MAX_BYTES:
            raise Refused(f"the picture is over {MAX_BYTES // 10**6} MB")
        if time.monotonic() > ends:
            raise Refused("the picture came too slowly")
    return bytes(data)


def wait_of(headers: dict[str, str]) -> float:
    """Seconds to leave a busy host alone: what it asks for within reason, else two."""
    asked = headers.get("retry-after", "")
    return min(MAX_PAUSE, float(asked)) if asked.isascii() and asked.isdigit() else 2.0


class PublicNetwork(httpcore.SyncBackend):
    """Connects to public addresses only; what was checked is what is connected to, whatever the name says later."""

    def connect_tcp(self, host: str, port: int, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        """As the backend's; raises Refused for a host that is not public."""
        return super().connect_tcp(public_address(host, port), port, *arguments, **options)


def public_address(host: str, port: int, resolve: Callable = socket.getaddrinfo) -> str:
    """An address of the host; raises Refused unless all that it has are on the public network."""
    try:
        found = [entry[4][0] for entry in resolve(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise Refused(f"there is no such host: {host[:100]}")
    if not all(map(is_public, found)):
        raise Refused("the host is not on the public network")
    return found[0]
