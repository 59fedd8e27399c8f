{%- include "verilog/notes.v" -%}
`default_nettype none

// The class of the largest score. The first side of a duel has the lower classes and wins ties.
module {{ name }}_argmax (
{%- include "verilog/ports.v" %}
);
{%- include "verilog/registers.v" %}
{%- match m.form %}
{%- when ArgmaxForm::Words { duels, last } %}
{%- for duel in duels %}
{%- if let Some(round) = duel.opens_round %}

  // Round {{ round }}
{%- endif %}
  wire {{ duel.second_wins }} = {{ duel.compared[1] }} > {{ duel.compared[0] }};
  wire {{ syntax::range(m.class_bits) }}{{ duel.class }} = {{ duel.chooser }} ? {{ syntax::class_side(duel.classes[1], m.class_bits) }} : {{ syntax::class_side(duel.classes[0], m.class_bits) }};
{%- if let Some((wire, sides)) = duel.score %}
  wire {{ syntax::range(m.score_bits) }}{{ wire }} = {{ duel.chooser }} ? {{ sides[1] }} : {{ sides[0] }};
{%- endif %}
{%- endfor %}

  assign class_index = {{ last }};
{%- when ArgmaxForm::Chains(t) %}
{% for unpacked in t.unpacked %}
{%- for bit in unpacked.bits %}
  wire {{ bit }} = {{ unpacked.score }}{% if m.score_bits > 1 %}[{{ loop.index0 }}]{% endif %};
{%- endfor %}
{%- endfor %}
{%- for duel in t.duels %}
{%- if let Some(round) = duel.opens_round %}

  // Round {{ round }}
{%- endif %}
{%- if let Some(lut) = duel.start %}

  // Duel {{ duel.number }}: the lowest bits
{%- include "verilog/lut.v" %}
{%- endif %}
{%- if let Some(chain) = duel.chain %}
{%- include "verilog/chain.v" %}
{%- endif %}
{%- if !duel.chosen.is_empty() %}

  // {% if duel.compares %}Duel {{ duel.number }}: its winner{% else %}The first of some classes with a one{% endif %}
{%- for lut in duel.chosen %}
{%- include "verilog/lut.v" %}
{%- endfor %}
{%- endif %}
{%- endfor %}

  assign class_index = { {%- for bit in t.class.iter().rev() %}{% if !loop.first %}, {% endif %}{{ syntax::level(bit) }}{% endfor -%} };
{%- endmatch %}
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
