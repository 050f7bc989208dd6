_base_ = [
    "../_base_/models/efficientvis_r50.py",
    "../_base_/datasets/youtube_vis_2019.py",
    "../_base_/schedules/adamw_33e.py",
    "../_base_/default_runtime.py",
]

# shorter clips; samples of two clips teach the model to link clips (correspondence learning)
model = dict(clip_len=9)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=9, num_clips=2)))
