{%- for note in notes -%}
// {{ note }}
{% endfor -%}
// For simulation only: synthesis has its own.
`default_nettype none
