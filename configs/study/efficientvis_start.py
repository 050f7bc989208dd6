_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule_of_starts.py",
    "./_base_/runtime.py",
]

# single frames: the weights that all runs of EfficientVIS start from, in place of COCO's. They learn four times longer
# than InsPro's: from weights of 1000 iterations, the runs hardly begin to use their parts over time
train_dataloader = dict(batch_size=16, dataset=dict(clips=dict(clip_len=1, num_clips=1)))
train_cfg = dict(max_iters=4000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=2e-4, by_epoch=False, begin=50, end=4000),
]
