"""Split a folder of photographs, or ask a saved classifier.

python -m utils.photos split photos my-pictures         copy to train/ and test/, a fifth to test
python -m utils.photos predict chosen.keras a.jpg b/    classify pictures, and all those in a folder

The exit status is 0 if all went well, 1 if some pictures could not be read, 2 if nothing could be
done. Paths count from the folder that you are in.
"""

import argparse
import contextlib
import glob
import os
import sys
from pathlib import Path

from utils import hardware, variables

FINE, SOME_FAILED, NOTHING_DONE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say; returns the exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # names of any script, also into a file on Windows
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        return options.run(options)
    except BrokenPipeError:  # the reader, `head` for instance, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except (ValueError, OSError) as error:  # DataError and ModelError are ValueErrors
        print(f"Error: {error}", file=sys.stderr)
        return NOTHING_DONE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    summary, details = __doc__.split("\n", 1)
    parser = argparse.ArgumentParser("python -m utils.photos", None, summary, details)
    parser.formatter_class = raw
    commands = parser.add_subparsers(required=True, metavar="split|predict")
    split = commands.add_parser("split", help="divide <class>/* into train/ and test/, by copying")
    split.add_argument("source", type=Path, metavar="SRC", help="a folder with one for each class")
    split.add_argument("destination", type=Path, metavar="DST", help="a new folder")
    split.add_argument("--seed", type=int, default=0, help="of the draw; the default is 0")
    split.add_argument("--test", type=_fraction, default=0.2, help="fraction to test on, 0.2")
    split.set_defaults(run=run_split)
    ask = commands.add_parser("predict", help="say what pictures show")
    ask.add_argument("model", type=Path, metavar="MODEL", help="a .keras file with class names")
    ask.add_argument(
        "pictures", nargs="+", metavar="PICTURE", help="a picture, or a folder of them"
    )
    ask.add_argument("--csv", action="store_true", help="write a table for other programs")
    ask.set_defaults(run=run_predict)
    return parser


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def run_split(options: argparse.Namespace) -> int:
    """Survey, assign, copy; say what is where now and what to do next."""
    from utils.photos.split import (
        LEFT_OUT,
        assign,
        check_destination,
        left_out,
        whole_classes,
        write,
    )
    from utils.photos.survey import in_words, survey

    check_destination(options.source, options.destination)  # before it takes its time
    table = survey(options.source)
    print(in_words(table))
    assigned = assign(table, options.seed, (1 - options.test, 0, options.test))
    assigned = whole_classes(table, assigned)
    write(table, assigned, options.source, options.destination, seed=options.seed)
    missing = left_out(table, assigned)
    if (table.part == "test").any():
        print("\nThe test pictures remain what they are; --test is not used.")
    tested, copied = (assigned == "test").sum(), (assigned != LEFT_OUT).sum()
    print(f"\nCopied {copied} pictures to {options.destination}: ", end="")
    print(f"{copied - tested} to train/, {tested} to test/.")
    print(f"Left out {len(missing)} files" + (", listed in left-out.csv." if len(missing) else "."))
    line = variables.line_to_set("TRANSFER_DATA", options.destination.resolve())
    print(f"\nNext:\n    {line}\n    {sys.executable} -m utils.publish.execute 08")
    return SOME_FAILED if (table.problem.str.startswith("cannot be read")).any() else FINE


def run_predict(options: argparse.Namespace) -> int:
    """Classify; answers go to stdout, everything else to stderr."""
    if not options.model.is_file():  # said before TensorFlow takes its seconds to start
        raise ValueError(f"There is no model {options.model}. Check its name and folder.")
    with contextlib.redirect_stdout(sys.stderr):
        hardware.gpu_capability()  # starts TensorFlow quietly
        from utils.photos.answers import list_pictures, load_model, predict

        paths = list_pictures(path for name in options.pictures for path in _expanded(name))
        if not paths:
            raise ValueError(f"There is no picture in {', '.join(options.pictures)}.")
        answers = predict(*load_model(options.model), paths)
    if options.csv:
        answers.to_csv(sys.stdout, index=False, float_format="%.4f", lineterminator="\n")
    for row in answers.to_dict("records"):
        if row["problem"]:
            print(row["problem"], file=sys.stderr)
        elif not options.csv:
            first, second = (row[k] for k in ("probability", "second_probability"))
            print(f"{row['picture']}: {row['class']} {first:.3f}, {row['second']} {second:.3f}")
    return SOME_FAILED if answers.problem.any() else FINE


def _expanded(name: str) -> list[str]:
    """The files that a pattern such as *.jpg stands for: shells on Windows pass it on as it is."""
    return [name] if os.path.exists(name) else sorted(glob.glob(name)) or [name]


if __name__ == "__main__":
    sys.exit(main())
