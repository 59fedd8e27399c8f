
static W *in, *out;

size_t prepare(const uint8_t *features)
{
    size_t i;
    in = malloc(FEATURES * sizeof(W));
    out = malloc(OUTPUTS * sizeof(W));
    for (i = 0; i < FEATURES; i++) {
        in[i] = features[i] * UINT64_C(0x123456789abcdef);
    }
    return 64;
}

void kernel(void)
{
    network(in, out);
}

/* Samples to words a bool at a time, each class counted by a ripple counter, words to sums a bit
 * at a time. */
void classify(const uint8_t *features, size_t samples, uint8_t *classes)
{
    size_t first;
    for (first = 0; first + 64 <= samples; first += 64, features += 64 * FEATURES, classes += 64) {
        uint32_t scores[64][CLASSES];
        size_t f, s, c, k, i;
        for (f = 0; f < FEATURES; f++) {
            W word = 0;
            for (s = 64; s-- > 0;) {
                word = word << 1 | (features[s * FEATURES + f] != 0);
            }
            in[f] = word;
        }
        network(in, out);
        for (c = 0; c < CLASSES; c++) {
            W count[SCORE_BITS];
            for (k = 0; k < SCORE_BITS; k++) {
                count[k] = 0;
            }
            for (i = c * GROUP; i < (c + 1) * GROUP && i < OUTPUTS; i++) {
                W carry = out[i];
                for (k = 0; k < SCORE_BITS; k++) {
                    const W next = count[k] & carry;
                    count[k] ^= carry;
                    carry = next;
                }
            }
            for (s = 0; s < 64; s++) {
                uint32_t score = 0;
                for (k = 0; k < SCORE_BITS; k++) {
                    score |= (uint32_t)(count[k] >> s & 1) << k;
                }
                scores[s][c] = score;
            }
        }
        for (s = 0; s < 64; s++) {
            classes[s] = 0;
            for (c = 1; c < CLASSES; c++) {
                if (scores[s][c] > scores[s][classes[s]]) {
                    classes[s] = (uint8_t)c;
                }
            }
        }
    }
}
