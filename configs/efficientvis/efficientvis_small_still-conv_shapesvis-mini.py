_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini_pasted.py",
    "../_base_/schedules/small_clips_9e.py",
    "../_base_/default_runtime.py",
]

# as efficientvis_small_shapesvis-mini and from the same weights; filters run over their own frame alone, not over both
# neighbours too (Table 1b), which is quicker and learned sooner
model = dict(clip_len=6, head=dict(temporal_conv=False))
train_dataloader = dict(sampler=dict(repeat=2))
