"""What is not the lesson: settings, pictures, files, plots.

Importing it touches environment variables alone: what TensorFlow and Keras read when they start.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig

# Without this TensorFlow trains VGG16 several times slower on some processors.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Without this the first of two kernels takes all of a GPU's memory.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# What is set here for another project would stop our notebooks, or end each training early.
os.environ["KERAS_BACKEND"] = "tensorflow"
for _name in ("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "TF_USE_LEGACY_KERAS"):
    os.environ.pop(_name, None)
# %tensorboard looks on the PATH, which leads to this Python's programs only in its own shell.
_program = shutil.which("tensorboard", path=sysconfig.get_path("scripts"))
if _program:
    os.environ.setdefault("TENSORBOARD_BINARY", _program)

if "ipykernel" in sys.modules and not importlib.util.find_spec("keras"):
    raise ImportError(
        f"This notebook's kernel is {sys.executable}, which lacks Keras.\n"
        "Choose the kernel of the folder .venv, or start Jupyter with `make lab` (README, Start)."
    )
