_base_ = "./inspro_lite0_davis2016.py"

# nothing goes from frame to frame; an object is what the same slot detects in each frame
model = dict(consistent=False, head=dict(propagate="none"))
