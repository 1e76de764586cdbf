"""A check of a catalogue while it is shown: one at a time, its result kept until the catalogue is another."""

import threading
from dataclasses import dataclass

from lavic_chat.catalog.checks.check import check_catalog
from lavic_chat.catalog.product import Catalog, Problem


@dataclass(frozen=True)
class CheckResult:
    """What `check_catalog` found in the catalogue with this fingerprint."""

    fingerprint: str
    problems: tuple[Problem, ...]


class CatalogChecker:
    """Of one catalogue, perhaps a live one; any thread may ask."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog
        self._result: CheckResult | None = None
        self._lock = threading.Lock()

    def known(self) -> CheckResult | None:
        """The result for the catalogue as it is now; None where it was not checked yet."""
        result = self._result
        return result if result and result.fingerprint == self.catalog.fingerprint else None

    def check(self) -> CheckResult:
        """Check it, opening every picture, unless that is known; whoever asks meanwhile waits for the same result.
        Raises CatalogError where there is no catalogue any more."""
        with self._lock:
            if result := self.known():
                return result
            fingerprint = self.catalog.fingerprint
            result = CheckResult(fingerprint, tuple(check_catalog(self.catalog.folder)))
            self._result = result
            return result

    def check_again(self) -> CheckResult:
        """As `check`, whatever is known, for pictures may have come since; raises as that."""
        before = self._result
        with self._lock:
            if self._result is before:  # else somebody has just had it checked again
                self._result = None
        return self.check()
