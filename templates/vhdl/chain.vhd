  -- {{ chain.title }}
{%- for lut in chain.luts %}
{%- include "vhdl/lut.vhd" %}
{%- endfor %}
{%- for carry in chain.carries %}
  chain{{ carry.number }} : component CARRY4
    port map (
      CI => {{ syntax::level(carry.carry_in) }},
      CYINIT => {{ syntax::level(carry.start) }},
{%- for level in carry.pass %}
      S({{ loop.index0 }}) => {{ syntax::level(level) }},
{%- endfor %}
{%- for level in carry.data %}
      DI({{ loop.index0 }}) => {{ syntax::level(level) }},
{%- endfor %}
{%- for wire in carry.sums %}
      O({{ loop.index0 }}) => {{ wire }},
{%- endfor %}
{%- for wire in carry.carries %}
      CO({{ loop.index0 }}) => {{ wire }}{% if !loop.last %},{% endif %}
{%- endfor %}
    );
{%- endfor %}
