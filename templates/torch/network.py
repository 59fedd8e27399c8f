{% for line in notes -%}
#{% if !line.is_empty() %} {{ line }}{% endif %}
{% endfor -%}
from pathlib import Path

import torch
from safetensors.torch import load_file

FEATURES = {{ features }}
SMALLEST, LARGEST = {{ smallest }}, {{ largest }}
SCALE, OFFSET = {{ scale }}, {{ offset }}


def codes(values):
    """The integer codes nearest to real-valued features; halves round away from zero."""
    steps = (torch.as_tensor(values, dtype=torch.float32).double() - OFFSET) / SCALE
    whole = steps.trunc()
    whole += ((steps - whole).abs() >= 0.5) * steps.sign()
    return whole.clamp(SMALLEST, LARGEST).long()


class Network(torch.nn.Module):
{%- if classes > 0 %}
    """Codes (samples, {{ features }}) to integer scores (samples, {{ classes }}) and classes (samples)."""
{%- else %}
    """Codes (samples, {{ features }}) to output bits (samples, {{ bits }})."""
{%- endif %}

    def __init__(self, path=Path(__file__).with_suffix(".safetensors")):
        super().__init__()
        for name, tensor in load_file(path).items():
            self.register_buffer(name, tensor)

    def forward(self, codes):
        codes = torch.as_tensor(codes, dtype=torch.int64, device=self.outputs.device)
        if codes.dim() != 2 or codes.shape[1] != FEATURES:
            raise ValueError(f"codes of shape {tuple(codes.shape)}; expected (samples, {FEATURES})")
        if ((codes < SMALLEST) | (codes > LARGEST)).any():
            raise ValueError(f"codes must be {SMALLEST} to {LARGEST}")
        signals = codes.new_empty({{ signals }}, len(codes), dtype=torch.uint8)
        end = len(self.thresholds)
        signals[:end] = (codes[:, self.features] >= self.thresholds).T
        # Run after run of tables of one depth and one number of inputs; input 0 is bit 0 of the row.
        for run in range({{ runs }}):
            pins, tables = getattr(self, f"pins_{run}"), getattr(self, f"tables_{run}")
            rows = codes.new_zeros(len(pins), len(codes))
            for place in range(pins.shape[1]):
                rows |= signals[pins[:, place]].long() << place
            signals[end : end + len(pins)] = tables.gather(1, rows)
            end += len(pins)
{%- if classes > 0 %}
        bits = signals[self.outputs].long()
        borders = self.borders.tolist()
        scores = torch.stack([bits[a:b].sum(0) for a, b in zip(borders, borders[1:])], 1)
        # argmax is the first of equal scores.
        return scores, scores.argmax(1)
{%- else %}
        return signals[self.outputs].T
{%- endif %}
