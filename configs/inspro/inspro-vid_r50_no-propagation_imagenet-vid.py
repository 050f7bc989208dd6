_base_ = "./inspro-vid_r50_plain_imagenet-vid.py"

model = dict(consistent=False, head=dict(propagate="none"))
