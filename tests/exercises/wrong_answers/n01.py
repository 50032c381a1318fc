"""Wrong answers to the exercises of notebook 01, and words of the hints that they get."""

from types import SimpleNamespace

COUNTED = "classes_in_naive_validation = len(set(train_pool.labels[naive_validation]))\n"


def given(sets, settings):
    return {"train_pool": SimpleNamespace(labels=sets.train.labels)}


WRONG = {
    "1.1": [
        (
            "classes_in_naive_validation = num_classes\n"
            "train_rows, validation_rows = naive_train, naive_validation",
            "how many different ones",
        ),
        (
            COUNTED + "train_rows, validation_rows = naive_train, naive_validation",
            "a piece cut off one end",
        ),
        (
            # the labels are in the pool's order, the rows are not
            COUNTED + "train_rows, validation_rows = train_test_split(\n"
            "    in_order, test_size=tenth, stratify=train_pool.labels, random_state=0\n"
            ")",
            "follow the order of your rows",
        ),
        (
            COUNTED + "train_rows, validation_rows = in_order, in_order[::10]",
            "pictures that the network was trained on",
        ),
    ],
    "1.2": [
        (
            "copied = [np.array_equal(one, other)\n"
            "          for one, other in zip(doubtful, sets.train.images, strict=False)]",
            "not only of the one in the same place",
        ),
        ("copied = np.isin(doubtful, sets.train.images)", "True and False for each of"),
        (
            "copied = np.isin(doubtful, sets.train.images).all(axis=(1, 2, 3))",
            "are not in the training set",
        ),
    ],
}
