// The class of the largest score. The first side of a duel has the lower classes and wins ties.
module {{ name }}_argmax (
{%- for port in ports %}
  {{ port }}{% if !loop.last %},{% endif %}
{%- endfor %}
);
{%- include "verilog/registers.v" %}
{%- for duel in duels %}
{%- if let Some(round) = duel.opens_round %}

  // Round {{ round }}
{%- endif %}
  wire {{ duel.second_wins }} = {{ duel.compared[1] }} > {{ duel.compared[0] }};
  wire {{ class }}{{ duel.class }} = {{ duel.chooser }} ? {{ duel.classes[1] }} : {{ duel.classes[0] }};
{%- if let Some((wire, sides)) = duel.score %}
  wire {{ score }}{{ wire }} = {{ duel.chooser }} ? {{ sides[1] }} : {{ sides[0] }};
{%- endif %}
{%- endfor %}

  assign class_index = {{ last }};
{%- include "verilog/clocking.v" %}
endmodule
