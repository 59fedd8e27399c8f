// Constant tables that are indexed become lookup tables at once, before they are taken for
// shifters. Made by difflut for yosys.
(* techmap_celltype = "$shiftx" *)
module const_table (A, B, Y);
  parameter A_SIGNED = 0;
  parameter B_SIGNED = 0;
  parameter A_WIDTH = 1;
  parameter B_WIDTH = 1;
  parameter Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  parameter _TECHMAP_CONSTMSK_A_ = 0;
  parameter _TECHMAP_CONSTVAL_A_ = 0;
  wire _TECHMAP_FAIL_ = !(&_TECHMAP_CONSTMSK_A_) || A_WIDTH != (1 << B_WIDTH) || Y_WIDTH != 1 || B_SIGNED;
  \$lut #(.WIDTH(B_WIDTH), .LUT(_TECHMAP_CONSTVAL_A_)) table_of_constants (.A(B), .Y(Y));
endmodule
