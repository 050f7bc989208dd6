_base_ = [
    "./_base_/inspro.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# box deduplication without intra-query attention
model = dict(loss_weights=dict(beta=0.25), head=dict(mask_branch=None, bank_length=1))
