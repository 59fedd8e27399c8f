{%- match lut.form %}
{%- when Form::Expression(expression) %}
  {{ lut.wire }} <= {{ syntax::expression(expression) }};
{%- when Form::Table { table, address } %}
  {{ lut.wire }} <= lut({{ syntax::literal(table) }}, {{ syntax::address(address) }});
{%- when Form::Primitives(parts) %}
{%- for part in parts %}
  lut_{{ part.output }} : component LUT{{ part.size }}
    generic map (INIT => {{ syntax::init(part.size, part.init) }})
    port map (O => {{ part.output }}{% for input in part.inputs %}, I{{ loop.index0 }} => {{ input }}{% endfor %});
{%- endfor %}
{%- when Form::Shared %}
{%- when Form::Pair(pair) %}
  lut_{{ lut.wire }} : component LUT6_2
    generic map (INIT => X"{{ pair.init }}")
    port map (O6 => {{ pair.outputs[0] }}, O5 => {{ pair.outputs[1] }}{% for input in pair.inputs %}, I{{ loop.index0 }} => {{ syntax::level(input) }}{% endfor %});
{%- endmatch %}
