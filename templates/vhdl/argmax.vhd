{%- include "vhdl/context.vhd" %}

-- The class of the largest score. The first side of a duel has the lower classes and wins ties.
entity {{ name }}_argmax is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_argmax is
{%- include "vhdl/registers.vhd" %}
{%- match m.form %}
{%- when ArgmaxForm::Words { duels, last: _ } %}
{% for duel in duels %}
  signal {{ duel.second_wins }} : std_logic;
  signal {{ duel.class }} : {{ syntax::kind(duel.class, m.class_bits) }};
{%- if let Some((wire, _)) = duel.score %}
  signal {{ wire }} : {{ syntax::kind(wire, m.score_bits) }};
{%- endif %}
{%- endfor %}
{%- when ArgmaxForm::Chains(t) %}
{% for unpacked in t.unpacked %}
{%- for bit in unpacked.bits %}
  signal {{ bit }} : std_logic;
{%- endfor %}
{%- endfor %}
{%- for duel in t.duels %}
{%- if let Some(lut) = duel.start %}
{%- include "vhdl/wires.vhd" %}
{%- endif %}
{%- if let Some(chain) = duel.chain %}
{%- for lut in chain.luts %}
{%- include "vhdl/wires.vhd" %}
{%- endfor %}
{%- for wire in chain.outputs() %}
  signal {{ wire }} : std_logic;
{%- endfor %}
{%- endif %}
{%- for lut in duel.chosen %}
{%- include "vhdl/wires.vhd" %}
{%- endfor %}
{%- endfor %}
{%- endmatch %}
begin
{%- match m.form %}
{%- when ArgmaxForm::Words { duels, last } %}
{%- for duel in duels %}
{%- if let Some(round) = duel.opens_round %}
  -- Round {{ round }}
{%- endif %}
  {{ duel.second_wins }} <= '1' when {{ duel.compared[1] }} > {{ duel.compared[0] }} else '0';
  {{ duel.class }} <= {{ syntax::class_side(duel.classes[1], m.class_bits) }} when {{ duel.chooser }} = '1' else {{ syntax::class_side(duel.classes[0], m.class_bits) }};
{%- if let Some((wire, sides)) = duel.score %}
  {{ wire }} <= {{ sides[1] }} when {{ duel.chooser }} = '1' else {{ sides[0] }};
{%- endif %}
{%- endfor %}

  class_index <= {{ last }};
{%- when ArgmaxForm::Chains(t) %}
{%- for unpacked in t.unpacked %}
{%- for bit in unpacked.bits %}
  {{ bit }} <= {{ unpacked.score }}({{ loop.index0 }});
{%- endfor %}
{%- endfor %}
{%- for duel in t.duels %}
{%- if let Some(round) = duel.opens_round %}

  -- Round {{ round }}
{%- endif %}
{%- if let Some(lut) = duel.start %}

  -- Duel {{ duel.number }}: the lowest bits
{%- include "vhdl/lut.vhd" %}
{%- endif %}
{%- if let Some(chain) = duel.chain %}
{% include "vhdl/chain.vhd" %}
{%- endif %}
{%- if !duel.chosen.is_empty() %}

  -- {% if duel.compares %}Duel {{ duel.number }}: its winner{% else %}The first of some classes with a one{% endif %}
{%- for lut in duel.chosen %}
{%- include "vhdl/lut.vhd" %}
{%- endfor %}
{%- endif %}
{%- endfor %}
{% for bit in t.class %}
  class_index({{ loop.index0 }}) <= {{ syntax::level(bit) }};
{%- endfor %}
{%- endmatch %}
{%- include "vhdl/clocking.vhd" %}
end architecture;
