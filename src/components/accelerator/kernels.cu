// The passes of a training step for an accelerator: a batch at a time, one row per signal and the
// samples of a signal side by side, as in `components::ops`, whose formulas these are.
//
// A thread computes what nobody else writes, so there is no atomic operation, no shared memory and
// no order that could change a sum: the same input gives the same bits. The same text is compiled
// by NVRTC when a program starts, by nvcc in `scripts/cuda-check`, and by a C++ compiler for the test
// that compares every kernel with the passes on the CPU.
//
// Numbers of a layer: `read` has the row of every pin, (nodes, positions, fan_in); tables,
// coefficients and sums have 2^fan_in numbers a node; `tile` is the length of a row. The last
// argument is the number of threads that have something to do.

#define MOST_ROWS 256 /* 2^8: tables have up to eight inputs */
#define MOST_MONOMIALS 64 /* 2^6: multilinear extensions up to six */

#define THREAD (blockIdx.x * blockDim.x + threadIdx.x)

static inline __device__ unsigned address_of(const float *inputs, const unsigned *read, unsigned fan_in,
                                             size_t tile, unsigned sample) {
    unsigned address = 0;
    for (unsigned input = 0; input < fan_in; input++)
        address |= (inputs[read[input] * tile + sample] >= 0.5f ? 1u : 0u) << input;
    return address;
}

// Folds the coefficients of monomials over the inputs, highest first. `tree` is a heap: the 2^j
// values that are left when inputs j and above are folded stand at 2^j, so the result is tree[1].
static inline __device__ float fold(const float *c, const float *x, unsigned fan_in, float *tree) {
    for (unsigned input = fan_in; input-- > 0;) {
        unsigned half = 1u << input;
        for (unsigned r = 0; r < half; r++) {
            bool top = input + 1 == fan_in;
            float low = top ? c[r] : tree[2 * half + r];
            float high = top ? c[half + r] : tree[3 * half + r];
            tree[half + r] = low + x[input] * high;
        }
    }
    return tree[1];
}

static inline __device__ void pins_of(const float *inputs, const unsigned *read, unsigned fan_in, size_t tile,
                                      unsigned sample, float *x) {
    for (unsigned input = 0; input < fan_in; input++)
        x[input] = inputs[read[input] * tile + sample];
}

// Bits of samples, column c of a sample at bit c % 32 of word c / 32, to rows of 0 and 1. Samples
// behind the last are 0.
extern "C" __global__ void expand_bits(const unsigned *words, float *rows, unsigned words_per_sample,
                                       unsigned samples, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned column = i / tile, sample = i % tile;
    unsigned word = sample < samples ? words[(size_t)sample * words_per_sample + column / 32] : 0;
    rows[i] = (float)(word >> (column % 32) & 1u);
}

// The addressed entry; with `binary` whether it is at least one half.
extern "C" __global__ void lookup_forward(const float *inputs, const unsigned *read, const float *tables, float *out,
                                          unsigned fan_in, unsigned positions, unsigned tile, unsigned binary,
                                          unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned index = i / tile, sample = i % tile;
    unsigned address = address_of(inputs, read + (size_t)index * fan_in, fan_in, tile, sample);
    float value = tables[((size_t)(index / positions) << fan_in) + address];
    out[i] = binary ? (value >= 0.5f ? 1.0f : 0.0f) : value;
}

// The multilinear extension, with a temperature T above 0 under a sigmoid: sigmoid(f / T).
extern "C" __global__ void multilinear_forward(const float *inputs, const unsigned *read, const float *coefficients,
                                               float *out, unsigned fan_in, unsigned positions, unsigned tile,
                                               float temperature, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned index = i / tile, sample = i % tile;
    float x[8], tree[MOST_MONOMIALS];
    pins_of(inputs, read + (size_t)index * fan_in, fan_in, tile, sample, x);
    float value = fold(coefficients + ((size_t)(index / positions) << fan_in), x, fan_in, tree);
    out[i] = temperature > 0.0f ? 1.0f / (1.0f + expf(-value / temperature)) : value;
}

