{%- for bank in banks %}

  // End of stage {{ bank.stage }}
  always @(posedge clk) begin
{%- for register in bank.registers %}
    {{ register.target }} <= {{ register.source }};
{%- endfor %}
  end
{%- endfor %}
