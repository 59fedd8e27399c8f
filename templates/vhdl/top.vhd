{%- include "vhdl/context.vhd" %}

{%- let top = h.top %}
{%- let latency = h.pipeline.latency() %}
entity {{ name }} is
  port (
{%- for pin in top.pins %}
    {{ syntax::pin(pin) }}{% if !loop.last %};{% endif %}
{%- endfor %}
  );
end entity;

architecture rtl of {{ name }} is
{%- for wire in top.wires %}
  signal {{ wire }} : std_logic;
{%- endfor %}
{%- if latency > 0 && h.settings.interface != Interface::Comb %}
  -- Which stages hold results of a valid input.
  signal valid : std_logic_vector({{ latency - 1 }} downto 0);
{%- endif %}
{%- if let Some(stream) = top.stream %}
  signal last : std_logic_vector({{ latency - 1 }} downto 0);
  signal {{ top.input.name }} : std_logic_vector({{ top.input.width - 1 }} downto 0);
{%- for pin in top.results %}
  signal {{ pin.name }} : {{ syntax::pin_kind(pin) }};
{%- endfor %}
  signal ce : std_logic;
  signal result : std_logic_vector({{ stream.output_width - 1 }} downto 0);
  signal aside_valid : std_logic;
  signal aside_last : std_logic;
  signal aside : std_logic_vector({{ stream.output_width - 1 }} downto 0);
  signal running : std_logic;
  signal offered : std_logic;
{%- endif %}
begin
{%- for instance in top.instances %}
  {{ instance.module }} : entity work.{{ name }}_{{ instance.module }}
    port map (
{%- for (port, connection) in instance.ports %}
      {{ port }} => {{ syntax::connection(connection, h.clock()) }}{% if !loop.last %},{% endif %}
{%- endfor %}
    );
{% endfor %}
{%- for bit in top.bits.iter().rev() %}
  bits({{ loop.index0 }}) <= {{ bit }};
{%- endfor %}
{%- if h.settings.interface == Interface::Valid %}
  process (clk)
  begin
    if rising_edge(clk) then
      if rst = '1' then
        valid <= (others => '0');
      else
        valid <= valid({{ latency }} - 2 downto 0) & in_valid;
      end if;
    end if;
  end process;
  out_valid <= valid({{ latency - 1 }});
{%- endif %}
{%- if let Some(stream) = top.stream %}
  {{ top.input.name }} <= s_axis_tdata({{ stream.input_bits - 1 }} downto 0);
  result <= {% for field in stream.fields.iter().rev() %}{% if !loop.first %} & {% endif %}
{%- if field.padding > 0 %}{{ syntax::zeros(field.padding) }} & {% endif %}
{{ syntax::field(field) }}
{%- endfor %};

  -- A result that nobody takes moves aside and the registers stop. So the ready signal of the
  -- inputs comes from a register, and no result is lost or late when the flow goes on.
  ce <= not aside_valid;
  s_axis_tready <= running and not aside_valid;
  offered <= aside_valid or valid({{ latency - 1 }});
  m_axis_tvalid <= offered;
  m_axis_tlast <= aside_last when aside_valid = '1' else last({{ latency - 1 }});
  m_axis_tdata <= aside when aside_valid = '1' else result;

  process (aclk)
  begin
    if rising_edge(aclk) then
      if aresetn = '0' then
        running <= '0';
        aside_valid <= '0';
        valid <= (others => '0');
      else
        running <= '1';
        aside_valid <= offered and not m_axis_tready;
        if ce = '1' then
          valid <= valid({{ latency }} - 2 downto 0) & (s_axis_tvalid and running);
        end if;
      end if;
    end if;
  end process;

  process (aclk)
  begin
    if rising_edge(aclk) then
      if ce = '1' then
        last <= last({{ latency }} - 2 downto 0) & s_axis_tlast;
        aside <= result;
        aside_last <= last({{ latency - 1 }});
      end if;
    end if;
  end process;
{%- endif %}
end architecture;
