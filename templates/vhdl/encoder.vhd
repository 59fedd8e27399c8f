{%- include "vhdl/context.vhd" %}

-- Codes to bits: f3_ge_5 is one when feature 3 is at least 5 (m stands for minus).
entity {{ name }}_encoder is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_encoder is
{%- for feature in m.features %}
  signal {{ feature.wire }} : {% if !m.signed %}un{% endif %}signed({{ m.bits - 1 }} downto 0);
{%- endfor %}
begin
{%- for feature in m.features %}
  {{ feature.wire }} <= {% if !m.signed %}un{% endif %}signed({{ syntax::slice(feature.slice) }});
{%- for (wire, threshold) in feature.comparisons %}
  {{ wire }} <= {{ syntax::comparison(feature.wire, threshold, m.bits, m.signed) }};
{%- endfor %}
{%- if !loop.last %}
{% endif %}
{%- endfor %}
end architecture;
