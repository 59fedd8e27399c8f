// Drives {{ module }} with one vector per line of stimulus.hex and writes its outputs, one line
// per vector, to results.hex. Made by difflut for one check.
`timescale 1ns / 1ps
module bench;
    reg [{{ input_width - 1 }}:0] stimulus [0:{{ vectors - 1 }}];
    reg [{{ input_width - 1 }}:0] features;
{%- for output in outputs %}
    wire [{{ output.width - 1 }}:0] {{ output.name }};
{%- endfor %}
    integer file;
    integer i;

    {{ module }} dut (
        .features(features)
{%- for output in outputs %},
        .{{ output.name }}({{ output.name }})
{%- endfor %}
    );

    initial begin
        $readmemh("stimulus.hex", stimulus);
        file = $fopen("results.hex", "w");
        for (i = 0; i < {{ vectors }}; i = i + 1) begin
            features = stimulus[i];
            #1;
            $fdisplay(file, "{% for output in outputs %}%h{% if !loop.last %} {% endif %}{% endfor %}"
{%- for output in outputs %}, {{ output.name }}{% endfor %});
        end
        $fclose(file);
        $display("done %0d", i);
        $finish;
    end
endmodule
