"""Prototypes of the thesaurus's things that were learned for a sentence encoder, in the adapter that has its weights.

retriever/prototypes.safetensors    projection [d, d], names and phrases [T, d], half precision, and the names of the
                                    encoder whose vectors they are of and of the thesaurus
"""

import logging
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from lavic_chat.model.card import PROTOTYPES, RETRIEVER, seal_adapter
from lavic_chat.nlu.prototypes import Prototypes
from lavic_chat.nlu.thesaurus import Thesaurus
from lavic_chat.storage.files import write_atomic

NAMES = ("projection", "names", "phrases")
log = logging.getLogger(__name__)


def save_prototypes(prototypes: Prototypes, adapter: str | Path, encoder: str, thesaurus: Thesaurus) -> Path:
    """Write them into an adapter folder; returns the file. encoder: name of the weights whose vectors they are of."""
    path = Path(adapter) / RETRIEVER / PROTOTYPES
    path.parent.mkdir(exist_ok=True)
    state = {name: np.ascontiguousarray(getattr(prototypes, name), np.float16) for name in NAMES}
    write_atomic(path, save(state, {"encoder": encoder, "thesaurus": thesaurus.key}))
    seal_adapter(adapter)
    return path


def load_prototypes(adapter: str | Path | None, encoder: str, thesaurus: Thesaurus) -> Prototypes | None:
    """Those of an adapter folder; None where it has none for this encoder and thesaurus. A damaged file is told once
    in the log, and counts as none: the means do without it."""
    path = Path(adapter or "") / RETRIEVER / PROTOTYPES
    if not adapter or not path.is_file():
        return None
    try:
        with safe_open(path, "np") as file:
            label = file.metadata() or {}
            if (label.get("encoder"), label.get("thesaurus")) != (encoder, thesaurus.key):
                return None
            found = Prototypes(*(file.get_tensor(name).astype(np.float32) for name in NAMES))
        size, count = len(found.projection), len(thesaurus.things)
        if [found.projection.shape, found.names.shape, found.phrases.shape] != [(size, size), *[(count, size)] * 2]:
            raise ValueError("shapes")
        if not all(np.isfinite(getattr(found, name)).all() for name in NAMES):
            raise ValueError("numbers")
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        log.warning("%s is damaged (%s) and not used; fetch the adapter again.", path, type(error).__name__)
        return None
    return found
