"""What can be written about a video. A new kind is a class and one line in :data:`OUTPUTS`."""

from .output import FinishedVideo, Output, Stamp
from .overlay import Frames, Gif, Overlay
from .pictures import Cutouts, Davis, Masks
from .tables import Coco, Ctc, Json, Mots, YoutubeVis
from .timeline import Timeline
from .tracks_json import write_tracks

__all__ = ["OUTPUTS", "FinishedVideo", "Output", "Stamp", "write_tracks"]

OUTPUTS: dict[str, type[Output]] = {
    "overlay": Overlay,
    "gif": Gif,
    "frames": Frames,
    "masks": Masks,
    "cutouts": Cutouts,
    "json": Json,
    "youtube-vis": YoutubeVis,
    "coco": Coco,
    "mots": Mots,
    "davis": Davis,
    "ctc": Ctc,
    "timeline": Timeline,
}
"""All kinds by the name that the command line gives them."""
