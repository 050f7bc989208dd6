_base_ = [
    "../_base_/models/efficientvis_r50.py",
    "../_base_/datasets/youtube_vis_2021.py",
    "../_base_/schedules/adamw_33e.py",
    "../_base_/default_runtime.py",
]

# videos are longer than a clip, so samples of two clips teach the model to link clips (correspondence learning)
train_dataloader = dict(dataset=dict(clips=dict(num_clips=2)))
