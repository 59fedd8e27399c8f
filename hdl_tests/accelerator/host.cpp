// The kernels of `components::accelerator` on the processor, for the test beside this file: reads
// operations from the standard input, word by word, and answers downloads on the standard output.
//
//     0 words             allocate              1                  clear
//     2 array words DATA  upload                3 array words      download: DATA
//     4 length NAME threads count (kind value)...   launch; kind 0 is an array, 1 a count, 2 a float
//
// NAME has one word a character. Arrays have exactly the length that they were allocated with, so
// that an address sanitizer sees what leaves them.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#define __global__
#define __device__
static struct { unsigned x; } blockIdx, blockDim, threadIdx;
#include KERNELS

using Words = std::unique_ptr<uint32_t[]>;
struct Argument {
    uint32_t kind, value;
};
static std::vector<std::pair<Words, size_t>> arrays;

static void fail(const std::string &why) {
    fprintf(stderr, "%s\n", why.c_str());
    exit(1);
}

template <class T> static T as(const Argument &argument) {
    if constexpr (std::is_pointer_v<T>) {
        if (argument.kind != 0) fail("an array was expected");
        return reinterpret_cast<T>(arrays.at(argument.value).first.get());
    } else if constexpr (std::is_same_v<T, float>) {
        if (argument.kind != 2) fail("a float was expected");
        float value;
        memcpy(&value, &argument.value, sizeof value);
        return value;
    } else {
        static_assert(std::is_same_v<T, unsigned>);
        if (argument.kind != 1) fail("a count was expected");
        return argument.value;
    }
}

using Launch = std::function<void(unsigned, const std::vector<Argument> &)>;

template <class... P, size_t... I>
static Launch kernel_of(void (*kernel)(P...), std::index_sequence<I...>) {
    return [kernel](unsigned threads, const std::vector<Argument> &arguments) {
        if (arguments.size() != sizeof...(P)) fail("another number of arguments was expected");
        blockDim.x = 32;
        for (blockIdx.x = 0; blockIdx.x * blockDim.x < threads; blockIdx.x++)
            for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++) kernel(as<P>(arguments[I])...);
    };
}

template <class... P> static Launch kernel_of(void (*kernel)(P...)) {
    return kernel_of(kernel, std::index_sequence_for<P...>());
}

#define KERNEL(name) {#name, kernel_of(name)}
static const std::map<std::string, Launch> kernels = {
    KERNEL(expand_bits),        KERNEL(lookup_forward),      KERNEL(multilinear_forward), KERNEL(logistic_backward),
    KERNEL(lookup_backward),    KERNEL(multilinear_backward), KERNEL(lookup_sums),        KERNEL(monomial_sums),
    KERNEL(add_parts),          KERNEL(gather_rows),         KERNEL(max_pool_forward),    KERNEL(max_pool_backward),
    KERNEL(sum_groups),         KERNEL(sum_groups_backward), KERNEL(bit_scores),          KERNEL(choice_gradient),
};

static bool word(uint32_t &value) { return fread(&value, 4, 1, stdin) == 1; }

static uint32_t word() {
    uint32_t value;
    if (!word(value)) fail("the input ended in an operation");
    return value;
}

int main() {
    uint32_t operation;
    while (word(operation)) {
        if (operation == 0) {
            size_t length = word();
            arrays.emplace_back(Words(new uint32_t[length]()), length);
        } else if (operation == 1) {
            arrays.clear();
        } else if (operation == 2 || operation == 3) {
            auto &[data, length] = arrays.at(word());
            size_t words = word();
            if (words > length) fail("more words than the array has");
            if (operation == 2 && fread(data.get(), 4, words, stdin) != words) fail("the input ended in data");
            if (operation == 3) {
                fwrite(data.get(), 4, words, stdout);
                fflush(stdout);
            }
        } else if (operation == 4) {
            std::string name(word(), ' ');
            for (char &c : name) c = (char)word();
            unsigned threads = word();
            std::vector<Argument> arguments(word());
            for (auto &argument : arguments) argument.kind = word(), argument.value = word();
            arguments.push_back({1, threads});
            auto found = kernels.find(name);
            if (found == kernels.end()) fail("no kernel " + name);
            found->second(threads, arguments);
        } else {
            fail("no operation");
        }
    }
}
