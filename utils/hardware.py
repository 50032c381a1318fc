"""What this machine is good at: number format, cores and memory."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
MEMINFO = Path("/proc/meminfo")
MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")
ROOMY = 5.0  # gigabytes
BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


def cpu_flags(cpuinfo: Path = CPUINFO) -> set[str]:
    """The CPU's feature flags as Linux lists them; empty where there is no such list."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return set()
    return {flag for line in lines if line.startswith("flags") for flag in line.split()[2:]}


def choose_precision() -> tuple[str, str]:
    """A Keras dtype policy for this machine, and the reason for it.

    bfloat16 doubles the speed on a CPU that computes in it and halves it on one that does not,
    so it is never assumed: without proof the answer is float32.
    """
    capability = gpu_capability()
    if capability is not None and capability >= (8, 0):
        return "mixed_bfloat16", "the GPU computes in bfloat16"
    if capability is not None and capability >= (7, 0):
        return "mixed_float16", "the GPU computes in float16"
    if capability is not None:
        return "float32", "the GPU is not known to gain from a shorter format"
    found = [flag for flag in BFLOAT16_FLAGS if flag in cpu_flags()]
    if found:
        return "mixed_bfloat16", f"the CPU computes in bfloat16 ({found[0]})"
    return "float32", "no sign that this CPU computes in bfloat16"


def gpu_capability() -> tuple[int, int] | None:
    """The first GPU's compute capability, (0, 0) where it is not told, None without a GPU."""
    with _without_startup_log():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        tf.zeros(1)
        tf.get_logger().setLevel("ERROR")  # its hints on retracing are not for learners
    if not gpus:
        return None
    return tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))


@contextlib.contextmanager
def _without_startup_log() -> Iterator[None]:
    """Keep TensorFlow's C++ start-up lines off the screen, where they look like errors.

    They come before any setting can silence them; Python's own errors and warnings still show.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # for what comes after start-up
    kept = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(kept, log.read())  # then they may say why
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


@dataclass(frozen=True)
class Machine:
    """What decides how much this machine can be asked for."""

    cores: int
    gigabytes: float  # of memory; nan where it is not told
    precision: str  # the Keras dtype policy in use

    @property
    def why_slow(self) -> str:
        """Why long measurements are cut short here; empty where they are not."""
        if self.precision == "float32":
            return "this machine has no bfloat16"
        return "this machine has one core" if self.cores < 2 else ""

    @property
    def fast(self) -> bool:
        return not self.why_slow

    @property
    def why_not_roomy(self) -> str:
        """Why large arrays are left out here; empty where they are not."""
        return f"there are {self.gigabytes:.0f} GB of memory" if self.gigabytes < ROOMY else ""

    @property
    def roomy(self) -> bool:
        return not self.why_not_roomy

    def __str__(self) -> str:
        memory = (
            "unknown memory" if self.gigabytes != self.gigabytes else f"{self.gigabytes:.0f} GB"
        )
        return f"{self.cores} cores, {memory}, {self.precision}"


def this_machine(settings) -> Machine:
    """The cores and memory that this process may use, and the precision of the settings."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return Machine(cores, memory_gigabytes(), settings.precision)


def memory_gigabytes(meminfo: Path = MEMINFO, limit: Path = MEMORY_LIMIT) -> float:
    """Memory of the machine, or of the container if that has less; nan where neither is told."""
    found = []
    with contextlib.suppress(OSError, TypeError):
        words = re.search(r"MemTotal:\s*(\d+) kB", meminfo.read_text(encoding="utf-8"))
        found.append(int(words[1]) * 1024 / 1e9)
    with contextlib.suppress(OSError, ValueError):  # "max" means no limit
        found.append(int(limit.read_text(encoding="utf-8")) / 1e9)
    return min(found, default=float("nan"))
