"""What one evaluation is of, and the names that the command line offers; free of torch, so that its help is quick."""

from dataclasses import dataclass
from pathlib import Path

from lavic_chat.errors import LavicError

MODEL = "model"
SEARCH = "search"  # the encoder and the fusion of the adapter, over titles, captions and pictures
TWO_TOWER = "two-tower"
NEEDS_NO_CATALOG = ("first", "random")
RANKERS = (MODEL, SEARCH, TWO_TOWER, "bm25", "sbert", *NEEDS_NO_CATALOG)

NO_IMAGES, SHUFFLED_IMAGES, NO_SEARCH, ALL_TOKENS = "no-images", "shuffled-images", "no-search", "all-tokens"
NO_DISTILL = "no-distill"  # also the folder, in an adapter's, of one that was tuned without stage 1
BENCH_PARTS = ("turns", "candidates", "authors", "pictures", "ask")  # of `lavic-chat bench`
MORE_PARTS = ("searches", "items")  # that are measured where they are asked for
ALL_PARTS = (*BENCH_PARTS, *MORE_PARTS)
ABLATIONS = (NO_IMAGES, SHUFFLED_IMAGES, NO_SEARCH, NO_DISTILL, ALL_TOKENS)


@dataclass(frozen=True)
class EvaluationConfig:
    """Which conversations, which candidates, which ranker. Raises LavicError for options that do not go together."""

    dialogues: str | Path  # Reddit-Amazon JSONL
    out: str | Path  # folder for metrics.json and predictions.jsonl
    key: str = "candidates"  # of the candidate list to rank, in the file
    retrieve: bool = False  # rank what our own retrieval finds instead
    top: int | None = None  # how many it finds; None: as in the chat
    fill: int | None = None  # so many candidates each, the new ones drawn at random
    history: int | None = None  # so many turns each, the new ones of other conversations
    limit: int | None = None  # only the first so many conversations
    ranker: str = MODEL
    train_dialogues: str | Path | None = None  # what the two-tower ranker learns from
    ablate: str | None = None
    pictures: int | None = None  # of each product; None: as tuned
    against: str | Path | None = None  # results of another run, to measure the gain over
    seed: int = 0

    def __post_init__(self) -> None:
        if self.top and not self.retrieve:
            raise LavicError("--top is how many are retrieved; give it with --retrieve.")
        if self.fill and self.retrieve:
            raise LavicError("--fill adds to a listed key; with --retrieve, --top says how many are found.")
        if self.ablate and self.ranker != MODEL:
            raise LavicError("--ablate takes something from the model; it does not go with other rankers.")
        if (self.ranker == TWO_TOWER) != bool(self.train_dialogues):
            raise LavicError("--ranker two-tower is trained on the dialogues that --learn names; give both or none.")

    @property
    def needs_catalog(self) -> bool:
        """Whether products are looked up at all."""
        return self.retrieve or self.ranker not in NEEDS_NO_CATALOG

    @property
    def candidates(self) -> str:
        """Which candidates a figure is about, and how many turns, where that is not as the file has it."""
        name = f"retrieved, {self.top}" if self.top else "retrieved" if self.retrieve else self.key
        name += f", filled to {self.fill}" if self.fill else ""
        return name + (f", {self.history} turns" if self.history else "")

    @property
    def domain(self) -> str:
        """What the dialogues are about, by their folder: all_beauty/valid.jsonl, catalog/dialogues/test.jsonl."""
        folders = Path(self.dialogues).resolve().parts[:-1]
        return next(name for name in reversed(("", *folders)) if name != "dialogues")
