"""Hyper-parameters of the stages, in one place; free of torch, so that the command line can list them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class AlignConfig:
    word_steps: int = 400
    caption_steps: int = 400
    batch: int = 32
    word_lr: float = 2e-3
    caption_lr: float = 1e-3
    weight_decay: float = 0.01
    noise: float = 0.15  # of the states' spread, added in training so that few pictures are not learned by heart
    seed: int = 0


@dataclass(frozen=True)
class TuneConfig:
    steps: int = 800
    plain_steps: int = 400  # in the first half every question is asked in a few plain words, then they fade
    plain_share: float = 0.3  # to this share
    spoken_steps: int = 160  # in the first half the LLM is given words in place of visual tokens, then they fade out
    batch: int = 4
    lr: float = 1e-3
    projector_lr: float = 0.0  # 0 freezes the projector, as the paper does
    rank: int = 8
    alpha: int = 32
    dropout: float = 0.05
    weight_decay: float = 1e-5
    fewest: int = 4  # candidates in the first steps
    most: int = 10  # and from the middle on
    noise: float = 0.1
    decode: str = "branch"
    valid_every: int = 100
    seed: int = 0
