from .efficientvis import filter_figure, proposal_figure
from .inspro import box_figure
from .looks import Look, looks
from .srnet import map_figure
from .trade_off import Point, trade_off_figure

__all__ = [
    "Look",
    "Point",
    "box_figure",
    "filter_figure",
    "looks",
    "map_figure",
    "proposal_figure",
    "trade_off_figure",
]
