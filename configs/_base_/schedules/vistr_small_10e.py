_base_ = "./small_10e.py"

# a transformer that learns from scratch takes smaller steps than convolutions
slowly = dict(lr_mult=0.3)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={"head.encoder": slowly, "head.decoder": slowly}))
del slowly
