{%- include "vhdl/context.vhd" %}

-- The lookup tables. Bit r of a table is its value when input i equals bit i of r.
entity {{ name }}_core is
{% include "vhdl/ports.vhd" %}
end entity;

architecture rtl of {{ name }}_core is
{%- include "vhdl/registers.vhd" %}
{%- for stretch in m.stretches() %}
{% for lut in m.luts(stretch) %}
{% include "vhdl/wires.vhd" %}
{%- endfor %}
{%- endfor %}
begin
{%- for stretch in m.stretches() %}
  -- {{ m.title(stretch) }}
{%- for lut in m.luts(stretch) %}
{%- include "vhdl/lut.vhd" %}
{%- endfor %}
{% endfor %}
  -- Outputs
{%- for (output, signal) in m.outputs() %}
  {{ output }} <= {{ signal }};
{%- endfor %}
{%- include "vhdl/clocking.vhd" %}
end architecture;
