"""What is not the lesson: data, settings, plots, and the measuring that the notebooks quote."""

import os

# TensorFlow computes with oneDNN by itself only on processors with AVX-512 for neural networks; on
# others it trains VGG16 several times slower for it (measured in notebook 07). It reads the
# variable when it is imported, so this stands here. Who has set it keeps what they set.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
