{%- for lut in sizes -%}
module LUT{{ lut.size }} #(parameter [{{ lut.rows - 1 }}:0] INIT = 0) (
{%- for pin in lut.pins %}input I{{ pin }}, {% endfor %}output O);
  \$lut #(.WIDTH({{ lut.size }}), .LUT(INIT)) lut (.A({ {%- for pin in lut.pins %}{% if !loop.first %}, {% endif %}I{{ pin }}{% endfor -%} }), .Y(O));
endmodule
{% endfor %}
module LUT6_2 #(parameter [63:0] INIT = 0) (input I0, input I1, input I2, input I3, input I4, input I5, output O6, output O5);
  \$lut #(.WIDTH(6), .LUT(INIT)) upper (.A({I5, I4, I3, I2, I1, I0}), .Y(O6));
  \$lut #(.WIDTH(5), .LUT(INIT[31:0])) lower (.A({I4, I3, I2, I1, I0}), .Y(O5));
endmodule
module CARRY4 (output [3:0] CO, output [3:0] O, input CI, input CYINIT, input [3:0] DI, input [3:0] S);
  assign O = S ^ {CO[2:0], CI | CYINIT};
  assign CO[0] = S[0] ? CI | CYINIT : DI[0];
  assign CO[1] = S[1] ? CO[0] : DI[1];
  assign CO[2] = S[2] ? CO[1] : DI[2];
  assign CO[3] = S[3] ? CO[2] : DI[3];
endmodule
