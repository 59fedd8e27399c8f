{%- include "verilog/notes.v" -%}
`default_nettype none

// The {% if m.weights.is_empty() %}number of ones among {{ m.inputs }} bits{% else %}sum of {{ m.weights }}{% endif %}: {% if m.chains.is_empty() %}counters of up to six bits of equal weight, then one addition{% else %}two tables of a carry chain count six bits and the carry{% endif %}.
module {{ name }}_popcount_{{ m.label }} (
{%- include "verilog/ports.v" %}
);
{%- if !m.functions.is_empty() %}

  // ONES6_B1: bit 1 of the number of ones among six bits.
{%- for function in m.functions %}
  localparam [{{ function.table.rows() - 1 }}:0] ONES{{ function.inputs }}_B{{ function.bit }} = {{ syntax::literal(function.table) }};
{%- endfor %}
{%- endif %}
{%- include "verilog/registers.v" %}
{%- for counter in m.counters %}

  // {{ counter.size }} bits of weight 2^{{ counter.weight }}
{%- for lut in counter.bits %}
{%- match lut.form %}
{%- when Form::Expression(expression) %}
  wire {{ lut.wire }} = {{ syntax::expression(expression) }};
{%- when Form::Table { table: _, address } %}
{%- let (size, bit) = counter.functions[loop.index0] %}
  wire {{ lut.wire }} = ONES{{ size }}_B{{ bit }}[{% for pin in address %}{% if loop.first %}{ {%- else %}, {% endif %}{{ pin }}{% endfor %}}];
{%- when _ %}
{%- include "verilog/lut.v" %}
{%- endmatch %}
{%- endfor %}
{%- endfor %}
{%- for chain in m.chains %}
{%- include "verilog/chain.v" %}
{%- endfor %}
{% for row in m.rows %}
  wire {{ syntax::range(m.width) }}row_{{ loop.index0 }} = { {{- syntax::row(row) -}} };
{%- endfor %}
  assign count = row_0{% if m.rows.len() == 2 %} + row_1{% endif %};
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
