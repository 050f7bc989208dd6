_base_ = "./adamw.py"

train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=33, val_interval=33)
param_scheduler = [dict(type="MultiStepLR", milestones=[27], gamma=0.1, by_epoch=True, end=33)]
auto_scale_lr = dict(base_batch_size=4)
