_base_ = [
    "../_base_/models/mask2former_vis_r50.py",
    "../_base_/datasets/youtube_vis_2021.py",
    "../_base_/datasets/frame_pairs.py",
    "../_base_/schedules/adamw_8k.py",
    "../_base_/iter_runtime.py",
]

model = dict(clip_len=1000)  # longer than every video of the data set
train_dataloader = dict(batch_size=2, sampler=dict(endless=True), dataset=_base_.frame_pairs)
