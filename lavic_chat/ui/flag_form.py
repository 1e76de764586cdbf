"""From the "wrong pick" form to a flag; the store itself is `lavic_chat.feedback.flags`."""

from collections.abc import Sequence

from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.reddit_amazon import to_context
from lavic_chat.errors import FlagError
from lavic_chat.feedback.flags import Flag, checked
from lavic_chat.ui.session import Recommender, Session

LONGEST_REASON = 500  # characters
QUICK_REASONS = ("Wrong colour", "Wrong material", "Wrong style", "Wrong kind of thing", "Too expensive")
NONE_OF_THESE = ""
ROUNDING = 1e-6  # of a probability
NOT_STORED = "The flag could not be stored; please try again later."
THANKS = "Thank you, that is noted. It is kept by who runs this shop, without names or addresses."


def make_flag(session: Session, recommender: Recommender, right: str | None, quick: Sequence[str], words: str) -> Flag:
    """The flag for the session's pick. `right` is a candidate's id, or empty when none is right or nobody said.

    The dialogue is the one that the model saw, without its answer. Raises FlagError without a pick, for an id
    that was not shown, and for a reason over LONGEST_REASON characters.
    """
    found = session.recommendation
    if not found:
        raise FlagError("There is no pick to flag yet.")
    others = [item.product.id for item in session.others]
    if right and right not in others:
        raise FlagError("That product is not among those shown; choose one of them, or none.")
    words = checked_reason(words)
    reasons = [reason for reason in QUICK_REASONS if reason in (quick or ())]
    reasons += ["With a photo"] if session.asked.photo else []  # which is not kept
    return Flag(
        turn_id=session.turn_id,
        context=to_context(session.asked),
        candidates=tuple((item.product.id, item.score) for item in found.candidates),
        pick=found.pick.product.id,
        correct=right or None,
        reason="; ".join([*reasons, *([words] if words else [])]),
        model_hash=found.model_hash or recommender.model_hash,
        catalog_hash=found.catalog_hash or recommender.catalog.fingerprint,
    )


def checked_reason(words: object) -> str:
    """What was typed as the reason; raises FlagError for what is no text, or over LONGEST_REASON characters."""
    if words is None or isinstance(words, str):
        words = (words or "").strip()
        if len(words) <= LONGEST_REASON:
            return words
        raise FlagError(f"The reason has {len(words):,} characters; please shorten it to {LONGEST_REASON}.")
    raise FlagError("The reason must be a text.")


def check_products(flag: Flag, catalog: Catalog) -> Flag:
    """The flag of somebody who may have made it up. Raises FlagError as `checked`, and for products that are not of the
    catalogue, a candidate named twice, scores that are no probabilities, a pick that is none of them, or a right one
    that is the pick."""
    flag = checked(flag)
    ids = [name for name, _ in flag.candidates]
    if unknown := next((name for name in (*ids, flag.correct or flag.pick) if name not in catalog), None):
        raise FlagError(f"There is no product {unknown[:80]!r} in this catalogue, so that it cannot be flagged.")
    if len(set(ids)) < len(ids):
        raise FlagError("Each candidate of a flag is named once.")
    if not all(0 <= score <= 1 + ROUNDING for _, score in flag.candidates):
        raise FlagError("A candidate's score is a probability, from 0 to 1.")
    if flag.pick not in ids:
        raise FlagError("The pick must be one of the candidates.")
    if flag.correct == flag.pick:
        raise FlagError("The right product cannot be the pick itself; a pick that is right needs no flag.")
    return flag
