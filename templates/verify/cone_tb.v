// One input of the cone of {{ wire }}: prints PASS when the wire is {{ expected }} as in the model, FAIL when
// it is not. {{ command }}
`timescale 1ns / 1ps
module cone_tb;
    reg [{{ input_width - 1 }}:0] features = {{ input_width }}'h{{ bus }};
    wire value;

    cone dut (.features(features), .value(value));

    initial begin
        #10;
        if (value === 1'b{{ expected }}) $display("PASS {{ wire }} is {{ expected }}");
        else $display("FAIL {{ wire }} is %b, expected {{ expected }}", value);
        $finish;
    end
endmodule
