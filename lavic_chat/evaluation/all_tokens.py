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
from lavic_chat.evaluation.rankers import Rank, sort_by_score
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model import VisionLanguageModel
from lavic_chat.ranking import BRANCH, Ranker
from lavic_chat.ranking.prompt import PromptCandidate, PromptFormat, build_prompt
from lavic_chat.ranking.scoring import score_prompts
from lavic_chat.retrieval.embedder import Embedder

MAX_TOKENS = 8192  # of a prompt


def make_all_tokens(
    catalog: Catalog, ranker: Ranker, item_features: Mapping[str, ItemFeatures], embedder: Embedder | None = None
) -> Rank:
    """item_features: by product id, for the captions. embedder: adds retrieval's query scores, weighed as the ranker
    weighs them."""

    def rank(conversation: Conversation, ids: Sequence[str]) -> Prediction:
        products, seen = [catalog[item] for item in ids], [item_features[item] for item in ids]
        pairs = zip(products, seen, strict=True)
        scores = torch.tensor(
            [
                score_candidate(ranker.model, catalog, conversation.dialogue, product, features.caption)
                for product, features in pairs
            ]
        )
        query_scores = embedder.score_items(conversation.dialogue, products, seen) if embedder else None
        chances = torch.softmax(ranker.weigh(scores, query_scores), -1)
        return sort_by_score(conversation, ids, chances.numpy(), float(chances.max()))

    return rank


@torch.inference_mode()
def score_candidate(
    model: VisionLanguageModel, catalog: Catalog, dialogue: Dialogue, product: Product, caption: str
) -> float:
    """Log-odds of "yes" for one candidate, with every token of its main picture."""
    path = catalog.picture_path(product)
    try:
        picture = open_picture(path) if path else blank_picture()
    except PictureError:
        picture = blank_picture()
    tokens = model.see_fully([picture])[0]
    candidate = PromptCandidate(product.title, caption=caption, tokens=len(tokens))
    prompt = build_prompt(model, dialogue, [candidate], PromptFormat(BRANCH, MAX_TOKENS))
    return float(score_prompts(model, [prompt], [tokens])[0][0])
