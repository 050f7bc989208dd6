_base_ = "./inspro_r50_plain_ytvis2019.py"

# every frame is matched to the ground truth anew (no temporally consistent matching)
model = dict(consistent=False)
