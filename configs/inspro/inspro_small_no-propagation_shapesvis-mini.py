_base_ = "./inspro_small_plain_shapesvis-mini.py"

# nothing goes from frame to frame; an object is what the same slot detects in each frame
model = dict(consistent=False, head=dict(propagate="none"))
