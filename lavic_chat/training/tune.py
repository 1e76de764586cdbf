"""Tune: the LLM learns to choose (LaViC, section 4.3); LoRA on the LLM, the tower frozen, its states precomputed.

    lavic-chat tune --catalog catalog --dialogues catalog/dialogues/train.jsonl --from out/aligned --out out/tuned

On several GPUs `accelerate launch -m lavic_chat.training.tune ...` with the same options does the same.

Every candidate is scored by the forward path that chat uses. The loss of `branch` is the cross-entropy of a softmax
over the candidates, so that all of them teach in every step; that of `list` is the paper's, of the right label over all
words. The best adapter by validation HR@1 is kept.

What is easy comes first: plain questions ("something in rust") before dialogues, few candidates before many. Where
`align` taught the LLM to speak, descriptions stand beside most candidates' visual tokens, half of them true and half
its own, of blurred pictures: so it learns to choose by words, and how far they are to be believed. From visual tokens
alone nothing was learned in 240 examples.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import torch

from lavic_chat.catalog import Catalog, load_catalog
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import ModelError
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model.adapter import check_target, read_retriever, save_adapter
from lavic_chat.model.card import AdapterCard, hash_adapter, read_card
from lavic_chat.model.layers import WHOLE, LayerPlan
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.model.lora import VISION
from lavic_chat.ranking import BRANCH
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training import distributed
from lavic_chat.training.captions import knows_appearance
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import Choice, make_choices, shuffle_choice
from lavic_chat.training.configs import TuneConfig, count_steps
from lavic_chat.training.curriculum import CatalogChoices, draw, draw_captions
from lavic_chat.training.hit_rate import HitRate, TuneExamples, validate
from lavic_chat.training.preparation import dialogue_files, encode_choices, load_catalogs, open_lora
from lavic_chat.training.run_record import (
    StageResult,
    add_kinds,
    add_record,
    card_of,
    conclude,
    forget,
    provenance,
    summarize_validation,
)
from lavic_chat.training.teacher import open_teacher
from lavic_chat.training.trainee import Trainee, caption_blurred
from lavic_chat.training.trainer import TrainingReport, TrainingRun, epoch_rows, run_training, warmup_cosine


@dataclass(frozen=True)
class TuneRequest:
    """settings: base and first catalogue, which `dialogues` and `valid` are about, or `valid_catalog` the latter; also:
    further catalogues with dialogues of their own. valid_limit: validation conversations of each. key: of the candidate
    lists. undistilled: without what stage 1 has taught the tower of start_from. teacher: an adapter whose chances are
    learned in place of the right answers. out: adapter folder to write."""

    settings: Settings
    dialogues: str | Path
    valid: str | Path
    out: str | Path
    config: TuneConfig
    also: tuple[Path, ...] = ()
    valid_catalog: Path | None = None
    valid_limit: int = 120
    key: str = "candidates"
    start_from: Path | None = None
    undistilled: bool = False
    teacher: Path | None = None


@dataclass(frozen=True)
class TuneData:
    """Catalogues with their choices, and with those to validate on; the files; conversations that were left out."""

    train: list[tuple[Catalog, list[Choice]]]
    valid: list[tuple[Catalog, list[Choice]]]
    files: dict
    left_out: int

    @property
    def catalogs(self) -> list[Catalog]:
        """Those that are trained on."""
        return [catalog for catalog, _ in self.train]


def tune(request: TuneRequest) -> StageResult | None:
    """Teach the LLM to choose among candidates; the best adapter by validation is kept in `out`.

    A stopped run goes on from `<out>.progress`. Returns None in all processes but the first. Raises LavicError for a
    request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    check_request(request)
    data = read_data(request)
    without = (VISION,) if request.undistilled else ()
    model = load_model(settings.model, request.start_from, settings.home, without=without)
    model.plan = plan_of(config, model)
    with distributed.first_goes_first():
        pairs = (*data.train, *data.valid)
        states = encode_choices(ImageEncoder(model, settings.home), pairs, config.pictures)
    choices = [each for _, each in data.train]
    config = count_steps(open_lora(model, "llm", config), sum(map(len, choices)))
    before = card_before(request, model, data.catalogs)
    record = provenance("tune", data.catalogs, config, started, before) | data_record(request, model, data)
    checkpoint = Checkpoint(request.out, config, identity_of(model, record))
    valid = [choice for _, each in data.valid for choice in each]
    teacher = open_teacher(settings, request.teacher, model)
    examples = TuneExamples(choices, valid, states, model.speaks, teacher)
    keep = make_keep(request, model, before, record, config)
    report = tune_model(model, examples, config, keep, checkpoint, started)
    if not distributed.is_first():
        return None
    record = conclude(request.out, record, report)
    checkpoint.clear()
    summary = (
        f"Tuned on {sum(map(len, choices))} dialogues; HR@1 on {len(valid)} of validation {report.best.hit:.3f} "
        f"(step {report.best.step}); in {request.out}."
    )
    return StageResult(record, summary)


