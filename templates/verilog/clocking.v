{%- for bank in m.banks %}

  // End of stage {{ bank.stage }}
  always @(posedge clk) {{ enable }}begin
{%- for register in bank.registers %}
    {{ register.target }} <= {{ register.source }};
{%- endfor %}
  end
{%- endfor %}
