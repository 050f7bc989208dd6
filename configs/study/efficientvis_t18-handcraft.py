_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# linked by a hand-crafted rule; samples of one clip, as many clips and steps as with correspondence learning
model = dict(clip_len=8, linker=dict(type="ClipLinker"))
train_dataloader = dict(batch_size=2, dataset=dict(clips=dict(clip_len=8, num_clips=1)))
