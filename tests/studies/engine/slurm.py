"""A SLURM of one machine for tests: controller and node on loopback, without accounting.

``apt-get install slurm-wlm munge`` brings it; it needs root. To try a study by hand, ::

    python -m tests.studies.engine.slurm sgn study run configs/studies/tones.yaml --executor slurm
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMANDS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue")

CONF = """\
ClusterName=here
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
KillWait=2
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def available() -> bool:
    """Whether SLURM is installed and may be started here."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    return os.geteuid() == 0 and all(shutil.which(name, path=path) for name in COMMANDS)


@contextmanager
def slurm(cpus: int = 2) -> Iterator[dict[str, str]]:
    """Run a SLURM; gives the environment in which its commands find it."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "munge.key").write_bytes(os.urandom(1024))
    (folder / "munge.key").chmod(0o400)
    conf = CONF.format(folder=folder, host=socket.gethostname(), cpus=cpus, ports=free_ports(2))
    (folder / "slurm.conf").write_text(conf)
    env = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    env["PATH"] = f"{env['PATH']}:/usr/sbin:/sbin"
    munge = [f"--{what}={folder}/munge.{what.split('-')[0]}" for what in ("key-file", "socket")]
    munge += [f"--pid-file={folder}/munge.pid", f"--log-file={folder}/munge.log"]
    started = []
    try:
        for words in (
            ["munged", "--foreground", "--force", *munge, f"--seed-file={folder}/munge.seed"],
            ["slurmctld", "-D", "-c"],
            ["slurmd", "-D", "-N", "node"],
        ):
            with (folder / f"{words[0]}.out").open("w") as log:
                started.append(subprocess.Popen(words, env=env, stdout=log, stderr=log))
            time.sleep(1)
        deadline = time.monotonic() + 60
        while "idle" not in ask(["sinfo", "--noheader", "--format", "%T"], env):
            if time.monotonic() > deadline:
                logs = [path.read_text()[-1500:] for path in folder.glob("*.log")]
                raise RuntimeError("SLURM does not start\n" + "\n".join(logs))
            time.sleep(0.5)
        yield env
        ask(["scancel", "--partition", "all"], env)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def ask(words: list[str], env: dict[str, str]) -> str:
    """What a command prints."""
    return subprocess.run(words, env=env, capture_output=True, text=True, check=False).stdout


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


if __name__ == "__main__":
    with slurm(os.cpu_count() or 1) as environment:
        sys.exit(subprocess.run(sys.argv[1:], env=environment, check=False).returncode)
