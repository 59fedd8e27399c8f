{%- include "verilog/notes.v" -%}
`default_nettype none

// The {% if m.weights.is_empty() %}number of ones among {{ m.inputs }} bits{% else %}sum of {{ m.weights }}{% endif %}: counters of up to six bits of equal weight, then one addition.
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
{%- when Form::Primitives(parts) %}
  wire {{ lut.wire }};
{%- for part in parts %}
  LUT{{ part.size }} #(.INIT({{ part.rows }}'h{{ part.init }})) lut_{{ part.output }} (.O({{ part.output }}){% for input in part.inputs %}, .I{{ loop.index0 }}({{ input }}){% endfor %});
{%- endfor %}
{%- endmatch %}
{%- endfor %}
{%- endfor %}
{% for row in m.rows %}
  wire {{ syntax::range(m.width) }}row_{{ loop.index0 }} = { {{- syntax::row(row) -}} };
{%- endfor %}
  assign count = row_0{% if m.rows.len() == 2 %} + row_1{% endif %};
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
