"""A report of results as a page: figures, where they are lost, and a player for each video."""

from .content import Chart, Content, Figure, PageTrack, PageVideo, Table
from .page import write_page

__all__ = ["Chart", "Content", "Figure", "PageTrack", "PageVideo", "Table", "write_page"]