def check_request(request: TuneRequest) -> None:
    """Raises LavicError for what can be refused before anything is loaded."""
    distributed.check_batches(request.config.batch, request.config.captions)
    check_target(request.out)
    if not request.undistilled:
        return
    start = request.start_from
    if not start or "distill" not in read_card(start).training or Path(request.out) == Path(start):
        raise ModelError(
            "--undistilled takes stage 1 out of an adapter that has it, into another: give --from and --out."
        )


def plan_of(config: TuneConfig, model: LavicModel) -> LayerPlan:
    """How layers read branches: what the config says, else as the adapter has it; a list is read whole. Raises
    ModelError where the base has not so many layers."""
    if config.decode != BRANCH:
        return WHOLE
    plan = LayerPlan(config.join or model.plan.join, config.withdraw or model.plan.withdraw)
    try:
        plan.stacks(model.memory_shape[0])
    except ValueError as error:
        raise ModelError(f"{model.name} cannot read so ({error}); choose --join below --withdraw.") from error
    return plan


def read_data(request: TuneRequest) -> TuneData:
    """The choices of a request's dialogue files; raises DialogueError where one has none."""
    catalogs = load_catalogs(request.settings.catalog, request.also)
    valid_catalogs = [load_catalog(request.valid_catalog) if request.valid_catalog else catalogs[0], *catalogs[1:]]
    files = dialogue_files(request.dialogues, catalogs, "train")
    valid_files = dialogue_files(request.valid, catalogs, "valid")
    rng, key, limit = random.Random(request.config.seed), request.key, request.valid_limit
    made = [
        make_choices(read_conversations(file), catalog, key, rng) for file, catalog in zip(files, catalogs, strict=True)
    ]
    valid = [
        (catalog, make_choices(read_conversations(file)[:limit], catalog, key)[0])
        for file, catalog in zip(valid_files, valid_catalogs, strict=True)
    ]
    hashes = {"dialogues": [hash_file(file) for file in files]}
    hashes["valid_dialogues"] = [hash_file(file) for file in valid_files]  # "valid" is the curve
    hashes["valid_catalog"] = valid_catalogs[0].fingerprint
    train = [(catalog, choices) for catalog, (choices, _) in zip(catalogs, made, strict=True)]
    return TuneData(train, valid, hashes, sum(count for _, count in made))


def card_before(request: TuneRequest, model: LavicModel, catalogs: Sequence[Catalog]) -> AdapterCard:
    """The card that is started from, without what is taken out of the adapter."""
    card = add_kinds(card_of(model, request.settings.model), catalogs)
    return forget(card, "distill", "fuse") if request.undistilled else card


def identity_of(model: LavicModel, record: dict) -> str:
    """Tells one run from another that must not go on from its progress; the config is told beside it."""
    files = {name: record[name] for name in ("dialogues", "valid_dialogues", "valid_catalog")}
    parts = [model.fingerprint, record["from"], record["catalogs"], files, record["candidates"], record["valid_limit"]]
    return json.dumps([*parts, record["teacher"]] if "teacher" in record else parts)


