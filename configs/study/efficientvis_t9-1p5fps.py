_base_ = [
    "../_base_/models/efficientvis_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# only for tests: efficientvis_t9 at a quarter of the 6 frames per second
model = dict(clip_len=4)
train_dataloader = dict(batch_size=2, dataset=dict(clips=dict(clip_len=4, num_clips=2)))
val_dataloader = dict(dataset=dict(fps=1.5))
test_dataloader = val_dataloader
