{%- include "verilog/notes.v" -%}
`default_nettype none

// The lookup tables. Bit r of a table is its value when input i equals bit i of r.
module {{ name }}_core (
{%- include "verilog/ports.v" %}
);
{%- include "verilog/registers.v" %}
{%- for stretch in m.stretches() %}

  // {{ m.title(stretch) }}
{%- for lut in m.luts(stretch) %}
{%- match lut.form %}
{%- when Form::Expression(expression) %}
  wire {{ lut.wire }} = {{ syntax::expression(expression) }};
{%- when Form::Table { table, address } %}
  localparam [{{ table.rows() - 1 }}:0] T_{{ lut.wire }} = {{ syntax::literal(table) }};
  wire {{ lut.wire }} = T_{{ lut.wire }}[{% for pin in address %}{% if loop.first %}{ {%- else %}, {% endif %}{{ pin }}{% endfor %}}];
{%- when Form::Primitives(parts) %}
  wire {{ lut.wire }};
{%- for part in parts %}
{%- if part.is_part() %}
  wire {{ part.output }};
{%- endif %}
  LUT{{ part.size }} #(.INIT({{ part.rows }}'h{{ part.init }})) lut_{{ part.output }} (.O({{ part.output }}){% for input in part.inputs %}, .I{{ loop.index0 }}({{ input }}){% endfor %});
{%- endfor %}
{%- endmatch %}
{%- endfor %}
{%- endfor %}

  // Outputs
{%- for (output, signal) in m.outputs() %}
  assign {{ output }} = {{ signal }};
{%- endfor %}
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