// The gradient in front of that sigmoid, in place; `out` is what the forward pass returned.
extern "C" __global__ void logistic_backward(const float *out, float *grad, float temperature, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    grad[i] = grad[i] * out[i] * (1.0f - out[i]) / temperature;
}

// The gradients of pins by the slopes of tables, (nodes, fan_in, 2^fan_in).
extern "C" __global__ void lookup_backward(const float *inputs, const unsigned *read, const float *slopes,
                                           const float *grad_out, float *grad_pins, unsigned fan_in,
                                           unsigned positions, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned index = i / tile, sample = i % tile;
    unsigned address = address_of(inputs, read + (size_t)index * fan_in, fan_in, tile, sample);
    const float *own = slopes + ((size_t)(index / positions) * fan_in << fan_in);
    for (unsigned input = 0; input < fan_in; input++)
        grad_pins[((size_t)index * fan_in + input) * tile + sample] = grad_out[i] * own[((size_t)input << fan_in) + address];
}

// The gradients of pins of the multilinear extension.
extern "C" __global__ void multilinear_backward(const float *inputs, const unsigned *read, const float *coefficients,
                                                const float *grad_out, float *grad_pins, unsigned fan_in,
                                                unsigned positions, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned index = i / tile, sample = i % tile;
    const float *c = coefficients + ((size_t)(index / positions) << fan_in);
    float x[8], tree[MOST_MONOMIALS], monomials[MOST_MONOMIALS];
    pins_of(inputs, read + (size_t)index * fan_in, fan_in, tile, sample, x);
    fold(c, x, fan_in, tree);
    monomials[0] = grad_out[i];
    for (unsigned input = 0; input < fan_in; input++) {
        unsigned half = 1u << input;
        float slope = 0.0f;
        for (unsigned r = 0; r < half; r++) {
            slope += monomials[r] * (input + 1 == fan_in ? c[half + r] : tree[3 * half + r]);
            if (input + 1 < fan_in) monomials[half + r] = monomials[r] * x[input];
        }
        grad_pins[((size_t)index * fan_in + input) * tile + sample] = slope;
    }
}

// The gradients of the entries of tables: every thread adds up a part of the samples of a node.
// `partials` is (parts, nodes, 2^fan_in), a part has `length` of the positions * tile samples.
extern "C" __global__ void lookup_sums(const float *inputs, const unsigned *read, const float *grad_out,
                                       float *partials, unsigned fan_in, unsigned positions, unsigned tile,
                                       unsigned nodes, unsigned length, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned node = i % nodes, part = i / nodes;
    float sums[MOST_ROWS];
    for (unsigned r = 0; r < 1u << fan_in; r++) sums[r] = 0.0f;
    unsigned all = positions * tile, first = part * length;
    for (unsigned at = first; at < all && at < first + length; at++) {
        unsigned index = node * positions + at / tile, sample = at % tile;
        unsigned address = address_of(inputs, read + (size_t)index * fan_in, fan_in, tile, sample);
        sums[address] += grad_out[(size_t)index * tile + sample];
    }
    for (unsigned r = 0; r < 1u << fan_in; r++) partials[((size_t)i << fan_in) + r] = sums[r];
}

// The gradients of the coefficients of monomials, likewise: a thread has one monomial of a node.
extern "C" __global__ void monomial_sums(const float *inputs, const unsigned *read, const float *grad_out,
                                         float *partials, unsigned fan_in, unsigned positions, unsigned tile,
                                         unsigned nodes, unsigned length, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned r = i & ((1u << fan_in) - 1u), node = (i >> fan_in) % nodes, part = (i >> fan_in) / nodes;
    float sum = 0.0f;
    unsigned all = positions * tile, first = part * length;
    for (unsigned at = first; at < all && at < first + length; at++) {
        unsigned index = node * positions + at / tile, sample = at % tile;
        float product = grad_out[(size_t)index * tile + sample];
        for (unsigned input = 0; input < fan_in; input++)
            if (r >> input & 1u) product *= inputs[read[(size_t)index * fan_in + input] * (size_t)tile + sample];
        sum += product;
    }
    partials[i] = sum;
}

// Adds the parts up, in their order.
extern "C" __global__ void add_parts(const float *partials, float *sums, unsigned parts, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    float sum = 0.0f;
    for (unsigned part = 0; part < parts; part++) sum += partials[(size_t)part * count + i];
    sums[i] = sum;
}

