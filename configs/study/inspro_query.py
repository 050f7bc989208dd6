_base_ = [
    "./_base_/inspro.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(propagate="query", bank_length=1))
