# for one process of 4 samples; after iteration 60,000 the learning rate falls exponentially, to 1e-5 at the end
optim_wrapper = dict(type="OptimWrapper", optimizer=dict(type="SGD", lr=1e-3, momentum=0.9, weight_decay=1e-4))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=160000, val_interval=160000)
param_scheduler = [dict(type="ExponentialLR", gamma=0.01 ** (1 / 100000), by_epoch=False, begin=60000, end=160000)]
auto_scale_lr = dict(base_batch_size=4)
