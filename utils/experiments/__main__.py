"""Record what notebooks 06 and 07 show, in data/results/: CIFAR-10 with ImageNet's weights.

    python -m utils.experiments amount speed    some hours
    python -m utils.experiments record          fine-tune on all of CIFAR-10, an hour

An interrupted `amount` or `record` resumes where it was.
"""

import argparse
import sys
from dataclasses import replace

import keras
import pandas as pd

from utils import files
from utils.data import load_sets
from utils.experiments import amount, full_run, results, speed, unlike
from utils.experiments.amount import part
from utils.settings import Settings, choose_settings

SEEDS = range(3)
COUNTS = (50, 200, 1_000, 5_000)


def measure_amount(settings: Settings) -> None:
    cifar = load_sets(settings)
    train, few = part(cifar.train, COUNTS[-1]), part(cifar.validation, 1_000)
    cifar = replace(cifar, train=train, validation=few, test=part(cifar.test, 1_000))
    toys = load_sets(replace(settings, data="toys", size="default"))
    data = {  # name: pictures, and up to how many of them whole networks are trained on
        "cifar10": (cifar, {"from scratch": 1_000, "fine-tuned": COUNTS[-1]}),
        "toys": (toys, {}),
        "digits": (unlike.digits(settings.side), {"from scratch": 200, "fine-tuned": 200}),
        "sounds": (unlike.sounds(settings.side), {}),
    }
    about = results.provenance(settings, "python -m utils.experiments amount")
    path = settings.folder / "recorded-amount.csv"  # grows by one row at a time
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["data"], row["case"], row["pictures"], row["seed"]) for row in rows}
    for name, (sets, whole) in data.items():
        keys = amount.plan(sets.train.labels, COUNTS, SEEDS, whole)
        keys = [key for key in keys if (name, *key) not in done]
        for row in amount.measure(name, sets, settings, keys) if keys else ():
            print(*row.values(), flush=True)
            rows.append(row)
            with files.whole_file(path) as temporary:
                pd.DataFrame(rows).to_csv(temporary, index=False)
    results.save("amount", pd.DataFrame(rows), about | {"test_pictures": len(cifar.test)})
    path.unlink(missing_ok=True)


def measure_speed(settings: Settings) -> None:
    sets = load_sets(settings)
    sets = replace(sets, train=part(sets.train, 1_000), validation=part(sets.validation, 1_000))
    about = results.provenance(settings, "python -m utils.experiments speed")
    tables = {
        "steps": speed.measure_steps(sets, settings, pictures=1_000, epochs=4),
        "sizes": speed.measure_sizes(sets, settings, sides=(32, 48, 64), pictures=500),
    }
    for name, rows in tables.items():
        table = pd.DataFrame(rows)
        print(table.to_string(index=False), flush=True)
        results.save(name, table, about)


EXPERIMENTS = {"amount": measure_amount, "speed": measure_speed, "record": full_run.run}


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
