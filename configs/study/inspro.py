_base_ = [
    "../_base_/models/inspro_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# three frames of a video
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
