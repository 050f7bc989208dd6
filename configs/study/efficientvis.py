_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# the paper's default. All lengths of the study are 4/9 of the papers': clips of 16, 8 and 4 frames stand for those of
# 36, 18 and 9, of which the longest are as long as the longest videos, in the study as in YouTube-VIS.
model = dict(clip_len=16)
train_dataloader = dict(batch_size=1, dataset=dict(clips=dict(clip_len=16, num_clips=1)))
