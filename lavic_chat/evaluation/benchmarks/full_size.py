"""The 7B at full size, with random weights: what a turn and a training step cost, and what five tokens save.

Speed and memory do not depend on the values of the weights. Measured are one turn with ten candidates, whose five
tokens a picture are cached, whose pictures are encoded in the turn, and with all tokens of every picture; and steps of
stage 2 on one conversation each, with states from the cache and, as the authors' code does, with the pictures encoded
in every step. Each figure is the median of several runs, beside what the machine's own matrix products reach. The
command is `python -m lavic_chat.evaluation.full_size`.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from lavic_chat.catalog import Catalog, Product, load_catalog, open_picture
from lavic_chat.catalog.datacard.markdown import table
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.features.item import ItemFeatures
from lavic_chat.model import VIEWS
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import LoraShape, add_lora
from lavic_chat.model.packing import pad
from lavic_chat.model.random_weights import make_random
from lavic_chat.ranking import LIST, Ranker, RankerConfig
from lavic_chat.ranking.prompt import PromptCandidate, PromptFormat, build_prompt
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.scoring import candidate_logits, score_prompts
from lavic_chat.settings import shipped
from lavic_chat.storage.files import write_atomic, write_json
from lavic_chat.training.losses import choosing_loss

CANDIDATES, RUNS = 10, 7
GIB = 2**30


@dataclass(frozen=True)
class Figure:
    """One way of doing it: median milliseconds and what they were spent on, or why there are none."""

    name: str
    milliseconds: float | None
    prompt_tokens: int
    visual_tokens: int
    tokens_per_second: float | None
    peak_gib: float | None
    note: str = ""


@dataclass(frozen=True)
class TokenCount:
    """Of a prompt, and how many of them are visual."""

    prompt: int
    visual: int


@dataclass(frozen=True)
class Scene:
    """A conversation, its ten candidates and their pictures."""

    dialogue: Dialogue
    products: Sequence[Product]
    pictures: Sequence[Image.Image]


def write_measurements(shape: str, out: str | Path, runs: int = RUNS) -> Path:
    """Measure a model of this shape ("7b" or "tiny"), write full-size.json and full-size.md into `out`, and return
    where the latter lies."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    catalog = load_catalog(shipped("catalog"))
    texts = [f"{product.title} {product.description}" for product in catalog]
    model = make_random(shape, texts, device, dtype)
    scene = make_scene(catalog)
    figures = [*measure_turns(model, scene, runs), *measure_steps(model, scene, runs)]
    machine = {
        "machine": torch.cuda.get_device_name() if device == "cuda" else "CPU",
        "torch": torch.__version__,
        "dtype": str(dtype).removeprefix("torch."),
        "parameters": model.size,
        "matmul_tflops": round(matmul_rate(model.device, dtype), 1),
    }
    path = Path(out) / "full-size.md"
    write_json(path.with_suffix(".json"), {"about": machine, "figures": [asdict(figure) for figure in figures]})
    write_atomic(path, compose(machine, figures))
    return path


def make_scene(catalog: Catalog) -> Scene:
    """The first test conversation of the home catalogue, whose pictures are real."""
    conversation = read_conversations(catalog.folder / "dialogues/test.jsonl")[0]
    products = [catalog[item] for item in conversation.candidates["candidates"][:CANDIDATES]]
    paths = filter(None, map(catalog.picture_path, products))
    return Scene(conversation.dialogue, products, [open_picture(path) for path in paths])


def measure_turns(model: LavicModel, scene: Scene, runs: int) -> list[Figure]:
    """A turn in three ways: states cached, pictures encoded in it, all tokens of every picture."""
    ranker = Ranker(model, RankerConfig(LIST))
    states = encode(model, scene.pictures)
    prompt = ranker.make_prompt(scene.dialogue, scene.products, features_of(states))
    tokens = TokenCount(len(prompt.ids), VIEWS * len(scene.products))

    def rank_cached() -> None:
        ranker.rank(scene.dialogue, scene.products, features_of(states))

    def rank_encoding() -> None:
        ranker.rank(scene.dialogue, scene.products, features_of(encode(model, scene.pictures)))

    return [
        measure("turn, five tokens cached", rank_cached, tokens, runs),
        measure("turn, pictures encoded in it", rank_encoding, tokens, runs),
        measure_all_tokens(model, scene, runs),
    ]


