_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# single frames of many videos first: what a model trained on COCO is to the paper's; for two processes
model = dict(head=dict(bank_length=1))
train_dataloader = dict(
    batch_size=8, num_workers=1, sampler=dict(repeat=8), dataset=dict(clips=dict(clip_len=1, num_clips=1))
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=20, val_interval=100)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=2e-4, by_epoch=False, begin=50, end=1600),
]
