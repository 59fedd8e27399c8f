{%- include "verilog/notes.v" -%}
`default_nettype none

// Collects the last image, {{ m.positions }} position{% if m.positions > 1 %}s{% endif %} of {{ m.channels }} bit{% if m.channels > 1 %}s{% endif %}.
module {{ name }}_image (
  input  wire clk,
  input  wire rst,
{%- if stalls %}
  input  wire ce,
{%- endif %}
  input  wire in_valid,
  input  wire [{{ m.channels - 1 }}:0] in_bits,
  output reg  full,
  output wire [{{ m.channels * m.positions - 1 }}:0] image
);
  wire take = in_valid{% if stalls %} & ce{% endif %};
{%- if m.positions > 1 %}

  // The one that is set says where the next position goes.
  reg [{{ m.positions - 1 }}:0] place;
  always @(posedge clk)
    if (rst) place <= {{ m.positions }}'d1;
    else if (take) place <= {place[{{ m.positions - 2 }}:0], place[{{ m.positions - 1 }}]};
{%- endif %}

  always @(posedge clk)
    if (rst) full <= 1'b0;
    else {{ enable }}full <= in_valid{% if m.positions > 1 %} & place[{{ m.positions - 1 }}]{% endif %};

  genvar p, c;
  generate
    for (p = 0; p < {{ m.positions }}; p = p + 1) begin : at
      reg [{{ m.channels - 1 }}:0] bits;
      always @(posedge clk) if (take{% if m.positions > 1 %} & place[p]{% endif %}) bits <= in_bits;
      for (c = 0; c < {{ m.channels }}; c = c + 1) begin : of
        assign image[c * {{ m.positions }} + p] = bits[c];
      end
    end
  endgenerate
endmodule

`default_nettype wire
