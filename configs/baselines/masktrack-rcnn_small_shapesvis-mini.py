_base_ = [
    "../_base_/models/masktrack_rcnn_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small_pairs_20e.py",
    "../_base_/default_runtime.py",
]

# pairs of frames
train_dataloader = dict(
    batch_size=4, sampler=dict(repeat=4), dataset=dict(clips=dict(clip_len=2, num_clips=1, scattered=True))
)
