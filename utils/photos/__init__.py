"""For people with photographs: look at a folder, split it, save a classifier, ask it, ship it.

Taught in notebook 08. `python -m utils.photos -h` does the same without a notebook.
"""
