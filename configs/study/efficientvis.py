_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# the paper's default; the study's clips are of 12, 6 and 3 frames where the paper's are of 36, 18 and 9
model = dict(clip_len=12)
train_dataloader = dict(batch_size=1, dataset=dict(clips=dict(clip_len=12, num_clips=1)))
