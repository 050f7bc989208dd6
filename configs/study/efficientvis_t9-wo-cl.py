_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# samples of one clip: no correspondence learning, but as many clips and steps
model = dict(clip_len=4)
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=4, num_clips=1)))
