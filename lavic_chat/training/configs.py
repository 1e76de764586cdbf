"""Hyper-parameters of the stages, in one place; free of torch, so that the command line can list them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from lavic_chat.settings import MINI


@dataclass(frozen=True)
class AlignConfig:
    """Of `align`: projector and LLM learn to say what pictures show."""

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
    noise: float = 0.3  # in standard deviations of the states, added so that few pictures are not learned by heart
    hidden_views: float = 0.0  # share of a picture's five states that are hidden in a captions step, for the same end
    hidden_values: float = 0.0  # share of every state's values, likewise
    seed: int = 0
    limit: int = 0  # products of each catalogue and split, taken evenly, for a tower's pass takes a second; 0: all


@dataclass(frozen=True)
class DistillConfig:
    """Of `distill`, LaViC's stage 1: tower and projector learn to show."""

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
    longest: int = 20  # tokens of a description that are learned; what the catalogue itself knows is shorter
    patches: float = 1.0  # share of each view's patches that the tower sees in a step; less is faster
    first_layer: int = 0  # of the tower: those below stay as they are, which saves their backward pass
    checkpointing: bool = False  # of gradients: less memory for about a third more time
    valid_every: int = 300
    valid_pictures: int = 120  # of unseen shapes, taken evenly; a tower's pass over them is what validation costs
    seed: int = 0


@dataclass(frozen=True)
class TuneConfig:
    """Of `tune`, LaViC's stage 2: the LLM learns to choose."""

    steps: int = 800
    epochs: int = 0  # or so many times through all choices, in place of `steps`; plain questions are left out then
    plain_steps: int = 400  # in the first half every question is asked in a few plain words, then they fade
    plain_share: float = 0.3  # to this share
    also_share: float = 0.2  # of the batches, where further catalogues are given: these are about them
    say_share: float = 0.85  # of the choices, in which descriptions stand beside the visual tokens
    true_share: float = 0.5  # of these choices, in which the descriptions are the true ones and not the LLM's own
    say_weight: float = 0.3  # of the true descriptions' own loss
    wish_weight: float = 0.0  # of saying the right product's caption from the conversation alone (branch only)
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
    join: int = 0  # layers that read candidates apart from the conversation, branch only; 0: as the adapter has it
    withdraw: int = 0  # layers behind which only answer places are read, branch only; 0: likewise
    whole_share: float = 0.15  # of the choices that are read by all layers nevertheless, as descriptions are written
    decode: str = "branch"
    labeling: str = "letters"  # what the candidates of a list are called; the paper: "ids"
    checkpointing: bool = False  # of gradients: less memory for about a third more time
    valid_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class RetrieverConfig:
    """Of `tune-retriever`: the sentence encoder learns what is meant."""

    steps: int = 400
    batch: int = 32
    lr: float = 5e-4
    rank: int = 16
    alpha: int = 32
    weight_decay: float = 0.01
    temperature: float = 0.05  # of the cosines
    strength: float = 0.5  # of the change that is kept; with less, search is better in catalogues unlike this one
    own_share: float = 0.5  # of the products' texts hold the caption that the model wrote, the others the true one
    valid_every: int = 100
    seed: int = 0


@dataclass(frozen=True)
class FuseConfig:
    """Of `fuse`: search learns to see."""

    steps: int = 2400
    batch: int = 128
    lr: float = 1e-3
    hidden: int = 384  # of both networks
    share: float = 0.4  # of the fused vectors in a cosine; the rest is the sentence encoder's, which knows more words
    also_share: float = 0.2  # of the conversations, where further catalogues are given: these are about them
    rivals: int = 2  # of each conversation's own wrong candidates, which are the hard ones
    noise: float = 0.7  # in standard deviations of the states, so that few pictures are not learned by heart
    weight_decay: float = 0.1
    temperature: float = 0.05  # of the cosines
    valid_every: int = 400
    seed: int = 0


@dataclass(frozen=True)
class TaggerConfig:
    """Of `tune-tagger`: the sentence encoder learns to read what shoppers type."""

    steps: int = 2000
    batch: int = 32
    lr: float = 1e-3
    rank: int = 64
    alpha: int = 128
    weight_decay: float = 0.01
    valid_every: int = 250
    more_share: float = 0.25  # of the further messages in a batch, where there are any
    seed: int = 0


