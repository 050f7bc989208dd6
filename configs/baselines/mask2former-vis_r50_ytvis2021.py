_base_ = [
    "../_base_/models/mask2former_vis_r50.py",
    "../_base_/datasets/youtube_vis_2021.py",
    "../_base_/datasets/frame_pairs.py",
    "../_base_/schedules/adamw_6k.py",
    "../_base_/iter_runtime.py",
]

model = dict(clip_len=1000)  # more frames than any of its videos has
train_dataloader = dict(batch_size=2, sampler=dict(endless=True), dataset=_base_.frame_pairs)
train_cfg = dict(max_iters=8000, val_interval=8000)
param_scheduler = [dict(type="MultiStepLR", milestones=[5500], gamma=0.1, by_epoch=False, end=8000)]
