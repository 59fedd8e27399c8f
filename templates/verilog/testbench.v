{%- for note in notes -%}
// {{ note }}
{% endfor -%}
//
// Reads one vector a line from {{ name }}_inputs.hex and {{ name }}_expected.hex; +inputs=FILE and
// +expected=FILE name others of VECTORS lines. +results=FILE writes the outputs in the same form:
{%- if classes > 0 %}
// the class in the lowest bits, the scores above it.
{%- else %}
// output i in bit i.
{%- endif %}
`default_nettype none

module {{ name }}_tb;
  parameter VECTORS = {{ vectors }};

  reg [{{ input_width - 1 }}:0] inputs [0:VECTORS-1];
  reg [{{ output_width - 1 }}:0] expected [0:VECTORS-1];
  reg [{{ input_width - 1 }}:0] features;
{%- if has_clock %}
  reg clk;
{%- endif %}
{%- if classes > 0 %}
  wire [{{ class_bits - 1 }}:0] class_index;
  wire [{{ classes * score_bits - 1 }}:0] scores;
  wire [{{ output_width - 1 }}:0] outputs = {scores, class_index};
{%- else %}
  wire [{{ output_width - 1 }}:0] outputs;
{%- endif %}
  reg [{{ output_width - 1 }}:0] wanted;
  reg [8*1024-1:0] path;
  reg writes_results;
  integer results;
  integer failures;
  integer cycle;
{%- if classes > 0 %}
  integer k;
{%- endif %}

  {{ name }} dut (
{%- if has_clock %}
    .clk(clk),
{%- endif %}
    .features(features),
{%- if classes > 0 %}
    .class_index(class_index),
    .scores(scores)
{%- else %}
    .bits(outputs)
{%- endif %}
  );

  // A missing line of expected outputs reads as X, and X is never right.
  task check;
    input integer vector;
    begin
      wanted = expected[vector];
      if (writes_results) $fdisplay(results, "%h", outputs);
      if (outputs !== wanted || ^wanted === 1'bx) begin
        if (failures == 0) begin
{%- if classes > 0 %}
          $write("FAIL vector %0d: expected class %0d scores", vector, wanted[{{ class_bits - 1 }}:0]);
          for (k = 0; k < {{ classes }}; k = k + 1) $write(" %0d", wanted[{{ class_bits }} + k * {{ score_bits }} +: {{ score_bits }}]);
          $write(", got class %0d scores", outputs[{{ class_bits - 1 }}:0]);
          for (k = 0; k < {{ classes }}; k = k + 1) $write(" %0d", outputs[{{ class_bits }} + k * {{ score_bits }} +: {{ score_bits }}]);
          $write("\n");
{%- else %}
          $display("FAIL vector %0d: expected bits %b, got %b", vector, wanted, outputs);
{%- endif %}
        end
        failures = failures + 1;
      end
    end
  endtask

  initial begin
    failures = 0;
    path = "{{ name }}_inputs.hex";
    if ($value$plusargs("inputs=%s", path)) begin end
    $readmemh(path, inputs);
    path = "{{ name }}_expected.hex";
    if ($value$plusargs("expected=%s", path)) begin end
    $readmemh(path, expected);
    results = 0;
    writes_results = $value$plusargs("results=%s", path) != 0;
    if (writes_results) results = $fopen(path, "w");
{%- if latency > 0 %}

    // One vector a cycle; the results of a vector are there after {{ latency }} rising edge{% if latency > 1 %}s{% endif %}.
    clk = 1'b0;
    for (cycle = 0; cycle < VECTORS + {{ latency - 1 }}; cycle = cycle + 1) begin
      if (cycle < VECTORS) features = inputs[cycle];
      #5 clk = 1'b1;
      #4 if (cycle >= {{ latency - 1 }}) check(cycle - {{ latency - 1 }});
      #1 clk = 1'b0;
    end
{%- else %}
{% if has_clock %}
    clk = 1'b0;
{%- endif %}
    for (cycle = 0; cycle < VECTORS; cycle = cycle + 1) begin
      features = inputs[cycle];
      #10 check(cycle);
    end
{%- endif %}

    if (writes_results) $fclose(results);
    if (failures == 0) $display("PASS %0d vectors", VECTORS);
    else $display("FAIL %0d of %0d vectors differ", failures, VECTORS);
    $finish;
  end
endmodule

`default_nettype wire