def measure_all_tokens(model: LavicModel, scene: Scene, runs: int) -> Figure:
    """A turn that reads every token of every picture."""
    each = model.see_fully(scene.pictures[:1])[0].shape[0]
    candidates = [PromptCandidate(product.title, tokens=each) for product in scene.products]
    prompt = build_prompt(model, scene.dialogue, candidates, PromptFormat(LIST, 2**20))

    @torch.inference_mode()
    def rank() -> None:
        seen = torch.cat([model.see_fully([picture])[0] for picture in scene.pictures])
        score_prompts(model, [prompt], [seen])

    return measure("turn, all tokens", rank, TokenCount(len(prompt.ids), each * len(candidates)), runs)


def measure_steps(model: LavicModel, scene: Scene, runs: int) -> list[Figure]:
    """A step of stage 2 on one conversation: LoRA on the LLM, states from the cache or pictures encoded anew."""
    add_lora(model, "llm", LoraShape(8, 32, 0.1))
    optimizer = torch.optim.AdamW(model.trained_loras(), lr=5e-5)
    states = encode(model, scene.pictures)
    prompt = Ranker(model, RankerConfig(LIST)).make_prompt(scene.dialogue, scene.products, features_of(states))
    answer = random.Random(0).randrange(len(scene.products))
    tokens = TokenCount(len(prompt.ids), VIEWS * len(scene.products))

    def step(seen: Tensor) -> None:
        model.train()
        hidden = model.hidden_states(*pad(model, [prompt], [model.project(join_states(seen))]))
        choosing_loss(candidate_logits(model, [prompt], hidden)[0], answer, LIST).backward()
        optimizer.step()
        optimizer.zero_grad()

    return [
        measure("step of stage 2, states cached", lambda: step(states), tokens, runs),
        measure("step of stage 2, pictures encoded in it", lambda: step(encode(model, scene.pictures)), tokens, runs),
    ]


def features_of(states: Tensor) -> list[ItemFeatures]:
    """[n, 5, h] -> features without captions."""
    return [ItemFeatures(one) for one in states]


@torch.no_grad()
def encode(model: LavicModel, pictures: Sequence[Image.Image]) -> Tensor:
    """n pictures -> the tower's states [n, 5, h]."""
    return model.encode_views(model.make_views(pictures))


def measure(name: str, run: Callable[[], object], tokens: TokenCount, runs: int) -> Figure:
    """The median of several runs after one to warm up; where memory runs out, a figure that says so."""
    try:
        run()
        reset_peak()
        seconds = [clock(run) for _ in range(runs)]
    except torch.cuda.OutOfMemoryError:
        torch.cuda.empty_cache()
        return Figure(name, None, tokens.prompt, tokens.visual, None, None, "out of memory")
    median = statistics.median(seconds)
    peak = round(torch.cuda.max_memory_allocated() / GIB, 2) if torch.cuda.is_available() else None
    rate = round(tokens.prompt / median, 1)
    return Figure(name, round(1000 * median, 1), tokens.prompt, tokens.visual, rate, peak)


def clock(run: Callable[[], object]) -> float:
    """Seconds until the device has done what it was asked to."""
    synchronize()
    start = time.perf_counter()
    run()
    synchronize()
    return time.perf_counter() - start


def synchronize() -> None:
    """Wait for the GPU, where there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def reset_peak() -> None:
    """Count the GPU's peak memory anew."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """TFLOP/s of a large square product."""
    size = 8192 if device.type == "cuda" else 1024
    left = torch.randn(size, size, device=device, dtype=dtype)
    left @ left
    return 2 * size**3 / statistics.median(clock(lambda: left @ left) for _ in range(RUNS)) / 1e12


def compose(machine: dict, figures: Sequence[Figure]) -> str:
    """The Markdown page of the figures, and of the machine that they were measured on."""
    rows = [
        [
            figure.name,
            f"{figure.milliseconds:,.1f}" if figure.milliseconds else figure.note,
            f"{figure.prompt_tokens:,}",
            f"{figure.visual_tokens:,}",
            f"{figure.tokens_per_second:,.0f}" if figure.tokens_per_second else "",
            f"{figure.peak_gib:.1f}" if figure.peak_gib else "",
        ]
        for figure in figures
    ]
    about = (
        f"{machine['machine']}, {machine['dtype']}, {machine['parameters'] / 1e9:.2f} billion random weights, "
        f"{CANDIDATES} candidates, medians; a large matrix product reaches {machine['matmul_tflops']} TFLOP/s."
    )
    head = ["what", "ms", "prompt tokens", "of them visual", "tokens/s", "peak GiB"]
    return "\n\n".join(["# Full size", about, table(head, rows)]) + "\n"
