_base_ = [
    "./_base_/inspro.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# only for tests: training's three frames fill no bank, so the weights are those of inspro
model = dict(head=dict(bank_length=16))
