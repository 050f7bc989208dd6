_base_ = "./default_runtime.py"

# for schedules that count iterations instead of epochs
default_hooks = dict(checkpoint=dict(by_epoch=False, interval=2000))
log_processor = dict(by_epoch=False)
