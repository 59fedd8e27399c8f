// The lookup tables. Bit r of a table is its value when input i equals bit i of r.
module {{ name }}_core (
{%- for port in ports %}
  {{ port }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- include "verilog/registers.v" %}
{%- for stretch in order.stretches %}

  // {{ self.title(stretch) }}
{%- for lut in self.luts(stretch) %}
{%- match lut.form %}
{%- when Form::Expression(expression) %}
  wire {{ lut.wire }} = {{ expression }};
{%- when Form::Table { top, literal, address } %}
  localparam [{{ top }}:0] T_{{ lut.wire }} = {{ literal }};
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
{%- for (output, signal) in self.outputs() %}
  assign {{ output }} = {{ signal }};
{%- endfor %}
{%- include "verilog/clocking.v" %}
endmodule
