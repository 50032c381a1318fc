"""Try everything that can go wrong, and record what happens: data/results/faults.csv.

    python -m tests.faults                      all of it, some hours
    python -m tests.faults inputs servers       only these; the other kinds stay as recorded
    python -m tests.faults kills --times 3      three kills instead of twenty; nothing is recorded

Kinds: kills, inputs, servers, disks, notebooks. An interrupted run goes on where it was, unless the
code is of another revision by then.
The exit status is 1 if anything is not as it should be.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

import pandas as pd

from tests.faults import disks, inputs, kills, notebooks, servers
from tests.faults.trying import NOT_TRIED, Fault
from utils import files
from utils.experiments import results
from utils.settings import choose_settings, outputs_folder

KINDS = {"kills": kills, "inputs": inputs, "servers": servers, "disks": disks,
         "notebooks": notebooks}  # fmt: skip


def key_of(fault: Fault) -> str:
    return f"{fault.kind}: {fault.name}"


def forget(faults: list[Fault], kept: Path) -> None:
    """Drop what an interrupted run has kept of these faults, and of no others."""
    names = {key_of(fault) for fault in faults}
    others = {key: tries for key, tries in files.read_json(kept).items() if key not in names}
    files.write_json(kept, others) if others else kept.unlink(missing_ok=True)


def row_of(fault: Fault, tries: list[dict]) -> dict:
    """A row of the table; what the first wrong try said, if there was one."""
    right = sum(one["right"] for one in tries)
    said = next((one for one in tries if not one["right"]), tries[-1])["said"]
    seconds = max(one["seconds"] for one in tries)
    peak = max((one["megabytes"] for one in tries if one["megabytes"]), default=float("nan"))
    values = (fault.kind, fault.name, len(tries), right, said, seconds, peak)
    as_it_should = "not tried" if said.startswith(NOT_TRIED) else "yes"
    values += (as_it_should if right == len(tries) else "NO",)
    return dict(zip(results.COLUMNS["faults"], values, strict=True))


def try_all(faults: Iterable[Fault], kept: Path) -> pd.DataFrame:
    """One row for each; the tries that ended as they should before an interruption are `kept`."""
    known, rows = files.read_json(kept), []
    for fault in faults:
        key = key_of(fault)
        tries = [one for one in known.get(key, []) if one["right"]][: fault.times]
        while len(tries) < fault.times:
            with tempfile.TemporaryDirectory(prefix="faults-") as folder:
                tries.append(asdict(fault.attempt(Path(folder).resolve(), len(tries))))
            files.write_json(kept, known | {key: tries})
        known[key] = tries
        rows.append(row_of(fault, tries))
        print(*rows[-1].values(), sep="; ", flush=True)
    return pd.DataFrame(rows)


def record(table: pd.DataFrame, about: dict, folder: Path = results.RESULTS) -> None:
    """Write these rows in place of those of the same kinds, with the revision of each kind."""
    made = {kind: {name: about[name] for name in ("revision", "date")} for kind in set(table.kind)}
    if (folder / "faults.csv").exists():
        made = files.read_json(folder / "faults.json").get("kinds", {}) | made
        earlier = pd.read_csv(folder / "faults.csv")
        table = pd.concat([earlier[~earlier.kind.isin(table.kind)], table])
    order = [module.FAULTS[0].kind for module in KINDS.values()]
    table = table.sort_values("kind", key=lambda kinds: kinds.map(order.index), kind="stable")
    about["kinds"] = {kind: made[kind] for kind in order if kind in made}
    results.save("faults", table, about, folder=folder)


def main(arguments: list[str] | None = None) -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tests.faults", None, __doc__, formatter_class=raw)
    parser.add_argument("names", nargs="*", metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--times", type=int, help="at most so many tries of a fault")
    parser.add_argument("--fresh", action="store_true", help="forget an interrupted run")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    names = [name for name in KINDS if name in (options.names or KINDS)]
    faults = [fault for name in names for fault in KINDS[name].FAULTS]
    if options.times:
        faults = [replace(fault, times=min(fault.times, options.times)) for fault in faults]
    settings = choose_settings(data="toys", weights="imagenet", size="tiny")
    about = results.provenance(settings, "make faults")  # of the code that is tried
    kept = outputs_folder() / f"faults-{'some-' if options.times else ''}{about['revision']}.json"
    if options.fresh or options.times:
        forget(faults, kept)
    table = try_all(faults, kept)
    wrong = table[table.as_it_should == "NO"]
    if not options.times:
        record(table, about)
    forget(faults, kept)
    print(f"{len(table)} faults, {len(wrong)} not as they should be: {', '.join(wrong.fault)}")
    return int(len(wrong) > 0)


if __name__ == "__main__":
    sys.exit(main())
