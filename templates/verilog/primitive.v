{%- include "verilog/notes.v" -%}
// For simulation only: synthesis has its own.
`default_nettype none

module LUT{{ size }} #(
  parameter [{{ rows - 1 }}:0] INIT = {{ rows }}'h0
) (
  output wire O
{%- for input in inputs.clone() %},
  input  wire I{{ input }}
{%- endfor %}
);
  assign O = INIT[{% for input in inputs.clone().rev() %}{% if loop.first %}{ {%- else %}, {% endif %}I{{ input }}{% endfor %}}];
endmodule

`default_nettype wire
