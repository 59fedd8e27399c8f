{%- for note in b.notes -%}
// {{ note }}
{% endfor -%}
//
// Reads one vector a line from {{ b.name }}_inputs.hex and {{ b.name }}_expected.hex; +inputs=FILE and
// +expected=FILE name others of VECTORS lines. +results=FILE writes the outputs in the same form:
// {{ b.line() }}
{%- if b.interface != Interface::Comb %}
//
// Three rounds: a reset while inputs are on their way, after which no result may come; all vectors
// at full rate, a result every cycle; the vectors again with pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
{%- endif %}
`default_nettype none

module {{ b.name }}_tb;
  parameter VECTORS = {{ b.vectors }};

  reg [{{ b.input.width - 1 }}:0] inputs [0:VECTORS-1];
  reg [{{ b.output_width - 1 }}:0] expected [0:VECTORS-1];
  reg [{{ b.input.width - 1 }}:0] {{ b.input.name }};
{%- if b.has_clock %}
  reg clk;
{%- endif %}
{%- if let Some(stream) = b.stream %}
  reg aresetn;
  reg in_valid;
  wire in_ready;
  reg in_last;
  wire [{{ stream.output_width - 1 }}:0] data;
  wire out_valid;
  reg out_ready;
  wire out_last;
  wire [{{ b.output_width - 1 }}:0] outputs = { {%- for field in b.fields() %}{% if !loop.first %}, {% endif %}data[{{ field.low + field.width - 1 }}:{{ field.low }}]{% endfor -%} };
{%- else %}
{%- if b.interface == Interface::Valid %}
  reg rst;
  reg in_valid;
  wire out_valid;
{%- endif %}
{%- if b.has_head() %}
{%- for pin in b.results %}
  wire [{{ pin.width - 1 }}:0] {{ pin.name }};
{%- endfor %}
  wire [{{ b.output_width - 1 }}:0] outputs = { {%- for pin in b.results.iter().rev() %}{% if !loop.first %}, {% endif %}{{ pin.name }}{% endfor -%} };
{%- else %}
  wire [{{ b.output_width - 1 }}:0] outputs;
{%- endif %}
{%- endif %}
  reg [{{ b.output_width - 1 }}:0] wanted;
  reg [8*1024-1:0] path;
  reg writes_results;
  integer results;
  integer failures;
  integer cycle;
{%- if b.scores > 0 %}
  integer k;
{%- endif %}

  {{ b.name }} dut (
{%- if b.stream.is_some() %}
    .aclk(clk),
    .aresetn(aresetn),
    .s_axis_tdata({% if b.input.width % 8 != 0 %}{ {{- 8 - b.input.width % 8 }}'d0, {{ b.input.name }}}{% else %}{{ b.input.name }}{% endif %}),
    .s_axis_tvalid(in_valid),
    .s_axis_tready(in_ready),
    .s_axis_tlast(in_last),
    .m_axis_tdata(data),
    .m_axis_tvalid(out_valid),
    .m_axis_tready(out_ready),
    .m_axis_tlast(out_last)
{%- else %}
{%- if b.has_clock %}
    .clk(clk),
{%- endif %}
{%- if b.interface == Interface::Valid %}
    .rst(rst),
    .in_valid(in_valid),
    .out_valid(out_valid),
{%- endif %}
    .{{ b.input.name }}({{ b.input.name }}),
{%- if b.has_head() %}
{%- for pin in b.results %}
    .{{ pin.name }}({{ pin.name }}){% if !loop.last %},{% endif %}
{%- endfor %}
{%- else %}
    .bits(outputs)
{%- endif %}
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
{%- if b.has_head() %}
          $write("FAIL vector %0d: expected", vector);
{%- if b.class_bits > 0 %}
          $write(" class %0d", wanted[{{ b.class_bits - 1 }}:0]);
{%- endif %}
{%- if b.scores > 0 %}
          $write(" scores");
          for (k = 0; k < {{ b.scores }}; k = k + 1) $write(" %0d", wanted[{{ b.class_bits }} + k * {{ b.score_bits }} +: {{ b.score_bits }}]);
{%- endif %}
          $write(", got");
{%- if b.class_bits > 0 %}
          $write(" class %0d", outputs[{{ b.class_bits - 1 }}:0]);
{%- endif %}
{%- if b.scores > 0 %}
          $write(" scores");
          for (k = 0; k < {{ b.scores }}; k = k + 1) $write(" %0d", outputs[{{ b.class_bits }} + k * {{ b.score_bits }} +: {{ b.score_bits }}]);
{%- endif %}
          $write("\n");
{%- else %}
          $display("FAIL vector %0d: expected bits %b, got %b", vector, wanted, outputs);
{%- endif %}
        end
        failures = failures + 1;
      end
    end
  endtask
{%- if b.interface != Interface::Comb %}

  integer seed;
  integer sent;
  integer received;
  integer total;
  integer idle;
  reg pauses;
{%- if b.stream.is_some() %}
  reg held;
  reg [{{ b.output_width }}:0] held_outputs;
{%- endif %}

  task fault;
    input [8*64-1:0] what;
    begin
      if (failures == 0) $display("FAIL in cycle %0d: %0s", cycle, what);
      failures = failures + 1;
    end
  endtask

  // One clock cycle. Inputs change after the falling edge and stay until the next one; what is
  // true just before the rising edge happens at it.
  task tick;
    reg sends;
    begin
{%- if b.stream.is_some() %}
      // An input that was offered stays until it is taken.
      if (!in_valid) begin
        in_valid = sent < total && (!pauses || $random(seed) % 4 != 0);
        {{ b.input.name }} = in_valid ? inputs[sent] : {{ b.input.width }}'bx;
        in_last = in_valid ? sent % 7 == 6 : 1'bx;
      end
      out_ready = !pauses || $random(seed) % 3 != 0;
      #5;
      sends = in_valid && in_ready;
      if (out_valid !== 1'b0 && out_valid !== 1'b1) fault("m_axis_tvalid is unknown");
      if (held && (!out_valid || {out_last, outputs} !== held_outputs)) fault("a result changed before it was taken");
      held = out_valid === 1'b1 && !out_ready;
      held_outputs = {out_last, outputs};
      if (out_valid && out_ready) begin
        if (received < sent) begin
          check(received);
          if (out_last !== (received % 7 == 6)) fault("m_axis_tlast is wrong");
        end else fault("a result without an input");
        received = received + 1;
      end
      if (!pauses && in_valid && !in_ready) fault("an input has to wait although all results are taken");
{%- else %}
      in_valid = sent < total && (!pauses || $random(seed) % 4 != 0);
      {{ b.input.name }} = in_valid ? inputs[sent] : {{ b.input.width }}'bx;
      #5;
      sends = in_valid;
      if (out_valid !== 1'b0 && out_valid !== 1'b1) fault("out_valid is unknown");
      if (out_valid) begin
        if (received < sent) check(received);
        else fault("a result without an input");
        received = received + 1;
      end
{%- endif %}
      clk = 1'b1;
      #5 clk = 1'b0;
      if (sends) begin
        sent = sent + 1;
        in_valid = 1'b0;
      end
      cycle = cycle + 1;
    end
  endtask

  task reset;
    begin
      in_valid = 1'b0;
{%- if b.stream.is_some() %}
      held = 1'b0;
      aresetn = 1'b0;
{%- else %}
      rst = 1'b1;
{%- endif %}
      #5 clk = 1'b1;
      #5 clk = 1'b0;
{%- if b.stream.is_some() %}
      aresetn = 1'b1;
      // The cycle after a reset takes no input yet.
      #5 clk = 1'b1;
      #5 clk = 1'b0;
{%- else %}
      rst = 1'b0;
{%- endif %}
      sent = 0;
      received = 0;
    end
  endtask
{%- endif %}

  initial begin
    failures = 0;
    path = "{{ b.name }}_inputs.hex";
    if ($value$plusargs("inputs=%s", path)) begin end
    $readmemh(path, inputs);
    path = "{{ b.name }}_expected.hex";
    if ($value$plusargs("expected=%s", path)) begin end
    $readmemh(path, expected);
    results = 0;
{%- if b.interface == Interface::Comb %}
    writes_results = $value$plusargs("results=%s", path) != 0;
    if (writes_results) results = $fopen(path, "w");
{%- if b.latency > 0 %}

    // One vector a cycle; the results of a vector are there after {{ b.latency }} rising edge{% if b.latency > 1 %}s{% endif %}.
    clk = 1'b0;
    for (cycle = 0; cycle < VECTORS + {{ b.latency - 1 }}; cycle = cycle + 1) begin
      if (cycle < VECTORS) {{ b.input.name }} = inputs[cycle];
      #5 clk = 1'b1;
      #4 if (cycle >= {{ b.latency - 1 }}) check(cycle - {{ b.latency - 1 }});
      #1 clk = 1'b0;
    end
{%- else %}

    for (cycle = 0; cycle < VECTORS; cycle = cycle + 1) begin
      {{ b.input.name }} = inputs[cycle];
      #10 check(cycle);
    end
{%- endif %}
{%- else %}
    writes_results = 1'b0;
    seed = 1;
    cycle = 0;
    clk = 1'b0;
    in_valid = 1'b0;
{%- if b.stream.is_some() %}
    out_ready = 1'b0;
    held = 1'b0;
{%- endif %}

    // A reset while inputs are on their way: what was sent before it never comes out.
    reset;
    pauses = 1'b1;
    total = VECTORS;
    for (idle = 0; idle < {{ 2 * b.latency + 5 }}; idle = idle + 1) tick;
    reset;
    total = 0;
    for (idle = 0; idle < {{ 2 * b.latency + 5 }}; idle = idle + 1) tick;

    // All vectors, one a cycle: the last result is there {{ b.latency }} cycle{% if b.latency > 1 %}s{% endif %} after the last input.
    writes_results = $value$plusargs("results=%s", path) != 0;
    if (writes_results) results = $fopen(path, "w");
    pauses = 1'b0;
    total = VECTORS;
    for (idle = 0; idle < VECTORS + {{ b.latency }}; idle = idle + 1) tick;
    if (received != VECTORS) fault("results are missing or late at full rate");
    if (writes_results) $fclose(results);
    writes_results = 1'b0;

    // Pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
    reset;
    pauses = 1'b1;
    total = VECTORS < 300 ? VECTORS : 300;
    idle = 0;
    while (received < total && idle < 20 * total + 1000) begin
      tick;
      idle = idle + 1;
    end
    for (idle = 0; idle < {{ 2 * b.latency + 5 }}; idle = idle + 1) tick;
    if (received != total) fault("results are missing");
{%- endif %}
{% if b.interface == Interface::Comb %}
    if (writes_results) $fclose(results);
{%- endif %}
    if (failures == 0) $display("PASS %0d vectors", VECTORS);
    else $display("FAIL %0d of %0d vectors differ", failures, VECTORS);
    $finish;
  end
endmodule

`default_nettype wire
