"""Executors of cells: processes on this machine, or jobs of a SLURM cluster, both by submitit."""

import os
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sgn_sciml.studies.engine.specs import CellSpec
from sgn_sciml.studies.engine.store import StudyFolder
from sgn_sciml.studies.engine.work import Work

__all__ = ["Executor", "Local", "Slurm"]

CellGroup = Sequence[CellSpec]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
FOREVER = 60 * 24 * 365  # minutes
ARRAY = 1000  # tasks of a job array; clusters allow 1001 unless told otherwise


@dataclass(frozen=True)
class Executor(ABC):
    """Runs groups of cells somewhere.

    Attributes:
        threads: CPU threads of a process.
        gpus: GPUs of a process.
    """

    threads: int = 1
    gpus: int = 0

    @abstractmethod
    def run(self, folder: StudyFolder, groups: Sequence[CellGroup], word: str) -> Iterator[None]:
        """Run groups; comes back now and then until nothing runs any more.

        Args:
            folder: Folder of the study.
            groups: What to run.
            word: What the folder's lock holds meanwhile.
        """

    def submitter(self, folder: StudyFolder, cluster: str, **options: Any) -> Any:
        """Submitit's executor."""
        try:
            import submitit
        except ImportError as error:
            raise ValueError("studies run by submitit: pip install submitit") from error
        made = submitit.AutoExecutor(folder.path / "jobs", cluster=cluster)
        made.update_parameters(**options)
        return made


@dataclass(frozen=True)
class Local(Executor):
    """Processes on this machine, which end with the one that started them.

    Attributes:
        jobs: Processes at a time.
    """

    jobs: int = 1

    def run(self, folder: StudyFolder, groups: Sequence[CellGroup], word: str) -> Iterator[None]:
        submitter = self.submitter(
            folder, "local", timeout_min=FOREVER, gpus_per_node=self.gpus, tasks_per_node=1
        )
        waiting, running = deque(groups), list[tuple[Any, list[CellGroup]]]()
        while waiting or running:
            for job, part in list(running):
                if job.done():
                    running.remove((job, part))
                    waiting.extendleft(reversed(left_by(folder, part)))
            while waiting and len(running) < self.jobs:
                # A process costs seconds to start: many groups at first, one by one in the end.
                count = max(1, len(waiting) // (4 * self.jobs))
                part = [waiting.popleft() for _ in range(count)]
                with single_threaded(self.threads):
                    job = submitter.submit(Work(folder.path, part, self.threads, word))
                running.append((job, part))
            yield
            time.sleep(0.1)


@dataclass(frozen=True)
class Slurm(Executor):
    """Job arrays on a SLURM cluster, a task for some groups; jobs outlive the command.

    A pre-empted or requeued task runs again and skips what is done. One that reaches its time
    limit is requeued up to three times.

    Attributes:
        partition: Partition; the cluster's default when None.
        minutes: Time limit of a task.
        at_once: Tasks at a time.
        per_task: Groups of a task.
    """

    partition: str | None = None
    minutes: int = 60
    at_once: int = 256
    per_task: int = 1

    def run(self, folder: StudyFolder, groups: Sequence[CellGroup], word: str) -> Iterator[None]:
        if shutil.which("sbatch") is None:
            raise ValueError("--executor slurm: there is no sbatch on this machine")
        name = f"sgn-{sha256(str(folder.path.resolve()).encode()).hexdigest()[:10]}"
        waiting = queued(name)
        if waiting is None:
            raise ValueError("--executor slurm: the cluster does not answer; does squeue work?")
        if waiting:
            raise ValueError(
                f"jobs of this study are in the queue still; wait, or: scancel --name {name}"
            )
        options: dict[str, Any] = {
            "name": name,
            "timeout_min": self.minutes,
            "cpus_per_task": self.threads,
            "slurm_array_parallelism": self.at_once,
            "slurm_signal_delay_s": min(90, self.minutes * 30),
            "slurm_additional_parameters": {"requeue": True},
        }
        options |= {"slurm_partition": self.partition} if self.partition else {}
        options |= {"gpus_per_node": self.gpus} if self.gpus else {}
        submitter = self.submitter(folder, "slurm", **options)
        size = self.per_task
        parts = [groups[i : i + size] for i in range(0, len(groups), size)]
        works = [Work(folder.path.resolve(), part, self.threads) for part in parts]
        for i in range(0, len(works), ARRAY):
            with single_threaded(self.threads), submitter.batch():
                for work in works[i : i + ARRAY]:
                    submitter.submit(work)
        while queued(name) is not False:  # a cluster may be silent for a while
            yield
            time.sleep(2)


def queued(name: str) -> bool | None:
    """Whether jobs of a name are waiting or running; None if the cluster does not answer.

    Accounting, which submitit would ask, is not set up on every cluster; the queue is.
    """
    command = ["squeue", "--noheader", "--name", name, "--format", "%i"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode else bool(done.stdout.strip())


def left_by(folder: StudyFolder, part: Sequence[CellGroup]) -> list[CellGroup]:
    """Groups that a process has left when it died; the one that it died in is recorded so."""
    left = [g for g in part if any(folder.record(s).status == "missing" for s in g)]
    for spec in left[0] if left else ():
        if folder.record(spec).status == "missing":
            folder.write_failure(spec, "the process died, perhaps for lack of memory", {})
    return left[1:]


@contextmanager
def single_threaded(threads: int) -> Iterator[None]:
    """Processes that start within have so many threads; libraries read it as they start."""
    old = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
