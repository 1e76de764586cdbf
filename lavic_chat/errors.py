"""Errors for people: every one is a single sentence that says what was wrong and what to do."""


class LavicError(Exception):
    """Bad input or a missing condition, told in one sentence; the command line and the chat print it as it is."""


class CatalogError(LavicError):
    """A catalogue, or a line of one, that cannot be used."""


class PictureError(LavicError):
    """A picture that is missing, broken, too large, or outside its folder."""


class DialogueError(LavicError):
    """A message or a dialogue file that cannot be used."""


class ModelError(LavicError):
    """A model or an adapter that cannot be had, or that does not fit."""


class FlagError(LavicError):
    """A flag that could not be stored or read."""


class FlagStoreError(FlagError):
    """The database's fault, not the annotator's: the sentence names files and is for those who run the app. is_noted:
    whether they have been told already, once for as long as it lasts."""

    is_noted = False


class CacheError(LavicError):
    """A cache that cannot be read or written; this sentence, too, is for those who run the app."""


class DiskError(LavicError):
    """A disk that is full, or may not be written."""


class DamagedCacheError(CacheError):
    """A cache whose file is broken, so that it has to be made anew."""


class BusyError(LavicError):
    """More is asked than can be answered, or the shop is closing; the sentence says that one may ask again."""
