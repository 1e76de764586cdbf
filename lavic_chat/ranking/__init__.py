"""Ranking: the prompt, the forward path, and the ranker that chat and evaluation share."""

from lavic_chat.ranking.prompt import BRANCH, DECODES, GENERATE, LIST
from lavic_chat.ranking.ranker import Ranker, RankerConfig, Ranking

__all__ = ["BRANCH", "DECODES", "GENERATE", "LIST", "Ranker", "RankerConfig", "Ranking"]
