"""What files on disk say, as records that data sets, evaluation and drawing share; free of torch and mmdet."""

from .records import AnnotationFile, TrackAnnotation, VideoRecord
from .youtube_vis import read_annotation_file

__all__ = ["AnnotationFile", "TrackAnnotation", "VideoRecord", "read_annotation_file"]
