_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# samples of two clips: correspondence learning
model = dict(clip_len=4)
train_dataloader = dict(batch_size=2, dataset=dict(clips=dict(clip_len=4, num_clips=2)))
