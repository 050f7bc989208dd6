_base_ = "./default_runtime.py"

# what is saved and tested is a moving average of the weights over some 200 iterations, of fewer at first
custom_hooks = [
    *_base_.custom_hooks,
    dict(type="EMAHook", ema_type="mmdet.ExpMomentumEMA", momentum=0.005, gamma=100, update_buffers=True),
]
