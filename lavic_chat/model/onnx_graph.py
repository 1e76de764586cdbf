"""One graph on ONNX Runtime: opened when it is first asked, and asked by any thread."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lavic_chat.errors import ModelError

PARTS = "4"  # as many times as there are threads
ONLY_FATAL = 4  # of what it would write to the terminal; its exceptions say the same
SMALL = "1024"  # bytes of what stays within a graph


@contextmanager
def reading_export(folder: Path) -> Generator[None]:
    """Raises ModelError where what is read within, of an export's folder, is damaged."""
    try:
        yield
    except Exception as error:  # tokenizers raises bare exceptions
        reason = f"{folder} is damaged ({type(error).__name__})"
        raise ModelError(f"The export {reason}; delete that folder to have it made anew.") from error


class Graph:
    """A graph that `prepare_graph` has written."""

    def __init__(self, path: Path):
        self.path = path
        self._session: Any = None
        self._lock = threading.Lock()  # of its own: before Python 3.12 all instances share a cached property's

    def open(self) -> Any:
        """The graph in memory; a second thread waits for the first to open it. Raises ModelError where it cannot be."""
        with self._lock:
            if self._session is None:
                self._session = open_session(self.path)
            return self._session

    def run(self, **inputs: Tensor) -> list[Tensor]:
        """The graph's outputs for inputs by name."""
        answers = self.open().run(None, {name: tensor.contiguous().numpy() for name, tensor in inputs.items()})
        return [torch.from_numpy(answer) for answer in answers]


def open_session(path: Path) -> Any:
    """Raises ModelError for a graph that is damaged or cannot run here."""
    import onnxruntime  # not needed where torch answers

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # done when it was prepared
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = ONLY_FATAL
    options.enable_cpu_mem_arena = False  # which would keep the memory of the longest prompt there ever was
    # Where a machine is shared: a thread that waits gives the core away, and work is dealt out in small parts, so
    # that nobody waits long for the thread whose core another process has.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.dynamic_block_base", PARTS)
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # of the package's own kinds, which share no other base
        reason = f"{path.parent} cannot be run here ({last_line(error)})"
        raise ModelError(f"The export {reason}; delete that folder to have it made anew.") from error


def prepare_graph(traced: Path, path: Path) -> None:
    """Write a traced graph as it will run: optimised, its weights in a file beside it that is mapped when it is opened,
    those of products also in the order in which this kind of processor reads them. Opening is then a third of the work,
    and no weight lies in the process's own memory. Raises ModelError where it cannot be written."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.log_severity_level = ONLY_FATAL
    options.optimized_model_filepath = str(path)
    for key, value in {
        "session.optimized_model_external_initializers_file_name": path.with_suffix(".bin").name,
        "session.optimized_model_external_initializers_min_size_in_bytes": SMALL,
        "session.save_external_prepacked_constant_initializers": "1",
    }.items():
        options.add_session_config_entry(key, value)
    try:
        onnxruntime.InferenceSession(str(traced), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        room = f"see that there is room in {path.parent.parent}, or choose --runtime torch."
        raise ModelError(f"The model cannot be prepared for this processor ({last_line(error)}); {room}") from error


def last_line(error: Exception) -> str:
    """Of what ONNX Runtime says, the reason."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
