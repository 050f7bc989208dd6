_base_ = "./srnet_r101_davis2019.py"

model = dict(iou_loss="dice")
