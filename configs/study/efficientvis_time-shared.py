_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

model = dict(clip_len=16, head=dict(time_shared=True))
train_dataloader = dict(batch_size=1, dataset=dict(clips=dict(clip_len=16, num_clips=1)))
