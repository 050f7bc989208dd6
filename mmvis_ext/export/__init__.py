from .agreement import check_agreement
from .exporting import Exported, export_model
from .formats import FORMATS, METADATA, load_format
from .steps import ExportedStep
from .systems import SYSTEMS, steps_of

__all__ = [
    "FORMATS",
    "METADATA",
    "SYSTEMS",
    "Exported",
    "ExportedStep",
    "check_agreement",
    "export_model",
    "load_format",
    "steps_of",
]
