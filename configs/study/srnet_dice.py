_base_ = [
    "./_base_/srnet.py",
    "./_base_/davis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

model = dict(iou_loss="dice")
