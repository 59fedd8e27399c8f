{%- include "vhdl/context.vhd" %}

-- The {% if m.weights.is_empty() %}number of ones among {{ m.inputs }} bits{% else %}sum of {{ m.weights }}{% endif %}: {% if m.chains.is_empty() %}counters of up to six bits of equal weight, then one addition{% else %}two tables of a carry chain count six bits and the carry{% endif %}.
entity {{ name }}_popcount_{{ m.label }} is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_popcount_{{ m.label }} is
{%- if !m.functions.is_empty() %}
  -- ONES6_B1: bit 1 of the number of ones among six bits.
{%- for function in m.functions %}
  constant ONES{{ function.inputs }}_B{{ function.bit }} : std_logic_vector({{ function.table.rows() - 1 }} downto 0) := {{ syntax::literal(function.table) }};
{%- endfor %}
{%- endif %}
{%- include "vhdl/registers.vhd" %}
{%- for counter in m.counters %}
{%- for lut in counter.bits %}
{% include "vhdl/wires.vhd" %}
{%- endfor %}
{%- endfor %}
{%- for chain in m.chains %}
{%- for lut in chain.luts %}
{% include "vhdl/wires.vhd" %}
{%- endfor %}
{%- for wire in chain.outputs() %}
  signal {{ wire }} : std_logic;
{%- endfor %}
{%- endfor %}
{%- for row in m.rows %}
  signal row_{{ loop.index0 }} : unsigned({{ m.width - 1 }} downto 0);
{%- endfor %}
begin
{%- for counter in m.counters %}
  -- {{ counter.size }} bits of weight 2^{{ counter.weight }}
{%- for lut in counter.bits %}
{%- match lut.form %}
{%- when Form::Table { table: _, address } %}
{%- let (size, bit) = counter.functions[loop.index0] %}
  {{ lut.wire }} <= lut(ONES{{ size }}_B{{ bit }}, {{ syntax::address(address) }});
{%- when _ %}
{%- include "vhdl/lut.vhd" %}
{%- endmatch %}
{%- endfor %}
{% endfor %}
{%- for chain in m.chains %}
{% include "vhdl/chain.vhd" %}
{% endfor %}
{%- for row in m.rows %}
  row_{{ loop.index0 }} <= {{ syntax::row(row) }};
{%- endfor %}
  count <= row_0{% if m.rows.len() == 2 %} + row_1{% endif %};
{%- include "vhdl/clocking.vhd" %}
end architecture;
