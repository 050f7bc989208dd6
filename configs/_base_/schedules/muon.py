# the optimizer of small models that learn from scratch; each schedule says how long it runs
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="MuonAdamW", lr=2e-3, weight_decay=1e-2),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
