{%- include "verilog/notes.v" -%}
// For simulation only: synthesis has its own.
`default_nettype none

// Position i shows the sum O[i] of S[i] and the carry from below, and carries on DI[i] where S[i] is
// clear. One of CI and CYINIT is 0.
module CARRY4 (
  output wire [3:0] CO,
  output wire [3:0] O,
  input  wire       CI,
  input  wire       CYINIT,
  input  wire [3:0] DI,
  input  wire [3:0] S
);
  wire c0 = CI | CYINIT;
  wire c1 = S[0] ? c0 : DI[0];
  wire c2 = S[1] ? c1 : DI[1];
  wire c3 = S[2] ? c2 : DI[2];
  wire c4 = S[3] ? c3 : DI[3];
  assign O = S ^ {c3, c2, c1, c0};
  assign CO = {c4, c3, c2, c1};
endmodule

`default_nettype wire
