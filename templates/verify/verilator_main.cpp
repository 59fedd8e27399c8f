// Drives {{ module }} with one vector per line of stimulus.hex and writes one line of outputs
// per vector to results.hex. Made by difflut for one check.
{%- include "verify/verilator_ports.cpp" %}
{%- if interface == Interface::Comb %}
    const size_t latency = {{ latency }};
    for (size_t cycle = 0; cycle < vectors.size() + latency; ++cycle) {
        if (cycle < vectors.size()) set(top.{{ input }}, vectors[cycle]);
{%- if clocked %}
        top.clk = 0;
        top.eval();
        // Inputs are stable before the edge; outputs are read just before the next one.
{%- endif %}
        top.eval();
        if (cycle >= latency) {
{%- for port in outputs %}
            print(results, get(top.{{ port }}));
            std::fputc({% if loop.last %}'\n'{% else %}' '{% endif %}, results);
{%- endfor %}
        }
{%- if clocked %}
        top.clk = 1;
        top.eval();
{%- endif %}
    }
{%- else %}
    // A small generator, so that every machine sees the same pauses.
    uint32_t state = 1;
    const auto random = [&state]() { return (state = state * 1664525u + 1013904223u) >> 16; };
    size_t sent = 0, received = 0, cycles = 0;
    bool writes = false, wrong = false;
    const auto edge = [&top]() {
        top.{{ clock }} = 1;
        top.eval();
        top.{{ clock }} = 0;
        top.eval();
    };
    const auto fault = [&wrong, &cycles](const char* what) {
        if (!wrong) std::cout << "FAIL in cycle " << cycles << ": " << what << "\n";
        wrong = true;
    };
{%- if interface == Interface::Axis %}
    top.s_axis_tvalid = 0;
    bool held = false;
    std::vector<uint32_t> held_data;
{%- endif %}
    const auto tick = [&](size_t total, bool pauses) {
{%- if interface == Interface::Axis %}
        if (!top.s_axis_tvalid) {
            top.s_axis_tvalid = sent < total && (!pauses || random() % 4 != 0);
            if (top.s_axis_tvalid) set(top.s_axis_tdata, vectors[sent]);
            top.s_axis_tlast = sent % 5 == 4;
        }
        top.m_axis_tready = !pauses || random() % 3 != 0;
        top.eval();
        const bool sends = top.s_axis_tvalid && top.s_axis_tready;
        const std::vector<uint32_t> data = get(top.m_axis_tdata);
        if (held && (!top.m_axis_tvalid || data != held_data)) fault("a result changed before it was taken");
        held = top.m_axis_tvalid && !top.m_axis_tready;
        held_data = data;
        if (top.m_axis_tvalid && top.m_axis_tready) {
            if (received >= sent) fault("a result without an input");
            if (bool(top.m_axis_tlast) != (received % 5 == 4)) fault("tlast is wrong");
            ++received;
            if (writes) {
                std::vector<bool> bits;
{%- for (low, width) in fields %}
                for (size_t bit = {{ low }}; bit < {{ low + width }}; ++bit) bits.push_back(word(data, bit / 32) >> bit % 32 & 1);
{%- endfor %}
                std::vector<uint32_t> packed((bits.size() + 31) / 32, 0);
                for (size_t bit = 0; bit < bits.size(); ++bit) packed[bit / 32] |= uint32_t(bits[bit]) << bit % 32;
                print(results, packed);
                std::fputc('\n', results);
            }
        }
        edge();
        if (sends) {
            top.s_axis_tvalid = 0;
            ++sent;
        }
{%- else %}
        top.in_valid = sent < total && (!pauses || random() % 4 != 0);
        if (top.in_valid) set(top.{{ input }}, vectors[sent]);
        top.eval();
        const bool sends = top.in_valid;
        if (top.out_valid) {
            if (received >= sent) fault("a result without an input");
            ++received;
            if (writes) {
{%- for port in outputs %}
                print(results, get(top.{{ port }}));
                std::fputc({% if loop.last %}'\n'{% else %}' '{% endif %}, results);
{%- endfor %}
            }
        }
        edge();
        if (sends) ++sent;
{%- endif %}
        ++cycles;
    };
    const auto restart = [&]() {
{%- if interface == Interface::Axis %}
        top.s_axis_tvalid = 0;
        held = false;
{%- else %}
        top.in_valid = 0;
{%- endif %}
        top.{{ reset }} = {{ reset_active }};
        edge();
        top.{{ reset }} = {{ 1 - reset_active }};
        edge();
        sent = received = 0;
    };
    const size_t some = {{ 2 * latency + 5 }};
    // What is on its way at a reset never comes out.
    restart();
    for (size_t cycle = 0; cycle < some; ++cycle) tick(vectors.size(), true);
    restart();
    for (size_t cycle = 0; cycle < some; ++cycle) tick(0, true);
    // Full rate, then pauses at random.
    writes = true;
    for (size_t cycle = 0; cycle < vectors.size() + {{ latency }}; ++cycle) tick(vectors.size(), false);
    if (received != vectors.size()) fault("results are missing or late at full rate");
    writes = false;
    restart();
    for (size_t cycle = 0; cycle < 20 * vectors.size() + 1000 && received < vectors.size(); ++cycle) tick(vectors.size(), true);
    if (received != vectors.size()) fault("results are missing");
{%- endif %}
    std::fclose(results);
{%- if interface != Interface::Comb %}
    if (wrong) return 1;
{%- endif %}
    std::cout << "done " << vectors.size() << "\n";
    return 0;
}
