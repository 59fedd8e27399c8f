{%- for note in notes -%}
--{% if !note.is_empty() %} {{ note }}{% endif %}
{% endfor -%}
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

package {{ name }}_tables is
  -- The row of a table that the address spells; row 0 is the last digit of the table.
  function lut(table_rows : std_logic_vector; address : std_logic_vector) return std_logic;
{%- if style.is_primitive() %}
{%- for size in 1..7 %}

  component LUT{{ size }} is
    generic (INIT : bit_vector({{ (1 << size) - 1 }} downto 0));
    port (O : out std_logic{% for input in 0..size %}; I{{ input }} : in std_logic{% endfor %});
  end component;
{%- endfor %}
{%- endif %}
{%- if style == LutStyle::Slice %}

  component LUT6_2 is
    generic (INIT : bit_vector(63 downto 0));
    port (O6, O5 : out std_logic; I0, I1, I2, I3, I4, I5 : in std_logic);
  end component;

  component CARRY4 is
    port (
      CO, O : out std_logic_vector(3 downto 0);
      CI, CYINIT : in std_logic;
      DI, S : in std_logic_vector(3 downto 0)
    );
  end component;
{%- endif %}
end package;

package body {{ name }}_tables is
  function lut(table_rows : std_logic_vector; address : std_logic_vector) return std_logic is
    alias rows : std_logic_vector(table_rows'length - 1 downto 0) is table_rows;
  begin
    if is_x(address) then
      return 'X';
    end if;
    return rows(to_integer(unsigned(address)));
  end function;
end package body;
