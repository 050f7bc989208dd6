_base_ = [
    "./_base_/inspro.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# boxes without masks
model = dict(head=dict(mask_branch=None))
