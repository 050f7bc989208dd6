"""The Ray cluster: connecting to it, and how many workers fit into it."""

import logging
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmvis_ext.utils.errors import InputError

__all__ = ["cluster", "pool_size", "quiet"]

ADDRESS = r"auto|local|[^\s/:]+:\d+"
CORES = 4  # of a worker, at most: it reads, runs the model and writes at once
STORE = 80 * 2**20  # bytes of memory that a local Ray shares, for jobs and reports; it asks for at least 75 MiB
NO_ANSWER = "--ray {}: no Ray cluster answers ({}); check the address, or start one with `ray start --head`."
WAIT = 10.0  # seconds for an answer


@contextmanager
def cluster(address: str | None = None) -> Iterator[None]:
    """Be connected to a Ray cluster. A connection that is there already is used and stays.

    Args:
        address: of the cluster, ``HOST:PORT``; ``auto`` for the one that was last started on this machine, ``local``
            for a new one on this machine alone. By default what ``RAY_ADDRESS`` says, else ``local``.

    Raises:
        InputError: Ray is not installed, or no cluster is at the address.
    """
    try:
        import ray
        import ray.data
    except ImportError:
        raise InputError("--ray needs the package ray, which is not installed: pip install mmvis_ext[ray].") from None
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if not re.fullmatch(ADDRESS, address):
        raise InputError(
            f"--ray {address}: is no address of a Ray cluster; give HOST:PORT, auto or local, or put --ray last."
        )
    if ray.is_initialized():
        yield
        return
    if ":" in address:
        _require_answer(address)
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what Ray's processes print is in its folder of logs
    own: dict[str, Any] = dict(include_dashboard=False, object_store_memory=STORE) if address == "local" else {}
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise InputError(NO_ANSWER.format(address, reason)) from None
    try:
        yield
    finally:
        ray.shutdown()


def _require_answer(address: str) -> None:
    """Ray itself would try for minutes."""
    host, _, port = address.partition(":")
    try:
        socket.create_connection((host, int(port)), WAIT).close()
    except (OSError, OverflowError) as error:  # the latter for a port that cannot be
        raise InputError(NO_ANSWER.format(address, error)) from None


def pool_size(workers: int | None, on_cpus: bool) -> tuple[int, float, float]:
    """How many workers there are, and what Ray sets aside for each.

    Args:
        workers: the number that is asked for; by default one for each GPU of the cluster, and where it has none, one
            for every four cores of a machine.
        on_cpus: whether GPUs are left alone.

    Returns:
        Number of workers, and cores and GPUs of each. A machine has room for its share of them, and the smallest one
        for at least one.
    """
    import ray

    machines = [dict(CPU=0, GPU=0) | machine["Resources"] for machine in ray.nodes() if machine["Alive"]]
    with_gpu = [machine for machine in machines if machine["GPU"] and not on_cpus]
    if with_gpu:
        gpus = sum(machine["GPU"] for machine in with_gpu)
        count = workers or int(gpus)
        gpu = min(1, gpus / count)
        return count, _allotment([machine["CPU"] / machine["GPU"] * gpu for machine in with_gpu]), gpu
    cores = [machine["CPU"] for machine in machines if machine["CPU"]]
    count = workers or sum(max(1, int(number // CORES)) for number in cores)
    return count, _allotment([*cores, sum(cores) / count]), 0


def _allotment(cores: list[float]) -> float:
    """The cores of a worker: Ray counts in whole ones, or in parts of one."""
    least = min(CORES, *cores)
    return int(least) if least >= 1 else least


@contextmanager
def quiet() -> Iterator[None]:
    """Ray Data reports nothing but what ends a run."""
    logger = logging.getLogger("ray.data")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)
