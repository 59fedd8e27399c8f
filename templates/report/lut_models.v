{%- for lut in sizes -%}
module LUT{{ lut.size }} #(parameter [{{ lut.rows - 1 }}:0] INIT = 0) (
{%- for pin in lut.pins %}input I{{ pin }}, {% endfor %}output O);
  \$lut #(.WIDTH({{ lut.size }}), .LUT(INIT)) lut (.A({ {%- for pin in lut.pins %}{% if !loop.first %}, {% endif %}I{{ pin }}{% endfor -%} }), .Y(O));
endmodule
{% endfor %}
