_base_ = [
    "../_base_/models/inspro_small.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]
