// Drives {{ module }} with one vector per line of stimulus.hex and writes one line of outputs
// per vector to results.hex. Made by difflut for one check.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <type_traits>
#include <vector>

#include "V{{ module }}.h"
#include "verilated.h"

// A number in hexadecimal as 32-bit words, lowest first.
static std::vector<uint32_t> parse(const std::string& digits) {
    std::vector<uint32_t> words(digits.size() / 8 + 1, 0);
    size_t nibble = 0;
    for (size_t i = digits.size(); i-- > 0; ++nibble) {
        const char c = digits[i];
        uint32_t value;
        if (c >= '0' && c <= '9') value = uint32_t(c - '0');
        else if (c >= 'a' && c <= 'f') value = uint32_t(c - 'a' + 10);
        else return {};
        words[nibble / 8] |= value << (nibble % 8 * 4);
    }
    return words;
}

static uint32_t word(const std::vector<uint32_t>& words, size_t i) { return i < words.size() ? words[i] : 0; }

// Verilator makes a port of up to 64 bits an integer and a wider one an array of words.
template <typename Port, typename std::enable_if<std::is_integral<Port>::value, int>::type = 0>
static void set(Port& port, const std::vector<uint32_t>& words) {
    port = Port(uint64_t(word(words, 1)) << 32 | word(words, 0));
}
template <std::size_t Words>
static void set(VlWide<Words>& port, const std::vector<uint32_t>& words) {
    for (std::size_t i = 0; i < Words; ++i) port[i] = word(words, i);
}
template <typename Port, typename std::enable_if<std::is_integral<Port>::value, int>::type = 0>
static std::vector<uint32_t> get(const Port& port) {
    return {uint32_t(port), uint32_t(uint64_t(port) >> 32)};
}
template <std::size_t Words>
static std::vector<uint32_t> get(const VlWide<Words>& port) {
    std::vector<uint32_t> words;
    for (std::size_t i = 0; i < Words; ++i) words.push_back(port[i]);
    return words;
}

static void print(FILE* file, const std::vector<uint32_t>& words) {
    for (size_t i = words.size(); i-- > 0;) std::fprintf(file, "%08x", words[i]);
}

int main(int argc, char** argv) {
    VerilatedContext context;
    context.commandArgs(argc, argv);
    V{{ module }} top{&context};
    std::ifstream inputs("stimulus.hex");
    FILE* results = std::fopen("results.hex", "w");
    if (!inputs || !results) {
        std::cerr << "cannot open the vectors or the results\n";
        return 2;
    }
    std::vector<std::vector<uint32_t>> vectors;
    for (std::string line; std::getline(inputs, line);) {
        if (line.empty()) continue;
        vectors.push_back(parse(line));
        if (vectors.back().empty()) {
            std::cerr << "not a hexadecimal number: " << line << "\n";
            return 2;
        }
    }
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
