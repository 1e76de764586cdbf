"""Progress of a long run beside its result, so that a stopped run goes on where it was: safetensors and JSON."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.storage.files import hash_bytes, write_atomic
from lavic_chat.training.configs import StageConfig

MOMENTS = ("step", "exp_avg", "exp_avg_sq")  # what AdamW remembers of a parameter


class Checkpoint:
    """One run's progress in a file `<out>.progress`, or `<out>.<phase>.progress` of a stage's earlier phase; it belongs
    to one configuration and one set of data."""

    def __init__(self, out: str | Path, config: StageConfig, data: str, phase: str = ""):
        self.path = progress_path(out, phase)
        # By what differs from the defaults, so that a version with one more setting goes on with this one's runs.
        usual = asdict(type(config)())
        chosen = {name: value for name, value in asdict(config).items() if value != usual[name]}
        self.run = hash_bytes(json.dumps(chosen, sort_keys=True), data)

    def save(self, step: int, parameters: list[Tensor], optimizer: torch.optim.Optimizer, report: dict) -> None:
        """Write everything that the next step needs, what it draws follows from its number; `report` is what the
        training report knows by now (JSON)."""
        tensors = {f"parameter.{place}": tensor.detach().cpu() for place, tensor in enumerate(parameters)}
        for place, tensor in enumerate(parameters):
            for name, value in optimizer.state[tensor].items():
                tensors[f"{name}.{place}"] = value.detach().cpu()
        record = {"run": self.run, "step": step, "told": report}  # under the key that it has always had
        tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
        write_atomic(self.path, save(tensors, {"progress": json.dumps(record)}))

    def load(self, parameters: list[Tensor], optimizer: torch.optim.Optimizer) -> tuple[int, dict]:
        """Put a stopped run's state back; (steps done, its report), or (0, {}) where this run has none.

        Raises ModelError when the file is damaged or of another run.
        """
        if not self.path.is_file():
            return 0, {}
        try:
            tensors, record = load_file(self.path), read_record(self.path)
            if record["run"] != self.run:
                raise ModelError(
                    f"{self.path} is the progress of a run with other settings or data; delete it to start afresh, "
                    "or give the settings of that run."
                )
            restore(tensors, parameters, optimizer)
        except (OSError, SafetensorError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ModelError(f"{self.path} is damaged ({error}); delete it to start afresh.") from error
        return record["step"], record["told"]

    def clear(self) -> None:
        """The run is done."""
        self.path.unlink(missing_ok=True)


def progress_path(out: str | Path, phase: str = "") -> Path:
    """Where the progress of a run, or of a phase of it, lies beside its result."""
    out = Path(out)
    return out.with_name(f"{out.name}.{phase}.progress" if phase else f"{out.name}.progress")


def read_record(path: Path) -> dict:
    """What a progress file says of itself."""
    with safe_open(path, "pt") as file:
        return json.loads(file.metadata()["progress"])


@torch.no_grad()
def restore(tensors: dict[str, Tensor], parameters: list[Tensor], optimizer: torch.optim.Optimizer) -> None:
    """Put stored tensors back into the parameters and the optimizer's moments."""
    for place, tensor in enumerate(parameters):
        tensor.copy_(tensors[f"parameter.{place}"])
        moments = {name: tensors[f"{name}.{place}"] for name in MOMENTS if f"{name}.{place}" in tensors}
        if moments:
            optimizer.state[tensor] = {
                name: value if name == "step" else value.to(tensor.device) for name, value in moments.items()
            }
