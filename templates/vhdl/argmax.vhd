{%- include "vhdl/context.vhd" %}

-- The class of the largest score. The first side of a duel has the lower classes and wins ties.
entity {{ name }}_argmax is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_argmax is
{%- include "vhdl/registers.vhd" %}
{% for duel in m.duels %}
  signal {{ duel.second_wins }} : std_logic;
  signal {{ duel.class }} : {{ syntax::kind(duel.class, m.class_bits) }};
{%- if let Some((wire, _)) = duel.score %}
  signal {{ wire }} : {{ syntax::kind(wire, m.score_bits) }};
{%- endif %}
{%- endfor %}
begin
{%- for duel in m.duels %}
{%- if let Some(round) = duel.opens_round %}
  -- Round {{ round }}
{%- endif %}
  {{ duel.second_wins }} <= '1' when {{ duel.compared[1] }} > {{ duel.compared[0] }} else '0';
  {{ duel.class }} <= {{ syntax::class_side(duel.classes[1], m.class_bits) }} when {{ duel.chooser }} = '1' else {{ syntax::class_side(duel.classes[0], m.class_bits) }};
{%- if let Some((wire, sides)) = duel.score %}
  {{ wire }} <= {{ sides[1] }} when {{ duel.chooser }} = '1' else {{ sides[0] }};
{%- endif %}
{%- endfor %}

  class_index <= {{ m.last }};
{%- include "vhdl/clocking.vhd" %}
end architecture;
