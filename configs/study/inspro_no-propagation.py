_base_ = [
    "./_base_/inspro.py",
    "./_base_/three_frames.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# nothing goes from frame to frame; neither box deduplication nor intra-query attention
model = dict(consistent=False, loss_weights=dict(dedup=0), head=dict(propagate="none", bank_length=1))
