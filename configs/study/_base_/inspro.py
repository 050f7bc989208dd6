_base_ = "../../_base_/models/inspro_small.py"

# 8 frames stand for the papers' 18, as all lengths of the study are 4/9 of the papers'
model = dict(head=dict(bank_length=8))
