_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# samples of two clips: correspondence learning
model = dict(clip_len=8)
train_dataloader = dict(batch_size=1, dataset=dict(clips=dict(clip_len=8, num_clips=2)))
