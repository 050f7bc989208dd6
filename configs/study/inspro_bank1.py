_base_ = "./inspro.py"

# no intra-query attention
model = dict(head=dict(bank_length=1))
