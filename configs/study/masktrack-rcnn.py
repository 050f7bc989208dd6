_base_ = [
    "../_base_/models/masktrack_rcnn_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# pairs of frames
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=2, num_clips=1, scattered=True)))
