{%- include "verilog/notes.v" -%}
`default_nettype none

// The class of the largest score. The first side of a duel has the lower classes and wins ties.
module {{ name }}_argmax (
{%- include "verilog/ports.v" %}
);
{%- include "verilog/registers.v" %}
{%- for duel in m.duels %}
{%- if let Some(round) = duel.opens_round %}

  // Round {{ round }}
{%- endif %}
  wire {{ duel.second_wins }} = {{ duel.compared[1] }} > {{ duel.compared[0] }};
  wire {{ syntax::range(m.class_bits) }}{{ duel.class }} = {{ duel.chooser }} ? {{ syntax::class_side(duel.classes[1], m.class_bits) }} : {{ syntax::class_side(duel.classes[0], m.class_bits) }};
{%- if let Some((wire, sides)) = duel.score %}
  wire {{ syntax::range(m.score_bits) }}{{ wire }} = {{ duel.chooser }} ? {{ sides[1] }} : {{ sides[0] }};
{%- endif %}
{%- endfor %}

  assign class_index = {{ m.last }};
{%- include "verilog/clocking.v" %}
endmodule

`default_nettype wire
