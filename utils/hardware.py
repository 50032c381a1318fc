"""What this machine is good at: the number format that VGG16 runs fastest in."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
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
