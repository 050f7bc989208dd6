_base_ = [
    "./_base_/inspro.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# only for tests: training's three frames fill no bank, so the weights are those of inspro-vid
model = dict(head=dict(mask_branch=None, bank_length=16))
