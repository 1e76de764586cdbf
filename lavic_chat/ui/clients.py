"""Who asks, by address, and how much each may ask: so that one client cannot take the chat from all others.

An address is kept in memory alone, and only as a hash with a salt that dies with the process. A client that was not
seen for long is forgotten.
"""

import hashlib
import hmac
import ipaddress
import logging
import math
import secrets
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lavic_chat.errors import BusyError
from lavic_chat.ui.presence import Everybody, Presence

MOST_KNOWN = 10_000  # clients, of whom something is remembered
IPV6_NETWORK = 64  # bits that one household or machine has to itself, with as many addresses as it likes below them
LONGEST_NAME = 200  # characters of an address, or of what a proxy says in its place
MINUTE, HOUR, MEGABYTE = 60.0, 3600.0, 10**6
BEHIND_A_PROXY = (
    "Requests come through a proxy, so that its visitors count as one client; name the header in which it says whom it "
    "asks for in LAVIC_CLIENT_HEADER."
)
log = logging.getLogger("lavic_chat.ui")
SHORTLY = 5  # seconds after which one of many answers may have come


@dataclass(frozen=True)
class ClientLimits:
    """What one client may do; 0 is without a limit. An office behind one address shares them."""

    questions_at_once: int = 16
    questions_a_minute: int = 60
    flags_a_minute: int = 30
    uploads_an_hour: int = 120
    upload_megabytes_an_hour: int = 600
    wrong_passwords_a_minute: int = 10
    lookups_a_minute: int = 600


NO_LIMITS = ClientLimits(0, 0, 0, 0, 0, 0, 0)
SEALED = "x-lavic-client"  # header in which the server tells itself for whom it asks


class LimitError(BusyError):
    """More than one client may do. seconds: after which it may do so again."""

    def __init__(self, sentence: str, seconds: int):
        super().__init__(sentence)
        self.seconds = seconds


class Allowance:
    """So much in a period for each client: what was used comes back steadily, all of it within the period.

    Not safe for threads: whoever shares it holds a lock.
    """

    def __init__(self, most: float, period: float, clock: Callable[[], float] = time.monotonic):
        """most: 0 is without a limit; period: seconds."""
        self.most, self.period, self.clock = most, period, clock
        self.used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how much, and when that was so

    def wait(self, client: str, amount: float = 1) -> int:
        """Seconds until a client may have so much; 0 is now."""
        over = self._left(client) + min(amount, self.most) - self.most
        return math.ceil(over * self.period / self.most) if self.most and over > 1e-6 else 0

    def take(self, client: str, amount: float = 1) -> None:
        """Note that a client had so much."""
        self.used[client] = (self._left(client) + amount, self.clock())
        self.used.move_to_end(client)
        if len(self.used) > MOST_KNOWN:
            self.used.popitem(last=False)

    def _left(self, client: str) -> float:
        """What a client has used that has not come back."""
        used, at = self.used.get(client, (0.0, 0.0))
        return max(0.0, used - (self.clock() - at) * self.most / self.period)


