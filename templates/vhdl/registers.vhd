{%- for bank in m.banks %}

  -- Registers at the end of stage {{ bank.stage }}
{%- for register in bank.registers %}
  signal {{ register.target }} : {{ syntax::kind(register.target.wire, register.width) }};
{%- endfor %}
{%- endfor %}
