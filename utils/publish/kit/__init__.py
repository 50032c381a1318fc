"""A folder that installs the tutorial where there is no internet: `python -m utils.publish.kit`."""
