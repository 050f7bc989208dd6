_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small_24e.py",
    "../_base_/default_runtime.py",
]

# as inspro_small_shapesvis-mini, with neither box deduplication nor intra-query attention
model = dict(loss_weights=dict(dedup=0), head=dict(bank_length=1))
train_dataloader = dict(sampler=dict(repeat=2), dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
