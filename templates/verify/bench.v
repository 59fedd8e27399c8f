// Drives {{ module }} with one vector per line of stimulus.hex and writes its outputs, one line
// per vector, to results.hex. Made by difflut for one check.
`timescale 1ns / 1ps
module bench;
    reg [{{ input_width - 1 }}:0] stimulus [0:{{ vectors - 1 }}];
    reg [{{ input_width - 1 }}:0] features;
{%- if latency > 0 %}
    reg clk;
{%- endif %}
{%- for output in outputs %}
    wire [{{ output.width - 1 }}:0] {{ output.name }};
{%- endfor %}
    integer file;
    integer i;

    {{ module }} dut (
{%- if latency > 0 %}
        .clk(clk),
{%- endif %}
        .features(features)
{%- for output in outputs %},
        .{{ output.name }}({{ output.name }})
{%- endfor %}
    );

    task write;
        $fdisplay(file, "{% for output in outputs %}%h{% if !loop.last %} {% endif %}{% endfor %}"
{%- for output in outputs %}, {{ output.name }}{% endfor %});
    endtask

    initial begin
        $readmemh("stimulus.hex", stimulus);
        file = $fopen("results.hex", "w");
{%- if latency > 0 %}
        clk = 1'b0;
        // The results of a vector are there after {{ latency }} rising edges.
        for (i = 0; i < {{ vectors + latency - 1 }}; i = i + 1) begin
            if (i < {{ vectors }}) features = stimulus[i];
            else features = {{ input_width }}'bx;
            #5 clk = 1'b1;
            #4 if (i >= {{ latency - 1 }}) write;
            #1 clk = 1'b0;
        end
{%- else %}
        for (i = 0; i < {{ vectors }}; i = i + 1) begin
            features = stimulus[i];
            #10 write;
        end
{%- endif %}
        $fclose(file);
        $display("done {{ vectors }}");
        $finish;
    end
endmodule
