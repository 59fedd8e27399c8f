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
{%- when Form::Shared %}
  wire {{ lut.wire }};
{%- when Form::Pair(pair) %}
  wire {{ lut.wire }};
  LUT6_2 #(.INIT(64'h{{ pair.init }})) lut_{{ lut.wire }} (.O6({{ pair.outputs[0] }}), .O5({{ pair.outputs[1] }}){% for input in pair.inputs %}, .I{{ loop.index0 }}({{ syntax::level(input) }}){% endfor %});
{%- endmatch %}
