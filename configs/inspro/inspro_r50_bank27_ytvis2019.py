_base_ = "./inspro_r50_ytvis2019.py"

model = dict(head=dict(bank_length=27))
