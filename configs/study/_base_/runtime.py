_base_ = "../../_base_/iter_runtime.py"

# a killed run goes on from its last 100 iterations; the command tests the last checkpoint itself
default_hooks = dict(checkpoint=dict(interval=100, max_keep_ckpts=1, save_best=None))
custom_hooks = [*_base_.custom_hooks, dict(type="SpeedHook")]
