{%- include "verilog/notes.v" -%}
`default_nettype none

// Codes to bits: f3_ge_5 is one when feature 3 is at least 5 (m stands for minus).
module {{ name }}_encoder (
{%- for port in m.ports %}
  {{ syntax::port(port) }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- for feature in m.features %}

  wire {% if m.signed && m.bits > 1 %}signed {% endif %}{{ syntax::range(m.bits) }}{{ feature.wire }} = {{ syntax::slice(feature.slice, m.ports[0].width) }};
{%- for (wire, threshold) in feature.comparisons %}
  assign {{ wire }} = {{ syntax::comparison(feature.wire, threshold, m.bits, m.signed) }};
{%- endfor %}
{%- endfor %}
{%- if !m.unused.is_empty() %}

  // Features that no lookup table depends on.
  wire _unused = &{ 1'b0
{%- for slice in m.unused %},
    {{ syntax::slice(slice, m.ports[0].width) }}
{%- endfor %} };
{%- endif %}
endmodule

`default_nettype wire