@dataclass(frozen=True)
class PrototypesConfig:
    """Of `tune-prototypes`: what things are wished for by."""

    steps: int = 600
    batch: int = 512
    lr: float = 1e-3
    messages: int = 7000  # in which a phrase or a name stands where another thing stood
    weight_decay: float = 0.01
    seed: int = 0


@dataclass(frozen=True)
class AttributesConfig:
    """Of `tune-attributes`: how probable each look of a picture is."""

    steps: int = 400  # of each network, of which the best is kept
    batch: int = 256
    lr: float = 1e-3
    hidden: int = 256  # numbers between states and words
    members: int = 4  # networks
    dropout: float = 0.4
    weight_decay: float = 0.01
    valid_every: int = 25
    seed: int = 0


@dataclass(frozen=True)
class AdaptConfig:
    """Of `sda adapt`: texts and pictures of items meet in one space."""

    steps: int = 400
    batch: int = 32
    lr: float = 1e-3
    kind: str = "moda"  # or "lora", which both modalities share, or "separate", one for each
    learns: str = "both"  # or "image": pictures come to the texts, which stay as they are; of kind "separate"
    rank: int = 8
    experts: int = 8
    alpha: int = 32
    dropout: float = 0.1
    loss: str = "cmsa"  # or "infonce", without soft targets
    temperature: float = 0.07
    teacher: float = 0.07  # its temperature
    similarity: str = "cosine"  # or "raw"
    teacher_similarity: str = "centred"
    teacher_from: str = "now"  # whose structure teaches: that of the embeddings as they are, or at the "start"
    through_teacher: bool = False  # gradients go through the teacher, as in the authors' code
    longest: int = 40  # tokens of an item's text
    pool: str = "whole"  # or "own": what the mean is taken of
    tokens: str = "five"  # of a picture, or "all", which takes hundreds of times as long
    size: int = 0  # to which the means are pooled; 0: they stay as they are
    first_layer: int = 0  # of the LLM that learns; what goes into it is computed once
    query_longest: int = 0  # tokens of a conversation, where there are dialogues; they are read then
    query_weight: float = 1.0  # of the loss of conversations beside that of items
    weight_decay: float = 0.01
    valid_every: int = 100
    seed: int = 0


# LaViC's own (the authors' code), for every other base: five passes of stage 1, one of stage 2, whose answer is the id.
PAPER: Mapping[type, Any] = {
    DistillConfig: DistillConfig(epochs=5, lr=5e-5, longest=256),
    TuneConfig: TuneConfig(
        epochs=1, plain_steps=0, plain_share=0.0, say_share=0.0, batch=1, lr=5e-5, dropout=0.1,
        fewest=10, noise=0.0, decode="list", labeling="ids",
    ),
}  # fmt: skip

SmallConfig = TaggerConfig | PrototypesConfig | AttributesConfig
StageConfig = AlignConfig | DistillConfig | TuneConfig | RetrieverConfig | FuseConfig | SmallConfig | AdaptConfig
C = TypeVar("C", bound=StageConfig)
E = TypeVar("E", DistillConfig, TuneConfig)


def choose_config(config_class: type[C], model: str, given: Mapping[str, object]) -> C:
    """The defaults for a base, and what was given (not None) in their place.

    Steps that are given count, not epochs; where epochs count, each ends with a validation unless another interval was
    given.
    """
    chosen: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if "steps" in chosen and hasattr(config_class, "epochs"):
        chosen.setdefault("epochs", 0)
    defaults = config_class() if model == MINI else PAPER.get(config_class, config_class())
    config: C = replace(defaults, **chosen)
    return replace(config, valid_every=chosen.get("valid_every", 0)) if getattr(config, "epochs", 0) else config


def count_steps(config: E, examples: int) -> E:
    """The config with the steps that its epochs over so many examples are; `valid_every` 0 becomes an epoch."""
    if not config.epochs:
        return config
    an_epoch = math.ceil(examples / config.batch)
    return replace(config, steps=config.epochs * an_epoch, valid_every=config.valid_every or an_epoch)
