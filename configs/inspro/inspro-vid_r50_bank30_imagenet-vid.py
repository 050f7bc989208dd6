_base_ = "./inspro-vid_r50_imagenet-vid.py"

model = dict(head=dict(bank_length=30))
