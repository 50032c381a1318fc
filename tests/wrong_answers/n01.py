"""Typical wrong answers to the exercises of notebook 01, and words of the hint they get."""

NAIVE = """
import numpy as np
from sklearn.model_selection import train_test_split

in_order = np.argsort(train_pool.labels, kind="stable")
tenth = max(num_classes, len(in_order) // 10)
naive_train, naive_validation = in_order[:-tenth], in_order[-tenth:]

classes_in_naive_validation = len(set(train_pool.labels[naive_validation]))
"""
DOUBTFUL = """
import numpy as np

rng = np.random.default_rng(0)
taken = rng.choice(len(sets.train), size=20)
doubtful = np.concatenate([sets.validation.images, sets.train.images[taken]])
rng.shuffle(doubtful)
"""

WRONG = {
    "1.1": [
        (
            NAIVE + "classes_in_naive_validation = num_classes\n"
            "train_rows, validation_rows = naive_train, naive_validation",
            "how many different ones",
        ),
        (
            NAIVE + "train_rows, validation_rows = naive_train, naive_validation",
            "whatever you cut off in one piece",
        ),
        (
            NAIVE + "train_rows, validation_rows = train_test_split(\n"
            "    in_order, test_size=tenth, random_state=0\n"
            ")",
            "the classes' counts go from",
        ),
        (
            # the labels are the pool's, the rows another order
            NAIVE + "train_rows, validation_rows = train_test_split(\n"
            "    in_order, test_size=tenth, stratify=train_pool.labels, random_state=0\n"
            ")",
            "follow the order of your rows",
        ),
        (
            NAIVE + "train_rows, validation_rows = in_order, in_order[::10]",
            "rows are in both sets",
        ),
        (
            NAIVE + "validation_rows, train_rows = train_test_split(\n"
            "    np.arange(len(in_order)), test_size=tenth, stratify=train_pool.labels\n"
            ")",
            "In which order",
        ),
    ],
    "1.2": [
        (
            DOUBTFUL + "copied = [np.array_equal(one, other)\n"
            "          for one, other in zip(doubtful, sets.train.images, strict=False)]",
            "not only of the one in the same place",
        ),
        (DOUBTFUL + "copied = np.isin(doubtful, sets.train.images)", "yes and no for each of"),
        (
            DOUBTFUL + "copied = np.isin(doubtful, sets.train.images).all(axis=(1, 2, 3))",
            "have no equal in the training set",
        ),
        (
            DOUBTFUL + "known = {image.tobytes() for image in sets.train.images}\n"
            "copied = [image.tobytes() not in known for image in doubtful]",
            "Turn it round",
        ),
    ],
}
