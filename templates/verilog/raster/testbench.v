{%- for note in b.notes -%}
// {{ note }}
{% endfor -%}
//
// Reads one pixel a line from {{ b.name }}_inputs.hex, {{ b.pixels }} a frame, and one result a line from
// {{ b.name }}_expected.hex; +inputs=FILE and +expected=FILE name others of VECTORS frames. +results=FILE
// writes the outputs in the same form: {{ b.line() }}
//
// Three rounds: resets in the middle of a frame, after which no result of it may come; all frames
// at full rate, each result in its cycle; frames with pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
`default_nettype none

module {{ b.name }}_tb;
  parameter VECTORS = {{ b.vectors }};
  localparam PIXELS = {{ b.pixels }};

  reg [{{ b.input.width - 1 }}:0] inputs [0:VECTORS*PIXELS-1];
  reg [{{ b.output_width - 1 }}:0] expected [0:VECTORS-1];
  reg [{{ b.input.width - 1 }}:0] pixel;
  reg clk;
  reg in_valid;
  wire out_valid;
{%- if let Some(stream) = b.stream %}
  reg aresetn;
  wire in_ready;
  reg in_last;
  wire [{{ stream.output_width - 1 }}:0] data;
  reg out_ready;
  wire out_last;
  wire [{{ b.output_width - 1 }}:0] outputs = { {%- for field in b.fields() %}{% if !loop.first %}, {% endif %}data[{{ field.low + field.width - 1 }}:{{ field.low }}]{% endfor -%} };
{%- else %}
  reg rst;
{%- for pin in b.results %}
  wire [{{ pin.width - 1 }}:0] {{ pin.name }};
{%- endfor %}
  wire [{{ b.output_width - 1 }}:0] outputs = { {%- for pin in b.results.iter().rev() %}{% if !loop.first %}, {% endif %}{{ pin.name }}{% endfor -%} };
{%- endif %}
  reg [{{ b.output_width - 1 }}:0] wanted;
  reg [8*1024-1:0] path;
  reg writes_results;
  reg pauses;
  reg late;
  integer results;
  integer failures;
  integer cycle;
  integer start;
  integer seed;
  integer sent;
  integer received;
  integer total;
  integer idle;
  integer gap;
  integer again;

  {{ b.name }} dut (
{%- if b.stream.is_some() %}
    .aclk(clk),
    .aresetn(aresetn),
    .s_axis_tdata({% if b.input.width % 8 != 0 %}{ {{- 8 - b.input.width % 8 }}'d0, pixel}{% else %}pixel{% endif %}),
    .s_axis_tvalid(in_valid),
    .s_axis_tready(in_ready),
    .s_axis_tlast(in_last),
    .m_axis_tdata(data),
    .m_axis_tvalid(out_valid),
    .m_axis_tready(out_ready),
    .m_axis_tlast(out_last)
{%- else %}
    .clk(clk),
    .rst(rst),
    .in_valid(in_valid),
    .pixel(pixel),
    .out_valid(out_valid),
{%- for pin in b.results %}
    .{{ pin.name }}({{ pin.name }}){% if !loop.last %},{% endif %}
{%- endfor %}
{%- endif %}
  );

  task fault;
    input [8*64-1:0] what;
    begin
      if (failures == 0) $display("FAIL in cycle %0d: %0s", cycle, what);
      failures = failures + 1;
    end
  endtask

  // A missing line of expected outputs reads as X, and X is never right.
  task check;
    input integer vector;
    begin
      wanted = expected[vector];
      if (writes_results) $fdisplay(results, "%h", outputs);
      if (outputs !== wanted || ^wanted === 1'bx) begin
        if (failures == 0) $display("FAIL frame %0d: expected %h, got %h", vector, wanted, outputs);
        failures = failures + 1;
      end
    end
  endtask

  // At full rate every result has its cycle, counted from the first pixel of its frame.
  task on_time;
    begin
      if (!pauses && cycle - start != received * PIXELS + (received == total - 1 ? {{ b.timing.latency_alone }} : {{ b.timing.latency }}))
        fault("a result is early or late");
    end
  endtask
{%- if b.stream.is_some() %}

  reg held;
  reg [{{ b.output_width }}:0] held_outputs;
{%- endif %}

  // One clock cycle. Inputs change after the falling edge and stay until the next one; what is
  // true just before the rising edge happens at it.
  task tick;
    reg sends;
    begin
{%- if b.stream.is_some() %}
      // A pixel that was offered stays until it is taken.
      if (!in_valid) begin
{%- endif %}
      in_valid = sent < total * PIXELS && (!pauses || (gap == 0 && $random(seed) % 4 != 0));
      pixel = in_valid ? inputs[sent] : {{ b.input.width }}'bx;
{%- if b.stream.is_some() %}
        in_last = in_valid ? sent % PIXELS == PIXELS - 1 : 1'bx;
      end
      out_ready = !pauses || $random(seed) % (2 * PIXELS) == 0;
{%- endif %}
      if (gap > 0) gap = gap - 1;
      #5;
      sends = in_valid{% if b.stream.is_some() %} && in_ready{% endif %};
      if (out_valid !== 1'b0 && out_valid !== 1'b1) fault("{% if b.stream.is_some() %}m_axis_tvalid{% else %}out_valid{% endif %} is unknown");
{%- if b.stream.is_some() %}
      if (held && (!out_valid || {out_last, outputs} !== held_outputs)) fault("a result changed before it was taken");
      held = out_valid === 1'b1 && !out_ready;
      held_outputs = {out_last, outputs};
      if (out_valid && out_ready) begin
        if (out_last !== 1'b1) fault("m_axis_tlast is wrong");
{%- else %}
      if (out_valid) begin
{%- endif %}
        if (received * PIXELS < sent) begin
          check(received);
          on_time;
        end else fault("a result without a frame");
        received = received + 1;
      end
{%- if b.stream.is_some() %}
      if (!pauses && in_valid && !in_ready) fault("a pixel has to wait although all results are taken");
{%- endif %}
      clk = 1'b1;
      #5 clk = 1'b0;
      if (sends) begin
        sent = sent + 1;
        in_valid = 1'b0;
        // Now and then the next frame is late.
        if (late && sent % PIXELS == 0 && $random(seed) % 2 == 0) gap = {$random(seed)} % (3 * PIXELS);
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
      // The cycle after a reset takes no pixel yet.
      #5 clk = 1'b1;
      #5 clk = 1'b0;
{%- else %}
      rst = 1'b0;
{%- endif %}
      sent = 0;
      received = 0;
      gap = 0;
      start = cycle;
    end
  endtask

  initial begin
    failures = 0;
    path = "{{ b.name }}_inputs.hex";
    if ($value$plusargs("inputs=%s", path)) begin end
    $readmemh(path, inputs);
    path = "{{ b.name }}_expected.hex";
    if ($value$plusargs("expected=%s", path)) begin end
    $readmemh(path, expected);
    results = 0;
    writes_results = 1'b0;
    seed = 1;
    cycle = 0;
    clk = 1'b0;
    in_valid = 1'b0;
{%- if b.stream.is_some() %}
    out_ready = 1'b0;
    held = 1'b0;
{%- endif %}

    // Resets at several places of a frame: what was sent before never comes out, and the next pixel
    // is the first of a frame, whether it comes at once or later.
    reset;
    pauses = 1'b1;
    late = 1'b0;
    for (again = 0; again < 6; again = again + 1) begin
      total = VECTORS;
      for (idle = 0; idle < (1 + again % 2 * 3) * PIXELS + 3 + again * PIXELS / 4; idle = idle + 1) tick;
      reset;
      total = 0;
      if (again % 2 == 0) for (idle = 0; idle < {{ b.drain }}; idle = idle + 1) tick;
    end

    // All frames, a pixel a cycle: each result {{ b.timing.latency }} cycles after the first pixel of its frame.
    writes_results = $value$plusargs("results=%s", path) != 0;
    if (writes_results) results = $fopen(path, "w");
    pauses = 1'b0;
    total = VECTORS;
    for (idle = 0; idle < VECTORS * PIXELS + {{ b.timing.latency }}; idle = idle + 1) tick;
    if (received != VECTORS) fault("results are missing or late at full rate");
    if (writes_results) $fclose(results);
    writes_results = 1'b0;

    // Pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
    reset;
    pauses = 1'b1;
    late = 1'b1;
    total = VECTORS < 40 ? VECTORS : 40;
    idle = 0;
    while (received < total && idle < 20 * total * PIXELS + 1000) begin
      tick;
      idle = idle + 1;
    end
    for (idle = 0; idle < {{ b.drain }}; idle = idle + 1) tick;
    if (received != total) fault("results are missing");

    if (failures == 0) $display("PASS %0d vectors", VECTORS);
    else $display("FAIL %0d of %0d vectors differ", failures, VECTORS);
    $finish;
  end
endmodule

`default_nettype wire
