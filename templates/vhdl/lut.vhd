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
{%- endmatch %}
