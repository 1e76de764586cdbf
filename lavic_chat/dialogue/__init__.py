"""A conversation between shopper and recommender: its turns, what was turned down, its Reddit-Amazon text form."""

from lavic_chat.dialogue.reddit_amazon import Conversation, parse_context, read_conversations, to_context
from lavic_chat.dialogue.turns import OTHER, SEEKER, Dialogue, Turn

__all__ = [
    "OTHER",
    "SEEKER",
    "Conversation",
    "Dialogue",
    "Turn",
    "parse_context",
    "read_conversations",
    "to_context",
]