class Clients:
    """The clients of one process. header: of a proxy in front of it that says for whom it asks; "" where there is
    none, for anybody could send such a header."""

    def __init__(
        self,
        limits: ClientLimits = NO_LIMITS,
        header: str = "",
        presence: Presence | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """presence: whose connections are seen; where that is nobody's, everybody counts as here."""
        self.limits, self.header, self.presence = limits, header.strip().lower(), presence or Everybody()
        self._salt, self._lock = secrets.token_bytes(16), threading.Lock()
        self._asking: Counter[str] = Counter()
        self._said: frozenset[str] = frozenset()  # to those who run the chat
        self._questions = Allowance(limits.questions_a_minute, MINUTE, clock)
        self._flags = Allowance(limits.flags_a_minute, MINUTE, clock)
        self._uploads = Allowance(limits.uploads_an_hour, HOUR, clock)
        self._bytes = Allowance(limits.upload_megabytes_an_hour * MEGABYTE, HOUR, clock)
        self._passwords = Allowance(limits.wrong_passwords_a_minute, MINUTE, clock)
        self._lookups = Allowance(limits.lookups_a_minute, MINUTE, clock)

    def of(self, request: Any) -> str:
        """The client that a request of Gradio's, or of Starlette's, is from, "" where nothing is known of it."""
        http = getattr(request, "request", request)
        if getattr(http, "headers", None) is None:
            return ""
        return self.name(http.client.host if http.client else "", dict(http.headers.items()))

    def name(self, address: str, headers: Mapping[str, str]) -> str:
        """The client at an address, as a salted hash; "" where nothing is known of it. headers: of its request, by
        names in lower case; where it bears a client's name under seal, that one has asked."""
        if (sealed := headers.get(SEALED)) is not None:
            client = sealed.partition(".")[0]
            if hmac.compare_digest(sealed.encode("utf-8", "replace"), self.seal(client).encode("utf-8", "replace")):
                return client
        network = self.origin(address, headers)
        return hashlib.blake2b(network.encode(), key=self._salt, digest_size=12).hexdigest() if network else ""

    def seal(self, client: str) -> str:
        """A client's name as only this process can have written it."""
        return f"{client}.{hmac.new(self._salt, client.encode('utf-8', 'replace'), 'sha256').hexdigest()}"

    def origin(self, address: str, headers: Mapping[str, str]) -> str:
        """What stands for the client at an address, by the proxy's header where one is configured."""
        if not self.header and "x-forwarded-for" in headers:
            self._say_once(BEHIND_A_PROXY)
        said = headers.get(self.header, "") if self.header else ""
        return network_of(asker_in(said) or address)

    def _say_once(self, sentence: str) -> None:
        with self._lock:
            is_new, self._said = sentence not in self._said, self._said | {sentence}
        if is_new:
            log.warning(sentence)

    @contextmanager
    def question(self, client: str) -> Generator[None]:
        """One question, from being asked to its answer; raises LimitError where it is one too many."""
        with self._lock:
            most = self.limits.questions_at_once
            if most and self._asking[client] >= most:
                raise LimitError(
                    f"There are {most} of your questions waiting for an answer already; please ask again in "
                    f"{SHORTLY} seconds.", SHORTLY,
                )  # fmt: skip
            self._spend(self._questions, client, "questions in a minute")
            self._asking[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking[client] -= 1
                if self._asking[client] <= 0:
                    del self._asking[client]

    def flag(self, client: str) -> None:
        """One flag; raises LimitError where it is one too many."""
        with self._lock:
            self._spend(self._flags, client, "flags in a minute")

    def lookup(self, client: str) -> None:
        """One look at products, without the model; raises LimitError where it is one too many."""
        with self._lock:
            self._spend(self._lookups, client, "questions about products in a minute")

    def upload(self, client: str, size: int) -> None:
        """An upload of so many bytes; raises LimitError where it is one too many, or they are."""
        with self._lock:
            self._check(self._bytes, client, "photos, by their size, in an hour", size)
            self._spend(self._uploads, client, "photos in an hour")
            self._bytes.take(client, size)

    def password(self, client: str) -> None:
        """Before a password is looked at; raises LimitError where too many were wrong."""
        with self._lock:
            self._check(self._passwords, client, "wrong passwords in a minute")

    def wrong_password(self, client: str) -> None:
        """A password was wrong."""
        with self._lock:
            self._passwords.take(client)

    @staticmethod
    def _check(allowance: Allowance, client: str, of_what: str, amount: float = 1) -> None:
        if seconds := allowance.wait(client, amount):
            raise LimitError(f"Those are too many {of_what}; please try again in {say_wait(seconds)}.", seconds)

    def _spend(self, allowance: Allowance, client: str, of_what: str) -> None:
        self._check(allowance, client, of_what)
        allowance.take(client)


def say_wait(seconds: int) -> str:
    """How long to wait, in words."""
    if seconds == 1:
        return "1 second"
    return f"{seconds} seconds" if seconds <= 2 * MINUTE else f"{math.ceil(seconds / MINUTE)} minutes"


def asker_in(said: str) -> str:
    """The client that a proxy names: of a list, to which each proxy adds whom it was asked by, the last address that is
    no proxy's within a network; what stands before it, anybody may have sent. "" where nothing is said."""
    names = [name.strip() for name in said.split(",") if name.strip()]
    return next(filter(is_outside, reversed(names)), names[-1] if names else "")


def is_outside(name: str) -> bool:
    """Whether it is an address on the public network."""
    try:
        return ipaddress.ip_address(name).is_global
    except ValueError:
        return False


def network_of(address: str) -> str:
    """What stands for one client: an IPv4 address, the network of an IPv6 one, or any other name as it is."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:LONGEST_NAME]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, IPV6_NETWORK), strict=False))
    return str(parsed)
