"""Which precision suits this computer; TensorFlow and Keras start here."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = ("avx512_bf16", "amx_bf16")


def cpu_flags(cpuinfo: Path = CPUINFO) -> set[str]:
    """Return the CPU's feature flags as Linux lists them; empty where there is no such list."""
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.is_file() else []
    return {flag for line in lines if line.startswith("flags") for flag in line.split()[2:]}


def choose_precision() -> tuple[str, str]:
    """Return the Keras dtype policy that suits this computer, and the reason.

    bfloat16 doubles the speed of a CPU that computes in it and halves that of one that does not,
    so without evidence the answer is float32.
    """
    capability = gpu_capability()
    if capability is None:
        found = [flag for flag in BFLOAT16_FLAGS if flag in cpu_flags()]
        if found:
            return "mixed_bfloat16", f"the CPU computes in bfloat16 ({found[0]})"
        return "float32", "no sign that this CPU computes in bfloat16"
    if capability >= (8, 0):
        return "mixed_bfloat16", "the GPU computes in bfloat16"
    if capability >= (7, 0):
        return "mixed_float16", "the GPU computes in float16"
    return "float32", "the GPU is not known to gain from 16 bits"


def gpu_capability() -> tuple[int, int] | None:
    """Return the first GPU's compute capability, (0, 0) if unknown, or None without a GPU.

    TensorFlow starts here. It takes a GPU's memory as needed, so that two kernels can share it.
    """
    with _without_startup_log():
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        for gpu in gpus:
            with contextlib.suppress(RuntimeError, ValueError):  # too late: it is in use
                tf.config.experimental.set_memory_growth(gpu, True)
        tf.zeros(1)
        tf.get_logger().setLevel("ERROR")  # its hints on retracing are not for learners
    details = tf.config.experimental.get_device_details
    return details(gpus[0]).get("compute_capability", (0, 0)) if gpus else None


def start_keras() -> None:
    """Import Keras and give it its own defaults, whatever a keras.json of another project says.

    Raises:
        RuntimeError: Keras was imported before, and computes with something else than TensorFlow.
    """
    import keras

    if keras.config.backend() != "tensorflow":
        raise RuntimeError(
            f"Keras has started with {keras.config.backend()}; the notebooks need TensorFlow.\n"
            "Restart the kernel and execute this cell before any other that imports Keras."
        )
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)


@contextlib.contextmanager
def _without_startup_log() -> Iterator[None]:
    """Hide harmless lines of TensorFlow's C++ code that look like errors; exceptions still show."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # the first lines ignore this
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
