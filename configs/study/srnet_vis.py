_base_ = [
    "./_base_/srnet.py",
    "./_base_/stills.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# video instance segmentation
model = dict(head=dict(num_classes=5), score_reduction="length_weighted")
