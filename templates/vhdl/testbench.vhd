{%- for note in b.notes -%}
-- {{ note }}
{% endfor -%}
--
-- Reads one vector a line from the files INPUTS and EXPECTED and writes the outputs in the same
-- form to RESULTS, unless that is empty: {{ b.line() }}
{%- if b.interface != Interface::Comb %}
--
-- Three rounds: a reset while inputs are on their way, after which no result may come; all vectors
-- at full rate, a result every cycle; the vectors again with pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
{%- endif %}
library ieee;
use ieee.std_logic_1164.all;
use ieee.numeric_std.all;
use ieee.math_real.uniform;
use std.textio.all;
use std.env.finish;

entity {{ b.name }}_tb is
  generic (
    INPUTS : string := "{{ b.name }}_inputs.hex";
    EXPECTED : string := "{{ b.name }}_expected.hex";
    RESULTS : string := ""
  );
end entity;

architecture test of {{ b.name }}_tb is
  constant VECTORS : positive := {{ b.vectors }};
  subtype input_word is std_logic_vector({{ b.input.width - 1 }} downto 0);
  subtype output_word is std_logic_vector({{ b.output_width - 1 }} downto 0);
  type input_words is array (0 to VECTORS - 1) of input_word;
  type output_words is array (0 to VECTORS - 1) of output_word;

  -- A missing or unreadable line is X, and X is never right.
  impure function read_inputs return input_words is
    file source : text;
    variable status : file_open_status;
    variable words : input_words := (others => (others => 'X'));
    variable content : line;
    variable word : input_word;
    variable good : boolean;
  begin
    file_open(status, source, INPUTS, read_mode);
    if status = open_ok then
      for vector in words'range loop
        exit when endfile(source);
        readline(source, content);
        hread(content, word, good);
        if good then
          words(vector) := word;
        end if;
      end loop;
    end if;
    return words;
  end function;

  impure function read_expected return output_words is
    file source : text;
    variable status : file_open_status;
    variable words : output_words := (others => (others => 'X'));
    variable content : line;
    variable word : output_word;
    variable good : boolean;
  begin
    file_open(status, source, EXPECTED, read_mode);
    if status = open_ok then
      for vector in words'range loop
        exit when endfile(source);
        readline(source, content);
        hread(content, word, good);
        if good then
          words(vector) := word;
        end if;
      end loop;
    end if;
    return words;
  end function;

  signal {{ b.input.name }} : input_word := (others => '0');
  signal outputs : output_word;
{%- if b.has_clock %}
  signal clk : std_logic := '0';
{%- endif %}
{%- if let Some(stream) = b.stream %}
  signal aresetn : std_logic := '1';
  signal in_data : std_logic_vector({{ stream.input_width - 1 }} downto 0) := (others => '0');
  signal in_valid : std_logic := '0';
  signal in_ready : std_logic;
  signal in_last : std_logic := '0';
  signal data : std_logic_vector({{ stream.output_width - 1 }} downto 0);
  signal out_valid : std_logic;
  signal out_ready : std_logic := '0';
  signal out_last : std_logic;
{%- else %}
{%- if b.interface == Interface::Valid %}
  signal rst : std_logic := '0';
  signal in_valid : std_logic := '0';
  signal out_valid : std_logic;
{%- endif %}
{%- for pin in b.results %}
  signal {{ pin.name }} : {{ syntax::pin_kind(pin) }};
{%- endfor %}
{%- endif %}
begin
  dut : entity work.{{ b.name }}
    port map (
{%- if b.stream.is_some() %}
      aclk => clk,
      aresetn => aresetn,
      s_axis_tdata => in_data,
      s_axis_tvalid => in_valid,
      s_axis_tready => in_ready,
      s_axis_tlast => in_last,
      m_axis_tdata => data,
      m_axis_tvalid => out_valid,
      m_axis_tready => out_ready,
      m_axis_tlast => out_last
{%- else %}
{%- if b.has_clock %}
      clk => clk,
{%- endif %}
{%- if b.interface == Interface::Valid %}
      rst => rst,
      in_valid => in_valid,
      out_valid => out_valid,
{%- endif %}
      {{ b.input.name }} => {{ b.input.name }},
{%- for pin in b.results %}
      {{ pin.name }} => {{ pin.name }}{% if !loop.last %},{% endif %}
{%- endfor %}
{%- endif %}
    );
{%- if b.stream.is_some() %}
  in_data({{ b.input.width - 1 }} downto 0) <= {{ b.input.name }};
  outputs <= {% for field in b.fields() %}{% if !loop.first %} & {% endif %}data({{ field.low + field.width - 1 }} downto {{ field.low }}){% endfor %};
{%- else %}
  outputs <= {% for pin in b.results.iter().rev() %}{% if !loop.first %} & {% endif %}{{ pin.name }}{% endfor %};
{%- endif %}

  process
    variable input_of : input_words := read_inputs;
    variable expected_of : output_words := read_expected;
    variable failures : natural := 0;
    variable writes_results : boolean := false;
    file results_file : text;

    procedure print(message : string) is
      variable content : line;
    begin
      write(content, message);
      writeline(output, content);
    end procedure;

    procedure open_results is
    begin
      if RESULTS'length > 0 then
        file_open(results_file, RESULTS, write_mode);
        writes_results := true;
      end if;
    end procedure;

    impure function describe(word : output_word) return string is
      variable content : line;
    begin
{%- if b.class_bits > 0 %}
      write(content, string'(" class "));
      write(content, to_integer(unsigned(word({{ b.class_bits - 1 }} downto 0))));
{%- endif %}
{%- if b.scores > 0 %}
      write(content, string'(" scores"));
      for class in 0 to {{ b.scores - 1 }} loop
        write(content, ' ');
        write(content, to_integer(unsigned(word({{ b.class_bits }} + class * {{ b.score_bits }} + {{ b.score_bits - 1 }} downto {{ b.class_bits }} + class * {{ b.score_bits }}))));
      end loop;
{%- endif %}
{%- if !b.has_head() %}
      write(content, string'(" bits "));
      write(content, to_string(word));
{%- endif %}
      if is_x(word) then
        write(content, " (" & to_string(word) & ")");
      end if;
      return content.all;
    end function;

    procedure check(vector : natural) is
      variable content : line;
      variable wanted : output_word;
    begin
      wanted := expected_of(vector);
      if writes_results then
        hwrite(content, outputs);
        writeline(results_file, content);
      end if;
      if is_x(wanted) or is_x(outputs) or outputs /= wanted then
        if failures = 0 then
          print("FAIL vector " & to_string(vector) & ": expected" & describe(wanted) & ", got" & describe(outputs));
        end if;
        failures := failures + 1;
      end if;
    end procedure;
{%- if b.interface != Interface::Comb %}

    variable seed1, seed2 : positive := 1;
    variable cycle, sent, received, total, idle : natural := 0;
    variable pauses : boolean := false;
{%- if b.stream.is_some() %}
    variable held : boolean := false;
    variable held_outputs : output_word;
    variable held_last : std_logic;
{%- endif %}

    procedure fault(what : string) is
    begin
      if failures = 0 then
        print("FAIL in cycle " & to_string(cycle) & ": " & what);
      end if;
      failures := failures + 1;
    end procedure;

    -- True once in `every` times when there are pauses.
    impure function pause(every : real) return boolean is
      variable number : real;
    begin
      uniform(seed1, seed2, number);
      return pauses and number < 1.0 / every;
    end function;

    -- One clock cycle. Inputs change after the falling edge and stay until the next one; what
    -- is true just before the rising edge happens at it.
    procedure tick is
      variable sends : boolean;
    begin
{%- if b.stream.is_some() %}
      -- An input that was offered stays until it is taken.
      if in_valid = '0' then
        if sent < total and not pause(4.0) then
          in_valid <= '1';
          {{ b.input.name }} <= input_of(sent);
          in_last <= '1' when sent mod 7 = 6 else '0';
        else
          {{ b.input.name }} <= (others => 'X');
          in_last <= 'X';
        end if;
      end if;
      out_ready <= '0' when pause(3.0) else '1';
      wait for 5 ns;
      sends := in_valid = '1' and in_ready = '1';
      if is_x(out_valid) then
        fault("m_axis_tvalid is unknown");
      end if;
      if held and (out_valid /= '1' or outputs /= held_outputs or out_last /= held_last) then
        fault("a result changed before it was taken");
      end if;
      held := out_valid = '1' and out_ready = '0';
      held_outputs := outputs;
      held_last := out_last;
      if out_valid = '1' and out_ready = '1' then
        if received < sent then
          check(received);
          if (out_last = '1') /= (received mod 7 = 6) or is_x(out_last) then
            fault("m_axis_tlast is wrong");
          end if;
        else
          fault("a result without an input");
        end if;
        received := received + 1;
      end if;
      if not pauses and in_valid = '1' and in_ready /= '1' then
        fault("an input has to wait although all results are taken");
      end if;
{%- else %}
      if sent < total and not pause(4.0) then
        in_valid <= '1';
        {{ b.input.name }} <= input_of(sent);
      else
        in_valid <= '0';
        {{ b.input.name }} <= (others => 'X');
      end if;
      wait for 5 ns;
      sends := in_valid = '1';
      if is_x(out_valid) then
        fault("out_valid is unknown");
      end if;
      if out_valid = '1' then
        if received < sent then
          check(received);
        else
          fault("a result without an input");
        end if;
        received := received + 1;
      end if;
{%- endif %}
      clk <= '1';
      wait for 5 ns;
      clk <= '0';
      if sends then
        sent := sent + 1;
        in_valid <= '0';
      end if;
      wait for 0 ns;
      cycle := cycle + 1;
    end procedure;

    procedure reset is
    begin
      in_valid <= '0';
{%- if b.stream.is_some() %}
      held := false;
      aresetn <= '0';
{%- else %}
      rst <= '1';
{%- endif %}
      wait for 5 ns;
      clk <= '1';
      wait for 5 ns;
      clk <= '0';
{%- if b.stream.is_some() %}
      aresetn <= '1';
      -- The cycle after a reset takes no input yet.
      wait for 5 ns;
      clk <= '1';
      wait for 5 ns;
      clk <= '0';
{%- else %}
      rst <= '0';
{%- endif %}
      wait for 0 ns;
      sent := 0;
      received := 0;
    end procedure;
{%- endif %}
  begin
{%- if b.interface == Interface::Comb %}
    open_results;
{%- if b.latency > 0 %}
    -- One vector a cycle; the results of a vector are there after {{ b.latency }} rising edge{% if b.latency > 1 %}s{% endif %}.
    for cycle in 0 to VECTORS + {{ b.latency - 1 }} - 1 loop
      if cycle < VECTORS then
        {{ b.input.name }} <= input_of(cycle);
      end if;
      wait for 5 ns;
      clk <= '1';
      wait for 4 ns;
      if cycle >= {{ b.latency - 1 }} then
        check(cycle - {{ b.latency - 1 }});
      end if;
      wait for 1 ns;
      clk <= '0';
    end loop;
{%- else %}
    for vector in 0 to VECTORS - 1 loop
      {{ b.input.name }} <= input_of(vector);
      wait for 10 ns;
      check(vector);
    end loop;
{%- endif %}
{%- else %}
    -- A reset while inputs are on their way: what was sent before it never comes out.
    reset;
    pauses := true;
    total := VECTORS;
    for i in 1 to {{ 2 * b.latency + 5 }} loop
      tick;
    end loop;
    reset;
    total := 0;
    for i in 1 to {{ 2 * b.latency + 5 }} loop
      tick;
    end loop;

    -- All vectors, one a cycle: the last result is there {{ b.latency }} cycle{% if b.latency > 1 %}s{% endif %} after the last input.
    open_results;
    pauses := false;
    total := VECTORS;
    for i in 1 to VECTORS + {{ b.latency }} loop
      tick;
    end loop;
    if received /= VECTORS then
      fault("results are missing or late at full rate");
    end if;
    writes_results := false;

    -- Pauses{% if b.stream.is_some() %} and back-pressure{% endif %} at random.
    reset;
    pauses := true;
    total := minimum(VECTORS, 300);
    while received < total and idle < 20 * total + 1000 loop
      tick;
      idle := idle + 1;
    end loop;
    for i in 1 to {{ 2 * b.latency + 5 }} loop
      tick;
    end loop;
    if received /= total then
      fault("results are missing");
    end if;
{%- endif %}
    if failures = 0 then
      print("PASS " & to_string(VECTORS) & " vectors");
    else
      print("FAIL " & to_string(failures) & " of " & to_string(VECTORS) & " vectors differ");
    end if;
    finish;
  end process;
end architecture;
