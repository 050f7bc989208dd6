_base_ = "../../_base_/models/inspro_small.py"

# proposals of the whole image take longer to learn from scratch
model = dict(head=dict(initial_boxes="grid"))
