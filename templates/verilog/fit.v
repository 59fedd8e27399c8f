{%- include "verilog/notes.v" -%}
//
// A chip has fewer pins than most networks have ports. Here all inputs come from a shift register
// and all outputs go to another one, so that {{ input_bits }} + {{ output_bits }} flip-flops are not part of the
// network. Placement and timing are then those of the network inside a larger design.
`default_nettype none

module {{ name }}_fit (
  input  wire clk,
  input  wire shift_in,
  input  wire load,
  output wire shift_out
);
  reg [{{ input_bits }}:0] stimulus;
  reg [{{ output_bits }}:0] captured;
  wire [{{ output_bits - 1 }}:0] results;

  {{ name }} dut (
{%- if let Some(port) = clock %}
    .{{ port }}(clk),
{%- endif %}
{%- for (pin, low) in inputs %}
    .{{ pin.name }}(stimulus[{% if pin.width > 1 %}{{ low + pin.width - 1 }}:{% endif %}{{ low }}]),
{%- endfor %}
{%- for (pin, low) in outputs %}
    .{{ pin.name }}(results[{% if pin.width > 1 %}{{ low + pin.width - 1 }}:{% endif %}{{ low }}]){% if !loop.last %},{% endif %}
{%- endfor %}
  );

  always @(posedge clk) begin
    stimulus <= {stimulus[{{ input_bits - 1 }}:0], shift_in};
    captured <= load ? {results, stimulus[{{ input_bits }}]} : {captured[{{ output_bits - 1 }}:0], 1'b0};
  end
  assign shift_out = captured[{{ output_bits }}];
endmodule

`default_nettype wire
