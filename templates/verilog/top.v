{%- for note in notes -%}
//{% if !note.is_empty() %} {{ note }}{% endif %}
{% endfor -%}
`default_nettype none

module {{ name }} (
{%- for port in ports %}
  {{ port }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- for wire in wires %}
  wire {{ wire }};
{%- endfor %}
{%- for instance in instances %}

  {{ name }}_{{ instance.module }} {{ instance.module }} (
{%- for port in instance.ports %}
    .{{ port }}({{ port }}){% if !loop.last %},{% endif %}
{%- endfor %}
  );
{%- endfor %}
{%- if !bits.is_empty() %}

  assign bits = { {%- for bit in bits %}{% if !loop.first %}, {% endif %}{{ bit }}{% endfor -%} };
{%- endif %}
{%- if !unused.is_empty() %}

  // No output depends on these.
  wire _unused = &{ 1'b0{% for wire in unused %}, {{ wire }}{% endfor %} };
{%- endif %}
endmodule
