"""The model with every token of each picture in place of five: what the five are measured against.

Each candidate has a prompt of its own, which is what a branch is, for ten pictures at once would not fit: ten prompts
of about 1,300 tokens with lavic-mini, of about 3,000 with the 7B. The model was tuned on five tokens.
"""

from collections.abc import Mapping, Sequence

import torch

from lavic_chat.catalog import Catalog, Product, blank_picture, open_picture
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import PictureError
from lavic_chat.evaluation.metrics import Prediction
from lavic_chat.evaluation.rankers import Rank, order
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model import LavicModel
from lavic_chat.ranking import BRANCH, Ranker
from lavic_chat.ranking.prompt import PromptCandidate, PromptFormat, build_prompt
from lavic_chat.ranking.scoring import score_prompts
from lavic_chat.retrieval.embedder import Embedder

ROOM = 8192  # tokens of a prompt


def make_all_tokens(
    catalog: Catalog, ranker: Ranker, item_features: Mapping[str, ItemFeatures], embedder: Embedder | None = None
) -> Rank:
    """sights: what is seen and said of each product's picture in five tokens. search: for its opinion."""

    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        scores = torch.tensor(
            [
                score(ranker.model, catalog, conversation.dialogue, catalog[item], item_features[item].caption)
                for item in ids
            ]
        )
        products, seen = [catalog[item] for item in ids], [item_features[item] for item in ids]
        query_scores = embedder.score_items(conversation.dialogue, products, seen) if embedder else None
        chances = torch.softmax(ranker.weigh(scores, query_scores), -1)
        return order(conversation, ids, chances.numpy(), float(chances.max()))

    return rank


@torch.inference_mode()
def score(model: LavicModel, catalog: Catalog, dialogue: Dialogue, product: Product, caption: str) -> float:
    """Log-odds of "yes" for one candidate."""
    path = catalog.picture_path(product)
    try:
        picture = open_picture(path) if path else blank_picture()
    except PictureError:
        picture = blank_picture()
    tokens = model.see_fully([picture])[0]
    candidate = PromptCandidate(product.title, caption=caption, tokens=len(tokens))
    prompt = build_prompt(model, dialogue, [candidate], PromptFormat(BRANCH, ROOM))
    return float(score_prompts(model, [prompt], [tokens])[0][0])
