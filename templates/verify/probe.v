// Holds one input of {{ module }} until everything in it has settled and writes the value of every
// wire to probe.vcd. Made by difflut to find where a difference begins.
`timescale 1ns / 1ps
module probe;
    reg [{{ input_width - 1 }}:0] features = {{ input_width }}'h{{ bus }};
    reg clk = 1'b0;

    {{ module }} dut (
{%- if clocked %}
        .clk(clk),
{%- endif %}
        .features(features)
    );

    initial begin
        repeat ({{ cycles }}) begin
            #5 clk = 1'b1;
            #5 clk = 1'b0;
        end
        #10 $dumpfile("probe.vcd");
        $dumpvars(0, dut);
        #1 $finish;
    end
endmodule
