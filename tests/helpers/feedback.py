"""A turn as the feedback tests flag it."""

from lavic_chat.dialogue import Dialogue, to_context
from lavic_chat.feedback.flags import Flag

TURN = Flag("t1", to_context(Dialogue().say("a red sofa")), (("a", 0.6), ("b", 0.3), ("c", 0.1)), "a")
