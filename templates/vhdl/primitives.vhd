{%- for note in notes -%}
-- {{ note }}
{% endfor -%}
-- For simulation only: synthesis has its own.
{%- for size in sizes %}

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity LUT{{ size }} is
  generic (INIT : bit_vector({{ (1 << *size) - 1 }} downto 0));
  port (O : out std_logic{% for input in 0..*size %}; I{{ input }} : in std_logic{% endfor %});
end entity;

architecture model of LUT{{ size }} is
  signal address : std_logic_vector({{ size - 1 }} downto 0);
begin
{%- for input in 0..*size %}
  address({{ input }}) <= I{{ input }};
{%- endfor %}
  O <= 'X' when is_x(address) else to_stdulogic(INIT(to_integer(unsigned(address))));
end architecture;
{%- endfor %}
