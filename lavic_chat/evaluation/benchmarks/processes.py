"""What the system says of a process and of the machine: memory, processor time, age, instruction sets."""

import os
import platform
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lavic_chat.errors import LavicError

PROC = Path("/proc")
TELLING = (  # instruction sets that a model's speed hangs on, as /proc/cpuinfo calls them
    "avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "asimddp",
    "i8mm",
)  # fmt: skip
MEMORY = ("VmHWM", "VmRSS", "RssAnon")
STARTED = time.monotonic()  # as good as the process's start where the system does not say


@dataclass(frozen=True)
class Machine:
    """Where figures were measured. load: processes that wanted a core, in the mean of the minute before."""

    processor: str
    instruction_sets: tuple[str, ...]
    cores: int
    memory_gib: float | None
    system: str
    load: float | None


def describe_machine() -> Machine:
    """This machine, now."""
    lines = [line.partition(":") for line in read_lines(PROC / "cpuinfo")]
    about = {key.strip(): value.strip() for key, _, value in lines if value}
    flags = set((about.get("flags") or about.get("Features", "")).split())
    memory = next((int(line.split()[1]) for line in read_lines(PROC / "meminfo") if line.startswith("MemTotal")), None)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        processor=about.get("model name") or platform.processor() or platform.machine(),
        instruction_sets=tuple(name for name in TELLING if name in flags),
        cores=cores,
        memory_gib=memory and round(memory / 2**20, 1),
        system=f"{platform.system()} {platform.release()}",
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def peak_memory_mib(pid: int | None = None) -> int:
    """MiB that a process held at most, this one without a pid. Raises LavicError where the system does not say.

    Not from `getrusage` where it can be helped: there a process inherits the peak of the one that started it.
    """
    held = memory_kib(pid)
    if "VmHWM" in held:
        return round(held["VmHWM"] / 1024)
    if pid is None:
        unit = 2**20 if platform.system() == "Darwin" else 2**10
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
    raise LavicError("This system does not say how much memory another process takes; measure on Linux.")


def memory_kib(pid: int | None = None) -> dict[str, int]:
    """KiB by the system's names, of a process or this one: VmHWM at most, VmRSS now, RssAnon now and apart from files;
    nothing where the system does not say."""
    lines = (line.partition(":") for line in read_lines(PROC / str(pid or "self") / "status"))
    return {name: int(value.split()[0]) for name, _, value in lines if name in MEMORY}


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and those it started have had. Raises LavicError where the system does not say."""
    ticks = 0
    for one in (pid, *descendants(pid)):
        ticks += sum(int(value) for value in read_stat(one)[11:13])  # utime, stime
    return ticks / os.sysconf("SC_CLK_TCK")


def process_age() -> float:
    """Seconds since this process was started, before its first import."""
    try:
        with (PROC / "uptime").open() as file:
            now = float(file.read().split()[0])
        return now - int(read_stat(os.getpid())[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, LavicError):
        return time.monotonic() - STARTED


def descendants(pid: int) -> Iterator[int]:
    """Processes that a process has started, those that these have started, and so on."""
    for path in (PROC / str(pid) / "task").glob("*/children"):
        for child in " ".join(read_lines(path)).split():
            yield int(child)
            yield from descendants(int(child))


def read_stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name, which may itself hold spaces. Raises LavicError without them."""
    text = "".join(read_lines(PROC / str(pid) / "stat"))
    if not text:
        raise LavicError(f"The system does not say what process {pid} has taken; it has ended, or this is not Linux.")
    return text.rpartition(")")[2].split()


def read_lines(path: Path) -> list[str]:
    """The lines of a file of the system's; none where it is not there."""
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
