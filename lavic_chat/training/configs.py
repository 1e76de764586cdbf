"""Hyper-parameters of the stages, in one place; free of torch, so that the command line can list them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AlignConfig:
    word_steps: int = 600
    caption_steps: int = 400
    batch: int = 64
    caption_batch: int = 16
    word_lr: float = 2e-3
    caption_lr: float = 5e-4  # of the projector
    llm_lr: float = 1e-3  # of the LLM's LoRA, in the captions step
    rank: int = 16
    alpha: int = 32
    weight_decay: float = 0.01
    noise: float = 0.3  # of the states' spread, added in training so that few pictures are not learned by heart
    hidden_views: float = 0.0  # share of a picture's five states that are hidden in a captions step, for the same end
    hidden_values: float = 0.0  # share of every state's values, likewise
    seed: int = 0
    limit: int = 0  # products of each catalogue and split, taken evenly, for a tower's pass takes a second; 0: all


@dataclass(frozen=True)
class DistillConfig:
    word_steps: int = 0  # first, single views that learn to point to words; no LLM takes part, so they cost little
    word_batch: int = 24
    word_lr: float = 1e-3
    steps: int = 1800  # then, descriptions from five tokens
    epochs: int = 0  # or so many times through all products, in place of `steps`
    batch: int = 4
    lr: float = 3e-4
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.1
    weight_decay: float = 1e-5
    longest: int = 20  # tokens of a description that are learned; the catalogue's own looks are shorter
    patches: float = 1.0  # share of each view's patches that the tower sees in a step; less is faster
    first_layer: int = 0  # of the tower: those below stay as they are, which saves their backward pass
    checkpointing: bool = False  # of gradients: less memory for about a third more time
    valid_every: int = 300
    valid_pictures: int = 120  # of unseen shapes, taken evenly; a tower's pass over them is what validation costs
    seed: int = 0


@dataclass(frozen=True)
class TuneConfig:
    steps: int = 800
    epochs: int = 0  # or so many times through all choices, in place of `steps`; plain questions are left out then
    plain_steps: int = 400  # in the first half every question is asked in a few plain words, then they fade
    plain_share: float = 0.3  # to this share
    also_share: float = 0.2  # of the batches, where further catalogues are given: these are about them
    say_share: float = 0.85  # of the choices, in which descriptions stand beside the visual tokens
    true_share: float = 0.5  # of these choices, in which the descriptions are the true ones and not the LLM's own
    say_weight: float = 0.3  # of the true descriptions' own loss
    wish_weight: float = 0.0  # of saying the looks of the right product from the conversation alone (branch only)
    captions: int = 0  # so many pictures a step that are described by themselves, as chat describes them
    verdict_weight: float = 0.0  # of a yes or no at the end of each candidate's line (list only)
    blur: float = 0.6  # noise on the states of which the LLM's own are made, that they be as often wrong as later
    caption_noise: float = 0.6  # on the states of the captions
    batch: int = 4
    lr: float = 1e-3
    projector_lr: float = 0.0  # 0 freezes the projector, as the paper does
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.05
    weight_decay: float = 1e-5
    pictures: int = 1  # of each product, at most
    fewest: int = 4  # candidates in the first steps
    most: int = 10  # and from the middle on
    noise: float = 0.1
    decode: str = "branch"
    labeling: str = "letters"  # what the candidates of a list are called; the paper: "ids"
    checkpointing: bool = False  # of gradients: less memory for about a third more time
    valid_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class RetrieverConfig:
    steps: int = 400
    batch: int = 32
    lr: float = 5e-4
    rank: int = 16
    alpha: int = 32
    weight_decay: float = 0.01
    temperature: float = 0.05  # of the cosines
    strength: float = 0.5  # of the change that is kept; with less, search is better in shops unlike this one
    own_share: float = 0.5  # of the products' texts tell what the model said of the picture, the others what is true
    valid_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class FuseConfig:
    steps: int = 2400
    batch: int = 128
    lr: float = 1e-3
    hidden: int = 384  # of both networks
    share: float = 0.4  # of the fused vectors in a cosine; the rest is the sentence encoder's, which knows more words
    also_share: float = 0.2  # of the conversations, where further catalogues are given: these are about them
    rivals: int = 2  # of each conversation's own wrong candidates, which are the hard ones
    noise: float = 0.7  # of the states' spread, so that few pictures are not learned by heart
    weight_decay: float = 0.1
    temperature: float = 0.05  # of the cosines
    valid_every: int = 400
    seed: int = 0


# LaViC's own (the authors' code), for every other base: five passes of stage 1, one of stage 2, whose answer is the id.
PAPER = {
    DistillConfig: DistillConfig(epochs=5, lr=5e-5, longest=256),
    TuneConfig: TuneConfig(
        epochs=1, plain_steps=0, plain_share=0.0, say_share=0.0, batch=1, lr=5e-5, dropout=0.1,
        fewest=10, noise=0.0, decode="list", labeling="ids",
    ),
}  # fmt: skip
