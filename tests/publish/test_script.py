"""The script at the end of notebook 05 works without this repository."""

import re
import subprocess
import sys

import nbformat

from utils.publish.execute import NOTEBOOKS
from utils.weights import IMAGENET


def test_the_script_of_notebook_05_trains_tests_and_saves_a_classifier(odd_folder, tmp_path):
    notebook = nbformat.read(NOTEBOOKS / "05-evaluate.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.id == "05-script"]
    (script,) = re.findall(r"```python\n(.*?)\n```", cell.source, re.DOTALL)
    assert len(script.splitlines()) <= 70 and "utils." not in script.replace("keras.utils.", "")
    assert script.count("load_img(") == 1  # pictures are read alike in training and in use
    changes = {", 128, 5,": ", 48, 2,", '"imagenet"': repr(str(IMAGENET)), "epochs=100": "epochs=5"}
    for old, new in changes.items():
        assert script.count(old) == 1, old
        script = script.replace(old, new)
    (tmp_path / "classify.py").write_text(script)
    command = [sys.executable, "classify.py", str(odd_folder)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(re.search(r"test accuracy ([\d.]+)", done.stdout)[1]) > 0.5  # chance is 0.333
    assert (tmp_path / "classifier.keras").exists()
    assert (tmp_path / "classifier.json").read_text() == '["circle", "cross", "stripes"]'
