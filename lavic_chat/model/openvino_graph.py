"""One graph on OpenVINO: compiled once, asked by any thread."""

import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from lavic_chat.errors import ModelError

COMPILED = "compiled"  # beside the graphs: what OpenVINO made of them on this processor


class Graph:
    """A graph's file. Each thread asks through a request of its own."""

    def __init__(self, path: Path):
        self.path = path
        self._lock, self._local = threading.Lock(), threading.local()

    @cached_property
    def compiled(self) -> Any:
        """The graph for this processor; raises ModelError where it cannot be compiled."""
        # Where a processor knows bfloat16, OpenVINO would compute in it unasked, and other picks would come out.
        settings = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "INFERENCE_PRECISION_HINT": "f32",
            "CPU_RUNTIME_CACHE_CAPACITY": 2000,  # of prepared shapes, of some hundred parts each
            "CACHE_DIR": str(self.path.parent / COMPILED),
            "CACHE_MODE": "OPTIMIZE_SIZE",  # without the weights once more
        }
        try:
            return import_openvino().Core().compile_model(str(self.path), "CPU", settings)
        except RuntimeError as error:
            reason = f"{self.path.parent} cannot be run here ({str(error).strip().splitlines()[-1][:200]})"
            raise ModelError(f"The export {reason}; delete that folder to have it made anew.") from error

    def run(self, **inputs: Tensor) -> list[Tensor]:
        """The graph's outputs for inputs by name."""
        with self._lock:
            compiled = self.compiled
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = compiled.create_infer_request()
        answers = request.infer({name: tensor.contiguous().numpy() for name, tensor in inputs.items()})
        return [torch.from_numpy(answers[place].copy()) for place in range(len(compiled.outputs))]


def import_openvino() -> Any:
    """The package, which is silent then."""
    with unreported():
        import openvino
    return openvino


@contextmanager
def unreported() -> Generator[None]:
    """Within, what is imported finds no package to report its use with: OpenVINO and NNCF would tell their maker,
    unasked, that they are imported and what they convert."""
    name = "openvino_telemetry"
    there, sys.modules[name] = sys.modules.get(name), cast(Any, None)
    try:
        yield
    finally:
        if there:
            sys.modules[name] = there
        else:
            del sys.modules[name]
