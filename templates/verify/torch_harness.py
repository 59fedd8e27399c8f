# Reads one vector of decimal codes a line and prints the outputs of {{ module }}, one line a
# vector. Made by difflut for one check.
import sys

import torch
from {{ module }} import Network

network = Network()
vectors = [[int(code) for code in line.split()] for line in sys.stdin]
for start in range(0, len(vectors), 256):
    codes = torch.tensor(vectors[start : start + 256], dtype=torch.int64)
{%- if classes %}
    scores, classes = network(codes)
    answers = torch.cat([classes[:, None], scores], 1)
{%- else %}
    answers = network(codes)
{%- endif %}
    for answer in answers.tolist():
        print(*answer)
print("done", len(vectors))
