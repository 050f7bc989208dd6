"""Parameters and operations of a config's model, split by backbone, neck, head and mask branch.

Operations are those of matrix products, convolutions and attention in one step, per frame. MACs are half the FLOPs;
papers often print MACs under the name of FLOPs.
"""

import argparse
import json

from terminaltables import AsciiTable

from mmvis_ext.engine.benchmarking import Stepper, generated_frames
from mmvis_ext.engine.building import build_model
from mmvis_ext.engine.flops import count_flops, count_parameters
from mmvis_ext.engine.launch import add_model_arguments, frame_size, read_model_config
from mmvis_ext.errors import command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="config file")
    parser.add_argument("--size", type=frame_size, default="640x360", metavar="WxH", help="default: 640x360")
    parser.add_argument("--frames", type=int, help="per step (default: the model's window)")
    return parser.parse_args()
