"""A page on which people run a model on their video, with a browser and without a command line."""

from .limits import Limits
from .runs import Results, Runs, Settings
from .server import serve

__all__ = ["Limits", "Results", "Runs", "Settings", "serve"]
