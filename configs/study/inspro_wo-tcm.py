_base_ = "./inspro_plain.py"

# every frame is matched anew (no temporally consistent matching)
model = dict(consistent=False)
