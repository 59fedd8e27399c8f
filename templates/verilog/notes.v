{%- for note in notes -%}
//{% if !note.is_empty() %} {{ note }}{% endif %}
{% endfor -%}
