_base_ = "./inspro_r50_plain_ytvis2019.py"

# nothing goes from frame to frame; an object is what the same slot detects in each frame
model = dict(consistent=False, head=dict(propagate="none"))
