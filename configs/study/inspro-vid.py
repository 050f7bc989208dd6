_base_ = [
    "../_base_/models/inspro_small.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# boxes without masks
model = dict(head=dict(mask_branch=None))
