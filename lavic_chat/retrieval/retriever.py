"""Retrieval: a catalogue's products nearest to a query, by what is said of them and by what their pictures show."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.features.stored_items import PictureVectors
from lavic_chat.features.vectors import unit
from lavic_chat.recommendation import Candidate
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.index import ExactIndex, Index, QueryVectors
from lavic_chat.retrieval.item_space import SearchSpace
from lavic_chat.retrieval.query import Query

PICTURE_WEIGHT = 0.5  # of picture similarity, where the shopper showed a photo or a product
LIKE_WEIGHT = 0.5  # of a shown product's text


class Retriever:
    """Cosine search over one catalogue. item_embeddings [N, d] by `embedder`; states [N, 5, h]: the tower's, of which
    picture vectors [N, h] are made (mean [CLS] state of the five views, centred, unit length), or these. make_index: of
    products and their two kinds of vectors; another than the exact one may stand for a server. space: another one to
    search in, such as SDA's; candidates have their query scores by the embedder all the same."""

    def __init__(
        self,
        catalog: Catalog,
        embedder: Embedder,
        item_embeddings: np.ndarray,
        states: np.ndarray | PictureVectors,
        make_index: Callable[[Sequence[Product], np.ndarray, np.ndarray], Index] = ExactIndex,
        space: SearchSpace | None = None,
    ):
        self.catalog, self.embedder, self.item_embeddings = catalog, embedder, item_embeddings
        self.row = catalog.columns.row
        if isinstance(states, PictureVectors):
            self.centre, self.picture_vectors = states.centre, states.vectors
        else:
            self.centre = states.mean((0, 1))
            self.picture_vectors = self.to_picture_vector(states)
        self.space = space
        self.index = make_index(catalog.products, self.searched, self.picture_vectors)

    @property
    def searched(self) -> np.ndarray:
        """[N, d] the vectors that are searched."""
        return self.space.vectors if self.space else self.item_embeddings

    def to_search(self, query: Query, said: np.ndarray) -> np.ndarray:
        """[d] of a query in the space that is searched; said: by the embedder, whose space that is where there is no
        other."""
        return self.space.embed_query(query) if self.space else said

    def to_picture_vector(self, states: np.ndarray) -> np.ndarray:
        """[..., 5, h] -> [..., h]"""
        return unit((states - self.centre).mean(-2))

    def join_vectors(
        self, text: np.ndarray, photo_states: np.ndarray | None = None, like: str | None = None
    ) -> QueryVectors:
        """An embedded query [d] with what is shown beside it. photo_states [5, h]: the shopper's photo. like: id of a
        product to find more of."""
        pictures = []
        if photo_states is not None:
            pictures.append(PICTURE_WEIGHT * self.to_picture_vector(photo_states))
        if like is not None and like in self.row:
            text = text + LIKE_WEIGHT * self.searched[self.row[like]]
            pictures.append(PICTURE_WEIGHT * self.picture_vectors[self.row[like]])
        return QueryVectors(text, sum(pictures) if pictures else None)

    def search(
        self,
        vectors: QueryVectors,
        k: int = 10,
        filters: Filters = NO_FILTERS,
        excluded: Collection[str] = (),
        query: np.ndarray | None = None,
    ) -> tuple[Candidate, ...]:
        """The k nearest products that the filters admit, nearest first; fewer, or none, where no more are left.

        query [d]: what the candidates' query scores compare them with, the vectors' own text where it is not given.
        """
        hits = self.index.search(vectors, filters, excluded, k)
        if not hits:
            return ()
        scores = self.item_embeddings[[self.row[hit.id] for hit in hits]] @ (vectors.text if query is None else query)
        return tuple(
            Candidate(self.catalog[hit.id], hit.similarity, float(score))
            for hit, score in zip(hits, scores, strict=True)
        )
