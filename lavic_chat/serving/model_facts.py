"""What a recommender says of its model and of what that looks at."""

from collections.abc import Sequence
from functools import cached_property

from torch import Tensor

from lavic_chat.features.item import ItemFeatures, count_pictures, main_pictures
from lavic_chat.features.stored_items import StoredItems
from lavic_chat.model import VIEWS
from lavic_chat.ranking.visual_ranker import VisualRanker

SOME = 1000  # products whose states are held at once


class ModelFacts:
    """Of one that has a visual ranker, and features of all items of its catalogue."""

    visual_ranker: VisualRanker
    item_features: Sequence[ItemFeatures]

    @property
    def main_states(self) -> Tensor:
        """[N, 5, h] of the products' main pictures."""
        return main_pictures(features.states for features in self.item_features)

    def count_blanks(self) -> int:
        """How many products are seen as the blank that stands in for a picture."""
        encoder, count = self.visual_ranker.image_encoder, len(self.item_features)
        parts = (self.item_features[start : start + SOME] for start in range(0, count, SOME))
        return sum(encoder.count_blanks(main_pictures(one.states for one in part)) for part in parts)

    @cached_property
    def average(self) -> Tensor:
        """[5, h] of a picture that shows nothing in particular."""
        if isinstance(self.item_features, StoredItems):
            return self.item_features.average
        return self.main_states.mean(0)

    @property
    def picture_counts(self) -> Sequence[int]:
        """How many pictures of each product are looked at."""
        if isinstance(self.item_features, StoredItems):
            return self.item_features.counts.tolist()
        return count_pictures([features.states for features in self.item_features])

    @property
    def pictures(self) -> int:
        """How many of a product's pictures are looked at, at most."""
        return max(self.picture_counts)

    @property
    def visual_tokens(self) -> int:
        """Of the whole catalogue."""
        return VIEWS * sum(self.picture_counts)

    @property
    def model_name(self) -> str:
        """The base's name, as it was asked for."""
        return self.visual_ranker.model.name

    @property
    def model_hash(self) -> str:
        """Of base and adapter."""
        return self.visual_ranker.model.weights_hash

    @property
    def device(self) -> str:
        """Where the model runs."""
        return str(self.visual_ranker.model.device)

    @property
    def full_tokens(self) -> int:
        """Of one picture, where every token of it is read."""
        return self.visual_ranker.model.full_tokens
