_base_ = [
    "../_base_/models/mask2former_vis_r50.py",
    "../_base_/datasets/ovis.py",
    "../_base_/datasets/frame_pairs.py",
    "../_base_/schedules/adamw_6k.py",
    "../_base_/iter_runtime.py",
]

model = dict(
    track_head=dict(num_classes=25, loss_cls=dict(class_weight=[1.0] * 25 + [0.1])),
    clip_len=1000,  # longer than every video of the data set
)
train_dataloader = dict(batch_size=2, sampler=dict(endless=True), dataset=_base_.frame_pairs)
