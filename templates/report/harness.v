module difflut_harness (input wire clk, input wire serial_in, input wire load_in, output wire serial_out);
  reg [{{ stimulus - 1 }}:0] stimulus;
  reg [{{ results - 1 }}:0] results, shift;
  reg load;
  wire [{{ results - 1 }}:0] outputs;
  {{ top }} design_under_test (
{%- if clock %}
    .clk(clk),
{%- endif %}
{%- for input in inputs %}
    .{{ input.name }}({
{%- for piece in input.pieces %}
{%- match piece.low %}
{%- when Some with (low) %}stimulus[{{ low }} +: {{ piece.width }}]
{%- when None %}{{ piece.width }}'d0
{%- endmatch %}
{%- if !loop.last %}, {% endif %}
{%- endfor %}}),
{%- endfor %}
{%- for port in outputs %}
    .{{ port.name }}(outputs[{{ port.low }} +: {{ port.width }}]){% if !loop.last %},{% endif %}
{%- endfor %}
  );
  always @(posedge clk) begin
    stimulus <= {stimulus, serial_in};
    load <= load_in;
    results <= outputs;
    shift <= load ? results : {shift, 1'b0};
  end
  assign serial_out = shift[{{ results - 1 }}];
endmodule
