"""What SQLite's errors say of a file."""

import sqlite3

BROKEN = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
# the module decodes SQLite's own message before it makes an error of it, and a damaged name in that is no UTF-8
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)


def code_of(error: BaseException | None) -> int:
    """What kind of error it is to SQLite, without the detail; 0 for those that are none of its."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the code is detail


def is_broken(error: BaseException | None) -> bool:
    """Whether an error means that the file itself is damaged or no database."""
    return code_of(error) in BROKEN
