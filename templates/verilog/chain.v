
  // {{ chain.title }}
{%- for lut in chain.luts %}
{%- include "verilog/lut.v" %}
{%- endfor %}
{%- for wire in chain.outputs() %}
  wire {{ wire }};
{%- endfor %}
{%- for carry in chain.carries %}
  CARRY4 chain{{ carry.number }} (
    .CI({{ syntax::level(carry.carry_in) }}),
    .CYINIT({{ syntax::level(carry.start) }}),
    .S({{ syntax::levels(carry.pass) }}),
    .DI({{ syntax::levels(carry.data) }}),
    .O({{ syntax::wires(carry.sums) }}),
    .CO({{ syntax::wires(carry.carries) }})
  );
{%- endfor %}
