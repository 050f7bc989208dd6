# learning from scratch in minutes
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=8e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
