"""From the "wrong pick" form to a flag; the store itself is `lavic_chat.feedback.flags`."""

from collections.abc import Sequence

from lavic_chat.dialogue.reddit_amazon import to_context
from lavic_chat.errors import FlagError
from lavic_chat.feedback.flags import Flag
from lavic_chat.ui.session import Recommender, Session

LONGEST_REASON = 500  # characters
QUICK_REASONS = ("Wrong colour", "Wrong material", "Wrong style", "Wrong kind of thing", "Too expensive")
NONE_OF_THESE = ""
NOT_STORED = "The flag could not be stored; please try again later."
THANKS = (
    "Thank you, that is noted. Flags are kept by who runs this app, without names or addresses; "
    "“lavic-chat flags list” shows them and “lavic-chat flags export” turns them into training dialogues."
)


def make_flag(session: Session, recommender: Recommender, right: str | None, quick: Sequence[str], words: str) -> Flag:
    """The flag for the session's pick. `right` is a candidate's id, or empty when none is right or nobody said.

    The dialogue is the one that the model saw, without its answer. Raises FlagError without a pick, for an id
    that was not shown, and for a reason over LONGEST_REASON characters.
    """
    if not session.recommendation:
        raise FlagError("There is no pick to flag yet.")
    others = [item.product.id for item in session.others]
    if right and right not in others:
        raise FlagError("That product is not among those shown; choose one of them, or none.")
    words = (words or "").strip()
    if len(words) > LONGEST_REASON:
        raise FlagError(f"The reason has {len(words)} characters; please shorten it to {LONGEST_REASON}.")
    reasons = [reason for reason in QUICK_REASONS if reason in (quick or ())]
    reasons += ["With a photo"] if session.asked.photo else []  # which is not kept
    return Flag(
        turn_id=session.turn_id,
        context=to_context(session.asked),
        candidates=tuple((item.product.id, item.score) for item in session.recommendation.candidates),
        pick=session.recommendation.pick.product.id,
        correct=right or None,
        reason="; ".join([*reasons, *([words] if words else [])]),
        model_hash=recommender.model_hash,
        catalog_hash=recommender.catalog.fingerprint,
    )
