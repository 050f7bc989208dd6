_base_ = "./srnet_small_shapesvis-mini-davis.py"

model = dict(iou_loss="dice")