def data_record(request: TuneRequest, model: LavicModel, data: TuneData) -> dict:
    """What the record of the stage holds of its data."""
    counts = {"choices": [len(choices) for _, choices in data.train], "left_out": data.left_out}
    asked = {"candidates": request.key, "valid_limit": request.valid_limit, "from": model.adapter_hash}
    if request.teacher:
        asked["teacher"] = hash_adapter(request.teacher, model.fingerprint)
    return counts | data.files | asked


def make_keep(
    request: TuneRequest, model: LavicModel, before: AdapterCard, record: dict, config: TuneConfig
) -> Callable[[HitRate, tuple[HitRate, ...]], None]:
    """What saves the adapter at every best."""
    retriever = read_retriever(request.start_from, model.vision_hash)

    def keep(best: HitRate, curve: tuple[HitRate, ...]) -> None:
        so_far = record | summarize_validation(best, curve)
        means = {"decode": config.decode, "labeling": config.labeling, "temperature": best.temperature}
        means |= {"join": model.plan.join, "withdraw": model.plan.withdraw}
        card = add_record(replace(before, **means, pictures=config.pictures), "tune", so_far)
        save_adapter(model, request.out, card, retriever)

    return keep


def tune_model(
    model: LavicModel,
    examples: TuneExamples,
    config: TuneConfig,
    keep: Callable[[HitRate, tuple[HitRate, ...]], None],
    checkpoint: Checkpoint | None = None,
    started: float | None = None,
) -> TrainingReport[HitRate]:
    """Train on the choices; `keep(best, all so far)` at every best.

    With a checkpoint, progress is written at every validation, and a stopped run goes on from there.
    """
    torch.manual_seed(config.seed)
    if config.checkpointing:
        model.save_memory()
    run = TrainingRun(
        name="tune",
        steps=config.steps,
        valid_every=config.valid_every,
        groups=parameter_groups(model, config),
        weight_decay=config.weight_decay,
        learn=make_step(model, examples, config),
        measure=lambda step: validate(model, examples, config, step),
        point=HitRate,
        rate=lambda step: warmup_cosine(step, config.steps),
        seed=config.seed,
    )
    return run_training(run, keep, checkpoint, started)


def make_step(model: LavicModel, examples: TuneExamples, config: TuneConfig) -> Callable[[int, random.Random], float]:
    """What a step does: the gradient of this process's share of a batch into the weights, its loss back."""
    catalogs, everything = [CatalogChoices.of(each) for each in examples.choices], list(chain(*examples.choices))
    products = [product for catalog in catalogs for product in catalog.products]
    pictured = [product for product in products if knows_appearance(product)]
    own_captions = caption_blurred(model, products, examples.states, config) if examples.speaks else {}
    trainee = Trainee(model, examples.states, own_captions, config, examples.teacher)

    def learn(step: int, rng: random.Random) -> float:
        if config.epochs:
            rows = epoch_rows(len(everything), config.batch, step, config.seed)
            batch = [shuffle_choice(everything[row], rng, config.most) for row in rows]
        else:
            elsewhere = len(catalogs) > 1 and rng.random() < config.also_share
            batch = draw(rng.choice(catalogs[1:]) if elsewhere else catalogs[0], step, config, rng)
        loss = trainee.learn(distributed.share(batch, rng))
        trainee.learn_captions(draw_captions(pictured, config.captions, rng))
        return loss

    return learn


def parameter_groups(model: LavicModel, config: TuneConfig) -> list[dict]:
    """The LLM's LoRA and, where it has a learning rate, the projector, for the optimizer."""
    groups = [{"params": model.trained_loras(), "lr": config.lr}]
    if config.projector_lr:
        own = [tensor.requires_grad_(True) for tensor in model.projector_weights()]
        groups.append({"params": own, "lr": config.projector_lr})
    return groups


if __name__ == "__main__":  # as `accelerate launch` names it
    import runpy
    import sys

    sys.argv.insert(1, "tune")
    runpy.run_module("lavic_chat", run_name="__main__", alter_sys=True)
