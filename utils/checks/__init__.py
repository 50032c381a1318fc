"""What the exercises' checks look at: `nNN.py` for notebook NN, `check_K` for its exercise K."""
