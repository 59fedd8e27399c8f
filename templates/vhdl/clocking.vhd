{%- for bank in m.banks %}

  -- End of stage {{ bank.stage }}
  process (clk)
  begin
    if rising_edge(clk) then
{%- if enable %}
      if ce = '1' then
{%- endif %}
{%- for register in bank.registers %}
      {% if enable %}  {% endif %}{{ register.target }} <= {{ register.source }};
{%- endfor %}
{%- if enable %}
      end if;
{%- endif %}
    end if;
  end process;
{%- endfor %}
