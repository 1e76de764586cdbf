"""Describe: a teacher that sees every token of a picture writes what five tokens must bring forth (LaViC, stage 1).

    lavic-chat describe --model llava-hf/llava-v1.6-mistral-7b-hf --catalog my-shop --out out/descriptions.jsonl
    lavic-chat distill --descriptions out/descriptions.jsonl ...

Each line: product id, which of its pictures, the text, and whether it says what is known of the product's
appearance. A stopped run goes on where it was; a picture, title or teacher that changed is described anew.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import torch
from tqdm import tqdm

from lavic_chat.catalog import Catalog, Product, load_catalog, open_picture
from lavic_chat.errors import CatalogError, LavicError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes, hash_file, read_jsonl, write_jsonl
from lavic_chat.training.choices import products_of_split
from lavic_chat.training.run_record import StageResult

REQUEST = "This is a picture of: {title}. Describe the product: its colours, material, pattern, shape and style."
CHECKED = ("colour", "material", "pattern", "type")
SAME = {"grey": "gray", "colour": "color", "t-shirt": "tee"}  # other spellings that count


@dataclass(frozen=True)
class DescribeRequest:
    """settings: the teacher and the catalogue. out: JSONL to write, or to go on with. splits: only their products;
    limit: only the first so many. batch: pictures described together. new_tokens: the longest description."""

    settings: Settings
    out: str | Path
    splits: tuple[str, ...] = ()
    limit: int | None = None
    batch: int = 4
    new_tokens: int = 128


@dataclass(frozen=True)
class Description:
    """What the teacher wrote of a product's picture (its place among them). key: of picture, title and teacher.

    agrees: by known attribute whether the text says it.
    """

    id: str
    place: int
    key: str
    text: str
    agrees: dict[str, bool]

    @property
    def is_usable(self) -> bool:
        """It says something, and all that is known of the appearance."""
        return bool(self.text) and all(self.agrees.values())


@dataclass(frozen=True)
class Task:
    """A picture of a product to describe, and the key that its description will have."""

    product: Product
    place: int
    path: Path
    key: str


def describe(request: DescribeRequest) -> StageResult:
    """Describe every picture from all of its tokens, and count how often the texts say what is known; raises LavicError
    for a request that cannot be met."""
    settings = request.settings
    catalog = load_catalog(settings.catalog)
    splits = (products_of_split(catalog, name) for name in request.splits)
    products = list(chain(*splits)) if request.splits else list(catalog)
    model = load_model(settings.model, settings.adapter, settings.home)
    tasks = tasks_of(model, catalog, products[: request.limit], request.new_tokens)
    if not tasks:
        raise CatalogError(f"The catalogue {catalog.folder} has no pictures to describe; fetch or import some first.")
    written = describe_pictures(model, tasks, request)
    agrees = shares_that_agree(written)
    record = {
        "pictures": len(written),
        "may_be_taught": sum(item.is_usable for item in written),
        "agrees": agrees,
        "out": str(request.out),
    }
    shares = ", ".join(f"{key} in {share:.0%}" for key, share in agrees.items())
    known = f"; they say what is known of the looks: {shares}" if shares else ""
    return StageResult(record, f"{len(written)} pictures described in {request.out}{known}.")


def tasks_of(model: LavicModel, catalog: Catalog, products: Sequence[Product], new_tokens: int) -> list[Task]:
    """One for every picture on disk."""
    teacher = hash_bytes(model.fingerprint, model.adapter_hash, str(new_tokens))
    return [
        Task(product, place, path, hash_bytes(teacher, product.title, hash_file(path)))
        for product in products
        for place in range(len(product.images))
        if (path := catalog.picture_path(product, place))
    ]


def describe_pictures(model: LavicModel, tasks: Sequence[Task], request: DescribeRequest) -> list[Description]:
    """Describe what `out` does not hold yet, writing after every batch; returns all, in the tasks' order."""
    out = Path(request.out)
    known = {item.key: item for item in read_descriptions(out)} if out.is_file() else {}
    missing = [task for task in tasks if task.key not in known]
    with tqdm(total=len(tasks), initial=len(tasks) - len(missing), desc="Describing", unit="picture") as bar:
        for part in chunks(missing, request.batch):
            for task, text in zip(part, write(model, part, request.new_tokens), strict=True):
                agrees = agreement(task.product, text)
                known[task.key] = Description(task.product.id, task.place, task.key, text, agrees)
            write_jsonl(out, (asdict(known[task.key]) for task in tasks if task.key in known))
            bar.update(len(part))
    return [known[task.key] for task in tasks]


@torch.inference_mode()
def write(model: LavicModel, tasks: Sequence[Task], new_tokens: int) -> list[str]:
    """Greedy descriptions from all tokens of the pictures, the titles given."""
    before, after = model.chat_frame()
    prompts = []
    for task, tokens in zip(tasks, model.see_fully([open_picture(task.path) for task in tasks]), strict=True):
        asked = model.words_to_ids("\n" + REQUEST.format(title=task.product.title))
        ids = [*before, *[model.image_token_id] * len(tokens), *asked, *after]
        prompts.append(model.embed(torch.tensor(ids), tokens))
    return [" ".join(text.split()) for text in model.generate(prompts, new_tokens)]


def agreement(product: Product, text: str) -> dict[str, bool]:
    """By attribute that is known and can be seen: whether the text names it. A plain pattern goes without saying."""
    known = {key: product.attributes.get(key, "") for key in CHECKED}
    return {key: says(text, value) for key, value in known.items() if value and (key, value) != ("pattern", "plain")}


def says(text: str, value: str) -> bool:
    """Whether a text names a value, in one of its spellings."""
    names = (value, SAME.get(value, value))
    return any(re.search(rf"\b{re.escape(name)}s?\b", text, re.IGNORECASE) for name in names)


def read_descriptions(path: str | Path) -> Iterator[Description]:
    """Raises LavicError where a line is none."""
    for number, row in read_jsonl(Path(path)):
        try:
            yield Description(**row)
        except TypeError as error:
            raise LavicError(
                f"{path}, line {number}: no description ({error}); make the file with `describe`."
            ) from error


def shares_that_agree(descriptions: Iterable[Description]) -> dict[str, float]:
    """By attribute, the share of the texts that say it."""
    found: dict[str, list[bool]] = {}
    for description in descriptions:
        for key, agrees in description.agrees.items():
            found.setdefault(key, []).append(agrees)
    return {key: round(sum(values) / len(values), 4) for key, values in found.items()}
