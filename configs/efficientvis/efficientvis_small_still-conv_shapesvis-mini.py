_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small_clips_10e.py",
    "../_base_/default_runtime.py",
]

# as efficientvis_small_shapesvis-mini, from the weights of efficientvis_small_still-conv_shapesvis-mini-stills
model = dict(clip_len=6, head=dict(temporal_conv=False))
train_dataloader = dict(sampler=dict(repeat=2))