// The gradient of every row: the sum of those of the pins that read it, `pins[starts[row]..starts[row + 1]]`.
extern "C" __global__ void gather_rows(const float *grad_pins, const unsigned *starts, const unsigned *pins,
                                       float *grad, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned row = i / tile, sample = i % tile;
    float sum = 0.0f;
    for (unsigned at = starts[row]; at < starts[row + 1]; at++) sum += grad_pins[(size_t)pins[at] * tile + sample];
    grad[i] = sum;
}

// The largest value of every window of `area` rows.
extern "C" __global__ void max_pool_forward(const float *inputs, const unsigned *windows, float *out, unsigned area,
                                            unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned window = i / tile, sample = i % tile;
    float largest = inputs[windows[(size_t)window * area] * (size_t)tile + sample];
    for (unsigned place = 1; place < area; place++) {
        float x = inputs[windows[(size_t)window * area + place] * (size_t)tile + sample];
        if (x > largest) largest = x;
    }
    out[i] = largest;
}

// The gradients of the places of windows: all of it to the first of the largest values.
extern "C" __global__ void max_pool_backward(const float *inputs, const unsigned *windows, const float *grad_out,
                                             float *grad_pins, unsigned area, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned window = i / tile, sample = i % tile, winner = 0;
    float largest = inputs[windows[(size_t)window * area] * (size_t)tile + sample];
    for (unsigned place = 1; place < area; place++) {
        float x = inputs[windows[(size_t)window * area + place] * (size_t)tile + sample];
        if (x > largest) {
            largest = x;
            winner = place;
        }
    }
    for (unsigned place = 0; place < area; place++)
        grad_pins[((size_t)window * area + place) * tile + sample] = place == winner ? grad_out[i] : 0.0f;
}

// Sums of groups of `group` of the `width` rows, divided by tau; scores are (samples, classes).
extern "C" __global__ void sum_groups(const float *rows, float *scores, unsigned width, unsigned classes,
                                      unsigned group, unsigned tile, float tau, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned sample = i / classes, first = (i % classes) * group;
    float sum = 0.0f;
    for (unsigned row = first; row < width && row < first + group; row++) sum += rows[(size_t)row * tile + sample];
    scores[i] = sum / tau;
}

// The gradient of every row of its group.
extern "C" __global__ void sum_groups_backward(const float *grad_scores, float *grad, unsigned classes,
                                               unsigned group, unsigned tile, float tau, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned row = i / tile, sample = i % tile;
    grad[i] = grad_scores[(size_t)sample * classes + row / group] / tau;
}

// Scores of plain bits: every row less one half, divided by tau.
extern "C" __global__ void bit_scores(const float *rows, float *scores, unsigned width, unsigned tile, float tau,
                                      unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned sample = i / width, bit = i % width;
    scores[i] = (rows[(size_t)bit * tile + sample] - 0.5f) / tau;
}

// The gradient of weights of straight-through choices, (pins, candidates): the sum over positions and
// samples of g (2 x - 1). Candidate k of a pin is element `list[pin * candidates + k]`, which is row
// `rows[element * positions + position]`; without a list every element is one.
extern "C" __global__ void choice_gradient(const float *inputs, const unsigned *rows, const unsigned *list,
                                           const float *grad_pins, float *grad, unsigned candidates, unsigned listed,
                                           unsigned fan_in, unsigned positions, unsigned tile, unsigned count) {
    unsigned i = THREAD;
    if (i >= count) return;
    unsigned pin = i / candidates, element = listed ? list[i] : i % candidates;
    float sum = 0.0f;
    for (unsigned position = 0; position < positions; position++) {
        size_t place = ((size_t)(pin / fan_in) * positions + position) * fan_in + pin % fan_in;
        const float *g = grad_pins + place * tile;
        const float *x = inputs + rows[(size_t)element * positions + position] * (size_t)tile;
        for (unsigned sample = 0; sample < tile; sample++) sum += g[sample] * (2.0f * x[sample] - 1.0f);
    }
    grad[i] = sum;
}
