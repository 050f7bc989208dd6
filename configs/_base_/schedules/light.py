_base_ = "./adamw.py"

# light models on real frames, eight samples per iteration: heads from scratch, backbones from ImageNet
optim_wrapper = dict(
    optimizer=dict(lr=6e-4, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.2))),
)
