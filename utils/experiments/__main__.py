"""Record the measurements that notebooks 06 and 07 show, in data/results/.

    python -m utils.experiments amount speed    about two hours without bfloat16
    python -m utils.experiments record          fine-tune on all of CIFAR-10, an hour

They measure CIFAR-10 (TRANSFER_DATA) with ImageNet's weights. An interrupted `amount` or `record`
resumes where it was.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace

import keras
import pandas as pd

from utils import files
from utils.data import PictureSet, PictureSets, load_sets
from utils.experiments import amount, record, results, speed, unlike
from utils.settings import Settings, choose_settings

SEEDS = range(3)
COUNTS = (50, 200, 1_000, 5_000)


def part(pictures: PictureSet, count: int) -> PictureSet:
    """`count` of the pictures, with the classes' fractions."""
    rows = amount.subset(pictures.labels, count, seed=0)
    return PictureSet(pictures.images[rows], pictures.labels[rows])


def measure_amount(settings: Settings) -> None:
    cifar = load_sets(settings)
    cifar = PictureSets(
        part(cifar.train, COUNTS[-1]),
        part(cifar.validation, 1_000),
        part(cifar.test, 1_000),
        cifar.class_names,
    )
    toys = load_sets(replace(settings, data="toys", size="default"))
    digits, sounds = unlike.digits(settings.side), unlike.sounds(settings.side)
    plan = {  # data: pictures, up to how many of them whole networks are trained on
        "cifar10": (cifar, {"from scratch": 1_000, "fine-tuned": COUNTS[-1]}),
        "toys": (toys, {}),
        "digits": (digits, {"from scratch": 200, "fine-tuned": 200}),
        "sounds": (sounds, {}),
    }
    about = results.provenance(settings, "python -m utils.experiments amount")
    about["test_pictures"] = len(cifar.test)
    path = settings.folder / "recorded-amount.csv"  # grows by one data set at a time
    table = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=results.COLUMNS["amount"])
    for name, (sets, whole) in plan.items():
        if name in set(table.data):
            print(f"{name}: already in {path.name}")
            continue
        rows = []
        for row in amount.measure(name, sets, settings, counts=COUNTS, seeds=SEEDS, whole=whole):
            print(*row.values(), flush=True)
            rows.append(row)
        table = pd.concat([table, pd.DataFrame(rows)]) if len(table) else pd.DataFrame(rows)
        with files.whole_file(path) as temporary:
            table.to_csv(temporary, index=False)
    results.save("amount", table, about)


def measure_speed(settings: Settings) -> None:
    sets = load_sets(settings)
    sets = replace(sets, train=part(sets.train, 2_000), validation=part(sets.validation, 1_000))
    about = results.provenance(settings, "python -m utils.experiments speed")
    tables = {
        "steps": speed.measure_steps(sets, settings, pictures=1_000, epochs=4),
        "sizes": speed.measure_sizes(sets, settings, sides=(32, 48, 64), pictures=500),
        "growth": speed.measure_growth(sets, settings, counts=(250, 500, 1_000, 2_000), epochs=3),
    }
    for name, rows in tables.items():
        table = pd.DataFrame(rows)
        print(table.to_string(index=False), flush=True)
        results.save(name, table, about)


EXPERIMENTS: dict[str, Callable[[Settings], None]] = {
    "amount": measure_amount,
    "speed": measure_speed,
    "record": record.run,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("utils.experiments", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="+", choices=EXPERIMENTS, help="what to measure")
    names = parser.parse_args(arguments).names
    settings = choose_settings(weights="imagenet", size="full")
    print(settings, flush=True)
    if settings.data == "toys":
        print("The experiments are about CIFAR-10: set TRANSFER_DATA to cifar10 or its folder.")
        return 1
    keras.config.set_dtype_policy(settings.precision)
    for name in names:
        EXPERIMENTS[name](settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
