{%- for bank in m.banks %}

  // Registers at the end of stage {{ bank.stage }}
{%- for register in bank.registers %}
  reg {{ syntax::range(register.width) }}{{ register.target }};
{%- endfor %}
{%- endfor %}
