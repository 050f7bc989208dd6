_base_ = [
    "./_base_/inspro.py",
    "./_base_/vid.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(mask_branch=None, bank_length=1))
