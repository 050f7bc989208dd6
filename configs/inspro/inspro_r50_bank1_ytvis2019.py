_base_ = "./inspro_r50_ytvis2019.py"

# no intra-query attention
model = dict(head=dict(bank_length=1))
