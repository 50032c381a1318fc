"""What is not the lesson: settings, pictures, files, plots."""

import os

# Without this TensorFlow trains VGG16 several times slower on some processors.
# It reads the variable when it is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
