  port (
{%- for port in m.ports %}
    {{ syntax::port(port) }}{% if !loop.last %};{% endif %}
{%- endfor %}
  );
