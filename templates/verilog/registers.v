{%- for bank in banks %}

  // Registers at the end of stage {{ bank.stage }}
{%- for register in bank.registers %}
  reg {{ register.range }}{{ register.target }};
{%- endfor %}
{%- endfor %}
