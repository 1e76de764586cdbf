"""Ray itself: imported with its settings made, started on this machine out of reach for others or joined, and stopped.

Ray reads its settings from the environment while it is imported, so nothing else here imports it before.
"""

import importlib
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Any

import psutil  # which accelerate brings

from lavic_chat.errors import LavicError

NO_RAY = "Ray is not installed; pip install lavic-chat[cluster]."
NO_CLUSTER = "There is no Ray cluster at RAY_ADDRESS, which is HOST:PORT; start one, or unset it to use this machine."
NO_START = "Ray could not be started; free some memory, or use lavic-chat app."
OPEN = "Ray would listen to other machines; unset its variables in the environment (RAY_...), then start again."
TOO_FEW = "The Ray cluster has too few processors; ask for fewer --replicas or --threads."
HERE = "127.0.0.1"
OBJECTS = 100 * 2**20  # bytes of Ray's shared memory: only messages go through it
GRACE = 3.0  # seconds in which Ray's processes end after it
LOCAL = {  # all of Ray on 127.0.0.1, which it does only where it takes the machine for one that has no cluster
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",  # and whoever else is on this machine cannot make it run code
}
QUIET_RAY: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
QUIET_SERVE: dict[str, Any] = {"log_level": "ERROR", "enable_access_log": False}


def is_on_this_machine() -> bool:
    """Whether Ray is started here, alone; else RAY_ADDRESS names a cluster."""
    return not os.environ.get("RAY_ADDRESS")


def import_ray() -> Any:
    """The module `ray`, its settings made; raises LavicError where it is not installed."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if is_on_this_machine():
        os.environ.update(LOCAL)
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # one a process: Ray remembers it
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.serve")
    except ImportError as error:
        raise LavicError(NO_RAY) from error
    logging.getLogger("ray.serve").addFilter(is_error)  # Ray sets the level again and again
    return ray


def is_error(record: logging.LogRecord) -> bool:
    """Whether a log record is of an error."""
    return record.levelno >= logging.ERROR


@contextmanager
def started(ray: Any, cpus: int) -> Generator[str | None]:
    """Ray and its Serve, running or joined; nothing of a local one is left behind, nor its folder, which is what the
    block gets. Raises LavicError where there is none, or not enough of it. cpus: processor threads of all replicas."""
    is_local, before = is_on_this_machine(), set(psutil.Process().children(recursive=True))
    if not is_local:
        check_address(os.environ["RAY_ADDRESS"])
    folder = tempfile.mkdtemp(prefix="lavic-ray-") if is_local else None
    try:
        try:
            ray.init(**(local_options(cpus, folder) if folder else {}), **QUIET_RAY)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise LavicError(NO_START if is_local else NO_CLUSTER) from error
        stop_in_order()
        if is_local and ray.util.get_node_ip_address() != HERE:
            raise LavicError(OPEN)
        if ray.cluster_resources().get("CPU", 0) < cpus:
            raise LavicError(TOO_FEW)
        start_serve()
        yield folder
    finally:
        children = set(psutil.Process().children(recursive=True)) - before
        ray.shutdown()
        if folder:
            end_rest(ours for ours in children if is_of_ray(ours, folder))
            shutil.rmtree(folder, ignore_errors=True)


def check_address(address: str) -> None:
    """Raises LavicError where nobody listens at HOST:PORT; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise LavicError(NO_CLUSTER) from error


def stop_in_order() -> None:
    """SIGTERM ends this process by an exception, so that it stops what it has started. Ray has put a handler of its
    own there, which aborts."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def local_options(cpus: int, folder: str) -> dict[str, Any]:
    """Ray's options on this machine alone; folder: for its sockets and logs."""
    return {
        "address": "local",
        "num_cpus": max(os.cpu_count() or 1, cpus),
        "include_dashboard": False,
        "object_store_memory": OBJECTS,
        "_node_ip_address": HERE,
        "_temp_dir": folder,
    }


def is_of_ray(process: psutil.Process, folder: str) -> bool:
    """Whether Ray has started a process, its files being in this folder."""
    try:
        command = process.cmdline()
    except psutil.Error:  # it has ended
        return False
    return any(folder in word or word.startswith("ray::") for word in command)


def end_rest(processes: Iterable[psutil.Process]) -> None:
    """Wait until the processes have ended, and end those that have not: where Ray is stopped while it starts, two that
    help it go on for a minute."""
    _, left = psutil.wait_procs(list(processes), timeout=GRACE)
    for process in left:
        with suppress(psutil.Error):
            process.kill()


def start_serve() -> None:
    """Ray Serve without its HTTP proxy: the page's process alone speaks to the outside."""
    serve = importlib.import_module("ray.serve")
    serve.start(proxy_location="Disabled", logging_config=QUIET_SERVE)


def death_errors() -> tuple[type[Exception], ...]:
    """What Ray raises where whoever was asked has died, or its machine."""
    known = importlib.import_module("ray.exceptions")
    return (known.RayActorError, known.WorkerCrashedError, known.NodeDiedError, known.ObjectLostError)
