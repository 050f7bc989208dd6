_base_ = "./inspro-vid_r50_imagenet-vid.py"

# box deduplication without intra-query attention
model = dict(loss_weights=dict(beta=0.25), head=dict(bank_length=1))
