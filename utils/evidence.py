"""Record the measurements that notebooks 06 and 07 and README quote, in data/results/.

    make evidence                        all of it; about two hours without bfloat16
    make evidence ONLY=amount            one experiment: amount, speed or rivals; ingredients
                                         and optimizers are no part of all
    python -m utils.evidence sentences   only put what is recorded into the sentences

It works on CIFAR-10 (TRANSFER_DATA) with the bundled weights. An interrupted `amount` or
`ingredients` goes on where it was; delete outputs/evidence to measure anew. The record run has its
own command (utils/record_run.py), and so has the comparison with PyTorch (utils/pytorch_rate.py).
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import keras
import pandas as pd

from utils import amount, data, files, record, results, rivals, sentences, speed, unlike
from utils.data import PictureSet, PictureSets
from utils.settings import Settings, choose_settings

SEEDS = range(3)
COUNTS = (50, 200, 1_000, 5_000)


def part(pictures: PictureSet, count: int) -> PictureSet:
    """`count` of the pictures, each class with its share: a whole set may be in their order."""
    rows = amount.subset(pictures.labels, count, seed=0)
    return PictureSet(pictures.images[rows], pictures.labels[rows])


def a_tenth(sets: PictureSets, validation: int = 1_000) -> PictureSets:
    """A tenth of the training pictures and some of the validation pictures."""
    return replace(
        sets,
        train=part(sets.train, len(sets.train) // 10),
        validation=part(sets.validation, validation),
    )


def go_on(name: str, rows: Callable[[set], Iterable[dict]], settings: Settings, keys: list[str]):
    """Collect rows in outputs/evidence/NAME.csv, leaving out those that it already holds."""
    path = settings.outputs / "evidence" / f"{name}.csv"
    kept = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {tuple(row[key] for key in keys) for row in kept}
    for row in rows(done):
        kept.append(row)
        print(", ".join(f"{k} {v:.4g}" if isinstance(v, float) else str(v) for k, v in row.items()),
              flush=True)  # fmt: skip
        with files.whole_file(path) as temporary:
            pd.DataFrame(kept).to_csv(temporary, index=False)
    return pd.DataFrame(kept)[results.COLUMNS[name]]


def measure_amount(settings: Settings) -> None:
    cifar = data.load_sets(settings)
    toys = data.load_sets(replace(settings, data="toys", size="default"))
    cifar = PictureSets(
        part(cifar.train, COUNTS[-1]),
        part(cifar.validation, 1_000),
        part(cifar.test, 1_000),
        class_names=cifar.class_names,
    )
    similar = {"from scratch": COUNTS[:3], "fine-tuned": COUNTS}
    others = {"from scratch": COUNTS[:2], "fine-tuned": COUNTS[:2]}
    plan = {  # data: pictures, counts, counts of a whole network
        "cifar10": (cifar, COUNTS, similar),
        "toys": (toys, COUNTS[:3], {}),
        "digits": (unlike.digits(settings.side), COUNTS[:3], others),
        "sounds": (unlike.sounds(settings.side), COUNTS[:3], {}),
    }

    def rows(done):
        for name, (sets, counts, whole_counts) in plan.items():
            if any(key[0] == name for key in done):
                print(f"{name}: measured before")
                continue
            yield from list(  # all of a data set or nothing
                amount.measure(
                    name, sets, settings, counts=counts, seeds=SEEDS, whole_counts=whole_counts
                )
            )

    about = record.provenance(settings, "make evidence") | {"test_pictures": len(cifar.test)}
    table = go_on("amount", rows, settings, ["data"])
    table = table.sort_values("data", key=lambda names: names.map(list(plan).index), kind="stable")
    results.save("amount", table, about)


def measure_speed(settings: Settings) -> None:
    sets = data.load_sets(settings)
    sets = replace(sets, validation=part(sets.validation, 1_000))
    about = record.provenance(settings, "make evidence")
    steps = pd.DataFrame(speed.measure_steps(sets, settings, pictures=1_000, epochs=4))
    print(steps.to_string(index=False), flush=True)
    results.save("steps", steps, about)
    sizes = speed.measure_sizes(sets, settings, sides=(32, 48, 64), pictures=500)
    print(sizes.to_string(index=False), flush=True)
    results.save("sizes", sizes, about)
    counts = (250, 500, 1_000, 2_000)
    growth = pd.DataFrame(speed.measure_growth(sets, settings, counts=counts, epochs=3))
    print(growth.to_string(index=False), flush=True)
    results.save("growth", growth, about)


def measure_rivals(settings: Settings) -> None:
    sets = a_tenth(data.load_sets(settings))
    about = record.provenance(settings, "make evidence")
    rows = rivals.our_recipes(sets, settings) + rivals.old_recipe(sets, settings, epochs=2)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False), flush=True)
    results.save("recipes", table, about)
    print("Times as fast to the same validation accuracy:", rivals.times_as_fast(table))


def measure_ingredients(settings: Settings) -> None:
    sets = a_tenth(data.load_sets(settings))
    about = record.provenance(settings, "make evidence ONLY=ingredients")
    about["validation_pictures"] = len(sets.validation)

    def rows(done):
        return rivals.measure_ingredients(sets, settings, seeds=range(1), done=done)

    results.save("ingredients", go_on("ingredients", rows, settings, ["recipe", "seed"]), about)


def measure_optimizers(settings: Settings) -> None:
    sets = a_tenth(data.load_sets(settings))
    about = record.provenance(settings, "make evidence ONLY=optimizers")
    table = pd.DataFrame(rivals.compare_optimizers(sets, settings))
    print(table.to_string(index=False), flush=True)
    results.save("optimizers", table, about)


def compare_with_pytorch(settings: Settings, python: str, steps: int = 4) -> None:
    """Both in turns, three rounds, each in a process of its own while the other waits."""
    rows, versions = [], {}
    for turn in range(3):
        for side, batch_size in ((32, 64), (32, 128)):
            script = Path(__file__).with_name("pytorch_rate.py")
            words = [str(n) for n in (side, batch_size, steps)]
            words.append(settings.precision.removeprefix("mixed_"))
            done = subprocess.run(
                [python, str(script), *words], capture_output=True, text=True, check=True
            )
            answer = json.loads(done.stdout.splitlines()[-1])
            versions["torch"] = answer["torch"]
            command = [sys.executable, "-m", "utils.speed", *words[:3], settings.precision]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            ours = float(done.stdout.split()[-1])
            for library, rate in (("PyTorch", answer["rate"]), ("Keras", ours)):
                row = (library, side, batch_size, turn, rate)
                rows.append(dict(zip(results.COLUMNS["pytorch"], row, strict=True)))
                print(*row, flush=True)
    command = "python -m utils.evidence pytorch --python .venv-torch/bin/python"
    about = record.provenance(settings, command)
    about["versions"] |= versions
    results.save("pytorch", pd.DataFrame(rows), about)


EXPERIMENTS = {
    "amount": measure_amount,
    "speed": measure_speed,
    "rivals": measure_rivals,
    "ingredients": measure_ingredients,
    "optimizers": measure_optimizers,
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"{', '.join(EXPERIMENTS)}, pytorch or sentences")
    parser.add_argument("--python", help="for pytorch: the Python that has it")
    options = parser.parse_args(arguments)
    known = [*EXPERIMENTS, "pytorch", "sentences"]
    wrong = [name for name in options.names if name not in known]
    if wrong or ("pytorch" in options.names and not options.python):
        print(f"{', '.join(wrong) or 'pytorch'}: give {', '.join(known)}; pytorch with --python.")
        return 2
    if options.names != ["sentences"]:
        settings = choose_settings(weights="bundled", size="full", side=32)
        print(settings, flush=True)
        if settings.data == "toys":
            print("The evidence is about CIFAR-10: set TRANSFER_DATA to it or its folder.")
            return 1
        keras.config.set_dtype_policy(settings.precision)
        for name in options.names or ("amount", "speed", "rivals"):
            if name == "pytorch":
                compare_with_pytorch(settings, options.python)
            elif name in EXPERIMENTS:
                EXPERIMENTS[name](settings)
    sentences.fill_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
