"""Which runtime a model is opened in: torch, or what a processor does faster, exported once from base and adapter.

An export's folder is named by a hash of all that went into it, so that another adapter finds none and has its own made.
Until it is there, torch answers.
"""

import contextlib
import importlib.metadata
import logging
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from filelock import FileLock

from lavic_chat.errors import LavicError, ModelError
from lavic_chat.model.base import VisionLanguageModel, recorded_fingerprint
from lavic_chat.model.card import HEADS, NLU, RETRIEVER, WEIGHTS, check_base, hash_adapter, read_card
from lavic_chat.model.lavic_mini.assemble import TEXT_ENCODER, ensure_mini, ensure_text_encoder
from lavic_chat.model.onnx_model import OnnxModel
from lavic_chat.model.onnx_tagger import OnnxTurnTagger
from lavic_chat.model.onnx_text import OnnxTextEncoder, TextModel
from lavic_chat.model.turn_batch import TurnModel
from lavic_chat.settings import AUTO, MINI, ONNX, RUNTIMES, TORCH, shipped
from lavic_chat.storage.files import hash_bytes, hash_file
from lavic_chat.storage.manifest import SMALL, damaged_files

KEPT = 3  # exports of a kind: of as many adapters, or versions
FORMAT = "6"  # of an export; counted up whenever what lies in the folder changes
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModelSource:
    """name: lavic-mini, a folder, or a hub name. adapter: a folder, or None. home: where exports lie. runtime: one of
    `RUNTIMES`; "auto" is what is there and fits the machine."""

    name: str
    adapter: Path | None
    home: Path
    runtime: str = AUTO

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise ModelError(f"There is no runtime called {self.runtime!r}; choose {', '.join(RUNTIMES)}.")

    @property
    def must_export(self) -> bool:
        """Whether an export was asked for by name, so that it is made when there is none, and torch does not do."""
        return self.runtime == ONNX


def open_model(source: ModelSource) -> VisionLanguageModel:
    """The model with its adapter, nothing of which is trained from here on: exported where an export is there or asked
    for, else in torch with its LoRAs folded in. Raises ModelError in one sentence."""
    folder = export_folder(source)
    if folder and source.must_export:
        ensure_model(source)
    if folder and is_there(folder) and (model := try_export(lambda: open_export(source, folder), source)):
        return model
    return load_in_torch(source)


def open_text_encoder(home: str | Path, adapter: str | Path | None, runtime: str = AUTO) -> TextModel:
    """The sentence encoder, with the LoRA of an adapter folder where that has one; see `open_model`."""
    source = ModelSource(TEXT_ENCODER, Path(adapter) if adapter else None, Path(home), runtime)
    folder = text_folder(source)
    if folder and source.must_export:
        ensure_encoder(source)
    if folder and is_there(folder) and (encoder := try_export(lambda: OnnxTextEncoder(folder).check(), source)):
        return encoder
    from lavic_chat.model.text_encoder import TorchTextEncoder

    return TorchTextEncoder(home, adapter)


def open_tagger(source: ModelSource) -> TurnModel:
    """What reads messages: the tagger of the adapter's folder, or where it has none the shipped one; see `open_model`.
    Raises ModelError where neither is there."""
    folder = tagger_folder(source)
    if folder and source.must_export:
        ensure_tagger(source)
    if folder and is_there(folder) and (tagger := try_export(lambda: OnnxTurnTagger(folder).check(), source)):
        return tagger
    from lavic_chat.model.turn_tagger import load_tagger

    return load_tagger(source.home, adapter_with_tagger(source))


def adapter_with_tagger(source: ModelSource) -> Path:
    """The adapter's folder, or the shipped one where it has no tagger: reading knows no catalogue and no base."""
    own = source.adapter and source.adapter / NLU / HEADS
    return source.adapter if own and own.is_file() and source.adapter else shipped("assets", MINI)


def try_export(open_it: Callable[[], T], source: ModelSource) -> T | None:
    """What is opened; None, and one sentence in the log, where this machine cannot run it and torch is not excluded."""
    try:
        return open_it()
    except ModelError as error:
        if source.must_export:
            raise
        log.warning("%s Until then torch answers.", error)
        return None


def open_export(source: ModelSource, folder: Path) -> OnnxModel:
    """Raises ModelError where the export is damaged, cannot be run here, or its adapter is of another base."""
    with contextlib.suppress(OSError):  # a home that cannot be written keeps all it has
        folder.touch()  # in use, so it stays
    model = OnnxModel(folder)
    if source.adapter:
        model.card = read_card(source.adapter)
        check_base(model.card, source.adapter, model.name, model.fingerprint)
    model.check().open_ahead()
    return model


def load_in_torch(source: ModelSource) -> VisionLanguageModel:
    """The same in torch."""
    from lavic_chat.model.load import load_model  # brings transformers and peft, seconds that an export needs not
    from lavic_chat.model.lora import merge_loras

    model = load_model(source.name, source.adapter, source.home)
    merge_loras(model)
    return model


# ---- exports ----


def export_folder(source: ModelSource) -> Path | None:
    """Where the model's export lies, or would; None where torch is wanted or better, or the base does not say what it
    is. Raises ModelError where the adapter is incomplete."""
    graphs = name_graphs(source)
    return name_folder(source.home, ONNX, *graphs) if graphs else None


def name_graphs(source: ModelSource) -> tuple[str, str] | None:
    """The base's fingerprint, and a hash of what the adapter makes of its graphs; see `export_folder`."""
    base = ensure_mini(source.home) if source.name == MINI else Path(source.name)
    fingerprint = recorded_fingerprint(base)
    if not fingerprint or not is_wanted(source):
        return None
    try:
        return fingerprint, name_trained(source.adapter, fingerprint) if source.adapter else ""
    except OSError as error:
        raise ModelError(f"The adapter {source.adapter} is incomplete ({error.strerror}); fetch it again.") from error


