
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
