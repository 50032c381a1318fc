"""Which pictures are copies of one another, or nearly so."""

import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

GRID = 12  # places across and down at which brightness is compared
# Correlation of two looks. Of the 259,000 pairs of photographs in ants-bees and cats-dogs none
# reaches 0.63. With itself a photograph has 0.97 or more at another quality or half the size, 0.87
# or more where 2 % of each side is cut off, and mostly 0.6 to 0.8 where it is 5 %.
ALIKE = 0.8
MANY, MOST_OF_A_CLASS = 10, 2 / 3  # of one group in one class


def look_of(picture: np.ndarray) -> bytes:
    """How the brightness of a picture uint8 [side, side, 3] changes to the right and downwards.

    288 numbers (int8, as bytes), all zero for a picture of one colour. Neither light nor contrast
    of the whole picture plays a part.
    """
    small = Image.fromarray(picture).convert("L").resize((GRID + 1, GRID + 1), Image.Resampling.BOX)
    grey = np.asarray(small, "float32")
    changes = np.stack([np.diff(grey, axis=1)[:-1], np.diff(grey, axis=0)[:, :-1]])
    largest = abs(changes).max()
    return np.int8(np.round(changes * (127 / largest if largest else 0))).tobytes()


def duplicates(table: pd.DataFrame, alike: float = ALIKE) -> pd.DataFrame:
    """The pictures of a survey that show the same as another: equal bytes, or looks alike.

    Looks are alike where they correlate by `alike` or more. Columns: group (a number), path, part,
    class, exact (another picture of the group has the same bytes). Where A is like B and B like C,
    all three are one group, as the pictures of a burst are. A group that takes in most of a class
    tells of one camera or one background, not of copies: there only equal bytes count, and
    `attrs["too_alike"]` lists such classes.
    """
    usable = table[table.problem == ""]
    found = usable[["path", "part", "class"]].assign(exact=usable.digest.duplicated(keep=False))
    found.insert(0, "group", _groups(usable, alike))
    together = found.groupby(["group", "class"])["path"].transform("size")
    of_class = found.groupby("class").path.transform("size")
    swallowed = (together >= MANY) & (together > MOST_OF_A_CLASS * of_class)
    too_alike = found.group.isin(found.group[swallowed])
    found["group"] = np.where(too_alike, -1 - pd.factorize(usable.digest)[0], found.group)
    classes = sorted(set(found["class"][swallowed]))
    found = found[found.group.duplicated(keep=False)].sort_values(["group", "path"])
    found["group"] = pd.factorize(found.group)[0]
    found.attrs["too_alike"] = classes
    return found


def _groups(usable: pd.DataFrame, alike: float) -> np.ndarray:
    """A number for each row, the same for those that belong together: int [n]."""
    looks = np.frombuffer(b"".join(usable.look), "int8").astype("float32")
    looks = looks.reshape(len(usable), 2 * GRID**2)
    looks /= np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-9)
    digests, group = pd.factorize(usable.digest)[0], np.arange(len(usable))
    for start in range(0, len(usable), 200):  # groups grow, so no list of all pairs is needed
        rows = slice(start, start + 200)
        near = (looks[rows] @ looks.T >= alike) | (digests[rows, None] == digests)
        left, right = near.nonzero()
        pairs = group[rows][left], group[right]
        graph = coo_array((np.ones(len(left), bool), pairs), shape=(len(usable),) * 2)
        group = connected_components(graph, directed=False)[1][group]
    return group


def across(doubles: pd.DataFrame) -> list[tuple[str, str]]:
    """For each test picture that shows the same as one to train or validate on: (test, other)."""
    is_test = doubles.part == "test"
    others = doubles[~is_test & (doubles.part != "")].drop_duplicates("group")
    others = others.set_index("group").path
    rows = doubles[is_test & doubles.group.isin(others.index)]
    return list(zip(rows.path, others[rows.group], strict=True))
