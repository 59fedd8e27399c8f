{%- let module = main.module -%}
// Drives {{ module }} with one pixel per line of stimulus.hex, {{ pixels }} a frame, and writes one line of
// outputs per frame to results.hex. Made by difflut for one check.
{%- include "verify/verilator_ports.cpp" %}
    // A small generator, so that every machine sees the same pauses.
    uint32_t state = 1;
    const auto random = [&state]() { return (state = state * 1664525u + 1013904223u) >> 16; };
    const size_t pixels = {{ pixels }}, frames = vectors.size() / pixels;
    size_t sent = 0, received = 0, cycles = 0, gap = 0;
    bool writes = false, wrong = false, late = false;
    const auto edge = [&top]() {
        top.{{ main.clock }} = 1;
        top.eval();
        top.{{ main.clock }} = 0;
        top.eval();
    };
    const auto fault = [&wrong, &cycles](const char* what) {
        if (!wrong) std::cout << "FAIL in cycle " << cycles << ": " << what << "\n";
        wrong = true;
    };
    const auto took = [&](bool sends) {
        edge();
        ++cycles;
        if (gap) --gap;
        // Now and then the next frame is late.
        if (sends && ++sent % pixels == 0 && late && random() % 2) gap = random() % (3 * pixels);
    };
{%- if main.interface == Interface::Axis %}
    top.s_axis_tvalid = 0;
    bool held = false;
    std::vector<uint32_t> held_data;
    const auto tick = [&](size_t total, bool pauses) {
        if (!top.s_axis_tvalid) {
            top.s_axis_tvalid = sent < total && (!pauses || (!gap && random() % 4 != 0));
            if (top.s_axis_tvalid) set(top.s_axis_tdata, vectors[sent]);
            top.s_axis_tlast = sent % pixels == pixels - 1;
        }
        top.m_axis_tready = !pauses || random() % (2 * pixels) == 0;
        top.eval();
        const bool sends = top.s_axis_tvalid && top.s_axis_tready;
        const std::vector<uint32_t> data = get(top.m_axis_tdata);
        if (held && (!top.m_axis_tvalid || data != held_data)) fault("a result changed before it was taken");
        held = top.m_axis_tvalid && !top.m_axis_tready;
        held_data = data;
        if (top.m_axis_tvalid && top.m_axis_tready) {
            if (received * pixels >= sent) fault("a result without a frame");
            if (!top.m_axis_tlast) fault("tlast is wrong");
            ++received;
            if (writes) {
                std::vector<bool> bits;
{%- for (low, width) in main.fields %}
                for (size_t bit = {{ low }}; bit < {{ low + width }}; ++bit) bits.push_back(word(data, bit / 32) >> bit % 32 & 1);
{%- endfor %}
                std::vector<uint32_t> packed((bits.size() + 31) / 32, 0);
                for (size_t bit = 0; bit < bits.size(); ++bit) packed[bit / 32] |= uint32_t(bits[bit]) << bit % 32;
                print(results, packed);
                std::fputc('\n', results);
            }
        }
        took(sends);
        if (sends) top.s_axis_tvalid = 0;
    };
{%- else %}
    const auto tick = [&](size_t total, bool pauses) {
        top.in_valid = sent < total && (!pauses || (!gap && random() % 4 != 0));
        if (top.in_valid) set(top.pixel, vectors[sent]);
        top.eval();
        const bool sends = top.in_valid;
        if (top.out_valid) {
            if (received * pixels >= sent) fault("a result without a frame");
            ++received;
            if (writes) {
{%- for port in main.outputs %}
                print(results, get(top.{{ port }}));
                std::fputc({% if loop.last %}'\n'{% else %}' '{% endif %}, results);
{%- endfor %}
            }
        }
        took(sends);
    };
{%- endif %}
    const auto restart = [&]() {
{%- if main.interface == Interface::Axis %}
        top.s_axis_tvalid = 0;
        held = false;
{%- else %}
        top.in_valid = 0;
{%- endif %}
        top.{{ main.reset }} = {{ main.reset_active }};
        edge();
        top.{{ main.reset }} = {{ 1 - main.reset_active }};
        edge();
        sent = received = gap = 0;
    };
    const size_t all = frames * pixels, some = {{ 2 * main.latency + 5 }};
    // Resets at several places of a frame: what is on its way never comes out, and the next pixel is
    // the first of a frame, whether it comes at once or later.
    restart();
    for (size_t again = 0; again < 6; ++again) {
        for (size_t cycle = 0; cycle < (1 + again % 2 * 3) * pixels + 3 + again * pixels / 4; ++cycle) tick(all, true);
        restart();
        if (again % 2 == 0) for (size_t cycle = 0; cycle < some; ++cycle) tick(0, true);
    }
    // Full rate, then pauses at random.
    writes = true;
    for (size_t cycle = 0; cycle < all + {{ main.latency }}; ++cycle) tick(all, false);
    if (received != frames) fault("results are missing or late at full rate");
    writes = false;
    late = true;
    restart();
    for (size_t cycle = 0; cycle < 20 * all + 1000 && received < frames; ++cycle) tick(all, true);
    if (received != frames) fault("results are missing");
    std::fclose(results);
    if (wrong) return 1;
    std::cout << "done " << frames << "\n";
    return 0;
}
