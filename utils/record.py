"""Keep a run's scoreboard in data/results/, with what it takes to make it again.

    TRANSFER_DATA=toys TRANSFER_WEIGHTS=bundled python -m utils.record toys --command "..."

after the command that made it, with the settings it was made with.

Writes NAME.csv (numbers only) and NAME.json (where they come from), and puts the table into
README.md and the front page, between its marks; with `toys` also the notebooks' minutes and the
overview picture.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd

from utils import files, hardware
from utils.results import RESULTS
from utils.settings import REPOSITORY, Settings, choose_settings, describe

PAGES = (  # where results are quoted, notebooks aside
    REPOSITORY / "README.md",
    REPOSITORY / "README.zh-CN.md",
    REPOSITORY / "notebooks" / "index.md",
    REPOSITORY / "notebooks" / "teaching.md",
)
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")


def provenance(settings: Settings, command: str) -> dict:
    """Where a result comes from: how it was made, of what, with which versions, on what machine."""
    from utils import training  # here, because it imports TensorFlow

    def git(*words: str) -> subprocess.CompletedProcess:
        return subprocess.run(["git", *words], cwd=REPOSITORY, capture_output=True, text=True)

    revision = git("rev-parse", "--short", "HEAD").stdout.strip() or "unknown"
    changed = git("diff", "--quiet", "HEAD", "--", "utils").returncode  # notebooks always are
    chosen = describe(settings)
    for name in ("data", "weights"):  # a path on this machine is nobody else's business
        chosen[name] = Path(chosen[name]).name
    return {
        "command": command,
        "seed": training.SEED,
        "revision": revision + (", utils changed since" if changed else ""),
        "settings": chosen,
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES}
        | {"python": platform.python_version()},
        "machine": f"{cpu_name()}, {os.cpu_count()} cores, {platform.system()}",
        "date": datetime.date.today().isoformat(),
    }


def cpu_name(cpuinfo: Path = hardware.CPUINFO) -> str:
    """The processor as Linux names it, elsewhere what Python knows of it."""
    try:
        names = re.findall(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf-8"))
    except OSError:
        names = []
    return names[0].strip() if names else platform.processor() or platform.machine()


def readme_table(board: pd.DataFrame) -> str:
    """The scoreboard as a Markdown table."""
    lines = [
        "| way of training | test accuracy | trained parameters | seconds |",
        "|---|---|---|---|",
    ]
    for row in board.itertuples():
        numbers = f"{row.test_accuracy:.3f} | {row.trainable_parameters:,} | {row.seconds:.0f}"
        lines.append(f"| {row.case} | {numbers} |")
    return "\n".join(lines)


def put_into_pages(mark: str, content: str) -> None:
    """Replace what stands between `<!-- mark -->` and the next `<!-- end -->`, wherever it does."""
    marked, times = rf"(<!-- {mark} -->\n?).*?(\n?<!-- end -->)", 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        changed, found = re.subn(marked, lambda m: m[1] + content + m[2], text, flags=re.DOTALL)
        if changed != text:
            with files.whole_file(page) as temporary:
                temporary.write_text(changed, encoding="utf-8")
        times += found
    if not times:
        names = " nor in ".join(page.name for page in PAGES)
        raise ValueError(f"No place is marked <!-- {mark} -->, neither in {names}.")


def recorded_minutes() -> dict[str, float]:
    """Minutes that each committed notebook took when it was last refreshed."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["metadata"]["recorded_seconds"] / 60
        for path in sorted((REPOSITORY / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    }


def draw_overview(settings: Settings) -> None:
    """data/figures/overview.png: toys, the network, and what the frozen case says of a picture."""
    import keras

    from utils import data, diagrams, plots
    from utils.runs import run_folder

    plots.use_style()
    sets = data.load_sets(settings)
    network = keras.models.load_model(run_folder(settings, "frozen base") / "model.keras")
    answers = network.predict(sets.test.images[:16], verbose=0)
    one = int(answers.max(axis=1).argsort()[8])  # neither the surest nor the least sure
    answer = dict(zip(sets.class_names, answers[one].tolist(), strict=True))
    with files.whole_file(REPOSITORY / "data" / "figures" / "overview.png") as temporary:
        diagrams.draw_overview(sets.train.images[:16], sets.test.images[one], answer, temporary)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="the scoreboard's name, such as toys or cifar10")
    parser.add_argument("--command", required=True, help="the command that made it")
    options = parser.parse_args(arguments)
    settings = choose_settings()
    if Path(settings.data).name != options.name:
        print(f"The pictures are {settings.data}, not {options.name}: set TRANSFER_DATA.")
        return 1
    path = settings.folder / "scoreboard.csv"
    if not path.exists():
        print(f"There is no scoreboard.csv of {settings.edition} yet: execute notebook 05.")
        return 1
    board = pd.read_csv(path)
    with files.whole_file(RESULTS / f"scoreboard-{options.name}.csv") as temporary:
        board.to_csv(temporary, index=False)
    about = provenance(settings, options.command)
    files.write_json(RESULTS / f"scoreboard-{options.name}.json", about)
    put_into_pages(f"scoreboard {options.name}", readme_table(board))
    if options.name == "toys":
        for notebook, minutes in recorded_minutes().items():
            put_into_pages(f"minutes {notebook[:2]}", f"{minutes:.1f}")
        draw_overview(settings)
    print(f"Recorded scoreboard-{options.name}.csv, its provenance and the table in README.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
