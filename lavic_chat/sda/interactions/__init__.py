"""Who bought what and when: read from the field's formats, joined to a catalogue, split to learn from and to ask."""

from lavic_chat.sda.interactions.formats import Interaction, read_interactions
from lavic_chat.sda.interactions.histories import Histories, load_histories, split_last
from lavic_chat.sda.interactions.join import JoinReport, JoinRequest, join_interactions

__all__ = [
    "Histories", "Interaction", "JoinReport", "JoinRequest", "join_interactions", "load_histories",
    "read_interactions", "split_last",
]  # fmt: skip
