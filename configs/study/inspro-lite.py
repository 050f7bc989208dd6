_base_ = [
    "./_base_/inspro.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule.py",
    "./_base_/runtime.py",
]

# only the one-stage head learns; all other weights are those of inspro
model = dict(type="InsProLite", key_interval=4)
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=5, num_clips=1)))
