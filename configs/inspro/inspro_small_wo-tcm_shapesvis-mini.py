_base_ = "./inspro_small_plain_shapesvis-mini.py"

# every frame is matched to the ground truth anew (no temporally consistent matching)
model = dict(consistent=False)
