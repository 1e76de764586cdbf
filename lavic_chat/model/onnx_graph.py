"""One graph on ONNX Runtime: opened when it is first asked, and asked by any thread."""

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lavic_chat.errors import ModelError

PARTS = "4"  # as many times as there are threads
ONLY_FATAL = 4  # of what it would write to the terminal; its exceptions say the same


class Graph:
    """A graph's file."""

    def __init__(self, path: Path):
        self.path = path
        self._lock = threading.Lock()

    @cached_property
    def session(self) -> Any:
        """The graph for this processor; raises ModelError where it cannot be opened."""
        import onnxruntime  # not needed where torch answers

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = ONLY_FATAL
        options.enable_cpu_mem_arena = False  # which would keep the memory of the longest prompt there ever was
        # Where a machine is shared: a thread that waits gives the core away, and work is dealt out in small parts, so
        # that nobody waits long for the thread whose core another process has.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.dynamic_block_base", PARTS)
        try:
            return onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # of the package's own kinds, which share no other base
            reason = f"{self.path.parent} cannot be run here ({str(error).strip().splitlines()[-1][:200]})"
            raise ModelError(f"The export {reason}; delete that folder to have it made anew.") from error

    def open(self) -> Any:
        """The session; a second thread waits for the first to open it."""
        with self._lock:
            return self.session

    def run(self, **inputs: Tensor) -> list[Tensor]:
        """The graph's outputs for inputs by name."""
        answers = self.open().run(None, {name: tensor.contiguous().numpy() for name, tensor in inputs.items()})
        return [torch.from_numpy(answer) for answer in answers]
