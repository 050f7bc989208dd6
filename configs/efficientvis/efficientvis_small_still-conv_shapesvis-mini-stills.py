_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small_stills_17e.py",
    "../_base_/default_runtime.py",
]

# as efficientvis_small_shapesvis-mini-stills, but each query holds its filters for all frames, which is learned faster
model = dict(head=dict(temporal_conv=False))
train_dataloader = dict(batch_size=8, sampler=dict(repeat=8), dataset=dict(clips=dict(clip_len=1, num_clips=1)))
