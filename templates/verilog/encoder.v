// Codes to bits: f3_ge_5 is one when feature 3 is at least 5 (m stands for minus).
module {{ name }}_encoder (
{%- for port in ports %}
  {{ port }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- for feature in features %}

  wire {{ feature.signed }}{{ feature.range }}{{ feature.wire }} = {{ feature.slice }};
{%- for comparison in feature.comparisons %}
  assign {{ comparison.wire }} = {{ comparison.expression }};
{%- endfor %}
{%- endfor %}
{%- if !unused.is_empty() %}

  // Features that no lookup table depends on.
  wire _unused = &{ 1'b0
{%- for slice in unused %},
    {{ slice }}
{%- endfor %} };
{%- endif %}
endmodule
