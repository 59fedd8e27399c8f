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
{%- if pairs %}

library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;

entity LUT6_2 is
  generic (INIT : bit_vector(63 downto 0));
  port (O6, O5 : out std_logic; I0, I1, I2, I3, I4, I5 : in std_logic);
end entity;

architecture model of LUT6_2 is
  signal address : std_logic_vector(4 downto 0);
  signal upper : std_logic_vector(5 downto 0);
begin
  address <= I4 & I3 & I2 & I1 & I0;
  upper <= I5 & address;
  O6 <= 'X' when is_x(upper) else to_stdulogic(INIT(to_integer(unsigned(upper))));
  O5 <= 'X' when is_x(address) else to_stdulogic(INIT(to_integer(unsigned(address))));
end architecture;
{%- endif %}
{%- if chains %}

library ieee;
use ieee.std_logic_1164.all;

-- Position i shows the sum O(i) of S(i) and the carry from below, and carries on DI(i) where S(i) is
-- '0'. One of CI and CYINIT is '0'.
entity CARRY4 is
  port (
    CO, O : out std_logic_vector(3 downto 0);
    CI, CYINIT : in std_logic;
    DI, S : in std_logic_vector(3 downto 0)
  );
end entity;

architecture model of CARRY4 is
  signal carry : std_logic_vector(4 downto 0);
begin
  carry(0) <= CI or CYINIT;
  position : for i in 0 to 3 generate
    carry(i + 1) <= (S(i) and carry(i)) or (not S(i) and DI(i));
    O(i) <= S(i) xor carry(i);
  end generate;
  CO <= carry(4 downto 1);
end architecture;
{%- endif %}
