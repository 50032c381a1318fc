"""Folders of pictures as they are in real life: what is read, what is left out, what is broken.

decoding   one file, as any viewer shows it
reading    many files: a bar, a copy for the next notebook, one message about all that are broken
classes    class folders on disk: which files in them are pictures
listing    the training and the test pictures of a folder, whatever its layout
"""

from utils.picture_folders.classes import is_visible
from utils.picture_folders.decoding import PICTURE_ENDINGS, DataError, read_picture
from utils.picture_folders.listing import ListedPictures, list_folder, open_folder, typical_side

__all__ = [
    "PICTURE_ENDINGS", "DataError", "ListedPictures", "is_visible", "list_folder", "open_folder",
    "read_picture", "typical_side",
]  # fmt: skip
