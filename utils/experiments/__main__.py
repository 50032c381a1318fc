"""Record what notebooks 04 to 09 show, in data/results/: CIFAR-10 with ImageNet's weights.

    python -m utils.experiments amount speed    some hours
    python -m utils.experiments old-recipe      the old recipe against ours, 20 minutes
    python -m utils.experiments fine-tuning     what notebook 04 quotes, an hour
    python -m utils.experiments record          fine-tune on all of CIFAR-10, an hour
    python -m utils.experiments memory          data larger than memory, ten minutes, 6 GB of disk
    python -m utils.experiments ingredients     what that recipe loses without each, 20 minutes
    python -m utils.experiments photographs     what 08 shows, of the folder in TRANSFER_DATA
    python -m utils.experiments machines        one worker against two, for 09, ten minutes

An interrupted `amount`, `fine-tuning`, `record` or `photographs` resumes where it was.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import keras
import pandas as pd

from utils import files
from utils.data import load_sets
from utils.experiments import (
    amount,
    fine_tuning,
    full_run,
    machines,
    memory,
    photographs,
    results,
    speed,
    unlike,
)
from utils.experiments.amount import FINE_TUNED, SMALL, part
from utils.settings import Settings, choose_settings

SEEDS = range(5)
COUNTS = (50, 200, 1_000, 5_000)
ALL = ("linear probe after block 4", "linear probe after block 5", FINE_TUNED)


def whole_networks(name: str, seed: int) -> dict[str, int]:
    """Whole networks to be measured, and on how many pictures at most.

    Three seeds get all of them, the others only fine-tuning, and on no more than 1,000.
    """
    most = 5_000 if name == "cifar10" else 200
    return {FINE_TUNED: most, SMALL: most} if seed < 3 else {FINE_TUNED: min(most, 1_000)}


def measure_amount(settings: Settings) -> None:
    cifar = load_sets(settings)

    def draw_cifar(seed):  # 2,000 test pictures that no other seed gets
        sizes = {"train": 5_000, "validation": 1_000, "test": 2_000}
        return replace(cifar, **{k: part(getattr(cifar, k), n, 0, seed) for k, n in sizes.items()})

    draws = {
        "cifar10": draw_cifar,
        "digits": lambda seed: unlike.digits(settings.side, seed=seed),
        "sounds": lambda seed: unlike.sounds(settings.side, seed=seed),
    }
    path = settings.folder / "recorded-amount.csv"  # grows by a seed of one kind of pictures
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["data"], row["seed"], row["case"], row["pictures"]) for row in rows}

    def measure(way, seed, planned):
        missing = [(case, n) for case, n in planned if (way.name, seed, case, n) not in done]
        rows.extend(shown(way.rows(missing, seed)) if missing else ())
        keep(rows, path)

    measurements = {name: amount.Measurements(name, draw, settings) for name, draw in draws.items()}
    for seed in SEEDS:
        for name in draws:
            labels = draws[name](seed).train.labels
            planned = amount.plan(labels, COUNTS, whole_networks(name, seed))
            measure(measurements[name], seed, planned)
    everything = amount.Measurements("cifar10", lambda seed: cifar, settings)
    measure(everything, 0, [(case, len(cifar.train)) for case in ALL])
    about = results.provenance(settings, "python -m utils.experiments amount")
    results.save("amount", pd.DataFrame(rows), about)
    path.unlink()


def shown(rows):
    """The rows, printed as they come."""
    for row in rows:
        print(*row.values(), flush=True)
        yield row


def keep(rows: list[dict], path: Path) -> None:
    """Write what there is so far."""
    with files.whole_file(path) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False)


def measure_speed(settings: Settings) -> None:
    sets, curves = load_sets(settings), []
    validation = part(sets.validation, 1_000)
    for seed in range(3):
        some = replace(sets, train=part(sets.train, 2_000, seed), validation=validation)
        ways = speed.levers(settings, budget=45)
        rows = speed.measure_ways(ways, some, settings, seed=seed, checks=6, as_many_pictures=True)
        curves += [row | {"seed": seed} for row in shown(rows)]
    few = replace(sets, train=part(sets.train, 1_000))
    sizes = pd.DataFrame(shown(speed.measure_sizes(few, settings, sides=(32, 48, 64, 96))))
    about = results.provenance(settings, "python -m utils.experiments speed")
    results.save("steps", pd.DataFrame(curves)[results.COLUMNS["steps"]], about)
    results.save("sizes", sizes, about)


def measure_old_recipe(settings: Settings) -> None:
    settings = replace(settings, side=48)
    sets = load_sets(settings)
    sets = replace(sets, validation=part(sets.validation, 2_000))
    ways = speed.old_recipes(settings, budget=300)
    table = pd.DataFrame(shown(speed.measure_ways(ways, sets, settings)))
    about = results.provenance(settings, "python -m utils.experiments old-recipe")
    results.save("old-recipe", table, about | {"validation_pictures": len(sets.validation)})


EXPERIMENTS = {
    "amount": measure_amount,
    "speed": measure_speed,
    "old-recipe": measure_old_recipe,
    "fine-tuning": fine_tuning.run,
    "memory": memory.run,
    "ingredients": full_run.measure_ingredients,
    "record": full_run.run,
    "photographs": photographs.run,
    "machines": machines.run,
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