def name_trained(adapter: Path, fingerprint: str) -> str:
    """A hash of what an adapter makes of a base's graphs; raises OSError, and ModelError where its card is damaged."""
    card = read_card(adapter)
    return hash_bytes(hash_adapter(adapter, fingerprint), str(card.join), str(card.withdraw))


def text_folder(source: ModelSource) -> Path | None:
    """The same of the sentence encoder."""
    if not is_wanted(source):
        return None
    base = ensure_text_encoder(source.home)
    lora = source.adapter / RETRIEVER / WEIGHTS if source.adapter else None
    trained = hash_file(lora) if lora and lora.is_file() else ""
    return name_folder(source.home, TEXT_ENCODER, recorded_fingerprint(base), trained)


def tagger_folder(source: ModelSource) -> Path | None:
    """The same of the tagger; None also where none is trained."""
    files = [adapter_with_tagger(source) / NLU / name for name in (WEIGHTS, HEADS)]
    if not is_wanted(source) or not all(file.is_file() for file in files):
        return None
    trained = hash_bytes(*map(hash_file, files))
    return name_folder(source.home, NLU, recorded_fingerprint(ensure_text_encoder(source.home)), trained)


def name_folder(home: Path, kind: str, fingerprint: str, trained: str) -> Path:
    """A folder by the hash of what goes into an export, whose weights lie as a kind of processor reads them."""
    maker = importlib.metadata.version("onnxruntime"), platform.machine(), torch.backends.cpu.get_cpu_capability()
    key = hash_bytes(FORMAT, kind, *maker, fingerprint, trained)
    return home / "runtimes" / f"{kind}-{key[:24]}"


def is_wanted(source: ModelSource) -> bool:
    """Whether the model is to be exported: not where torch is asked for, a GPU is there, or ONNX Runtime is not."""
    if source.runtime == TORCH or (source.runtime == AUTO and torch.cuda.is_available()):
        return False
    try:
        importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError:
        if source.must_export:
            raise ModelError("ONNX Runtime is not installed here; install it, or give --runtime torch.") from None
        return False
    return True


def is_exported(source: ModelSource) -> bool:
    """Whether nothing is left to be made for the model and the sentence encoder."""
    folders = export_folder(source), text_folder(source), tagger_folder(source)
    return all(folder is None or is_there(folder) for folder in folders)


def ensure_exports(source: ModelSource, progress: bool = True) -> bool:
    """Make what is missing of the model's and the sentence encoder's exports; whether the model has one afterwards.

    A second process waits for the first. Raises LavicError where it fails.
    """
    ensure_model(source, progress)
    ensure_encoder(source)
    ensure_tagger(source)
    return export_folder(source) is not None


def ensure_model(source: ModelSource, progress: bool = True) -> None:
    """Export the model unless that is done, or not wanted."""

    def make(folder: Path) -> None:
        from lavic_chat.model.load import load_model
        from lavic_chat.model.onnx_export import export_model

        export_model(load_model(source.name, source.adapter, source.home, "cpu"), folder, progress)

    make_once(export_folder(source), make)


def ensure_encoder(source: ModelSource) -> None:
    """The same of the sentence encoder."""

    def make(folder: Path) -> None:
        from lavic_chat.model.onnx_export import export_text_encoder
        from lavic_chat.model.text_encoder import load_text_encoder

        export_text_encoder(*load_text_encoder(source.home, source.adapter), folder)

    make_once(text_folder(source), make)


def ensure_tagger(source: ModelSource) -> None:
    """The same of the tagger."""

    def make(folder: Path) -> None:
        from lavic_chat.model.onnx_export import export_tagger
        from lavic_chat.model.turn_tagger import load_tagger

        export_tagger(load_tagger(source.home, adapter_with_tagger(source)), folder)

    make_once(tagger_folder(source), make)


def make_once(folder: Path | None, make: Callable[[Path], None]) -> None:
    """Make an export's folder, where one is wanted and not there; a second process waits for the first."""
    if not folder or is_there(folder):
        return
    with locked(folder):
        if not is_there(folder):
            make(folder)
            forget_unused(folder)


def is_there(folder: Path, largest: int = SMALL) -> bool:
    """Whether an export is there; a damaged one is removed, for it can be made anew. largest: size up to which files
    are compared byte by byte."""
    if folder.is_dir() and (damaged := damaged_files(folder, largest)):
        log.warning("The export %s is damaged (%s), so that it is removed and made anew.", folder, damaged[0])
        shutil.rmtree(folder, ignore_errors=True)
    return folder.is_dir()


def forget_unused(new: Path) -> None:
    """Remove exports of the new one's kind that were opened the longest ago, and those of kinds that no more are: each
    takes some hundred megabytes."""
    kind = new.name.rpartition("-")[0]
    for path in new.parent.glob("openvino*"):
        shutil.rmtree(path, ignore_errors=True)
    alike = [path for path in new.parent.iterdir() if path.is_dir() and path.name.rpartition("-")[0] == kind]
    others = [path for path in alike if path != new]
    for folder in sorted(others, key=lambda path: path.stat().st_mtime)[: max(0, len(others) + 1 - KEPT)]:
        shutil.rmtree(folder, ignore_errors=True)


def locked(folder: Path) -> FileLock:
    """The lock under which an export is made. Raises LavicError where the home cannot be written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(folder.parent / f"{folder.name}.lock")
    except OSError as error:
        raise LavicError(f"Could not write {folder.parent}: {error.strerror}; set LAVIC_HOME to another.") from error
