/* Evaluates the vectors of codes.c with {{ header }} and prints the outputs: decimal numbers, lines
 * that begin with # and end with ;. Made by difflut for one check. */
#include "{{ header }}"
{%- if avr %}

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/pgmspace.h>
#include <avr/sleep.h>

/* Two million baud, so that printing takes little of the emulated time. */
static void start(void)
{
    UBRR0 = 0;
    UCSR0A = 1 << U2X0;
    UCSR0B = 1 << TXEN0;
}

static void put(char symbol)
{
    while (!(UCSR0A & 1 << UDRE0)) {
    }
    UDR0 = (uint8_t)symbol;
}

/* Sleeping without interrupts is the end for the emulator. */
static void end(void)
{
    while (!(UCSR0A & 1 << UDRE0)) {
    }
    cli();
    sleep_mode();
}
{%- else %}

#include <stdio.h>

static void start(void)
{
}

static void put(char symbol)
{
    putchar(symbol);
}

static void end(void)
{
    fflush(stdout);
}
{%- endif %}

/* Little-endian, {{ feature_bytes }} byte(s) a code. */
extern const unsigned char difflut_codes[];
extern const unsigned long difflut_vectors;

/* The codes are written for this size of a code. */
typedef char difflut_same_size[sizeof({{ name }}_feature_t) == {{ feature_bytes }} ? 1 : -1];

static {{ name }}_feature_t features[{{ upper }}_FEATURES];

static unsigned char on_line;

static void number(unsigned long value)
{
    char digits[11];
    unsigned char count = 0;
    if (on_line == 0) {
        put('#');
    }
    do {
        digits[count++] = (char)('0' + (char)(value % 10u));
        value /= 10u;
    } while (value != 0);
    while (count > 0) {
        put(digits[--count]);
    }
    put(' ');
    on_line++;
}

static void line_ends(void)
{
    if (on_line > 0) {
        put(';');
        put('\n');
    }
    on_line = 0;
}

static void load(unsigned long vector)
{
    unsigned char *bytes = (unsigned char *)features;
    unsigned long first = vector * sizeof(features);
    unsigned long i;
    for (i = 0; i < sizeof(features); i++) {
{%- if avr %}
        bytes[i] = pgm_read_byte_far(pgm_get_far_address(difflut_codes) + first + i);
{%- else %}
        bytes[i] = difflut_codes[first + i];
{%- endif %}
    }
}

int main(void)
{
    unsigned long vector;
    unsigned long i;
{%- if classes %}
    static {{ score }} scores[{{ upper }}_CLASSES];
{%- else %}
    static uint8_t bits[{{ upper }}_BITS];
{%- endif %}
    start();
    for (vector = 0; vector < difflut_vectors; vector++) {
        load(vector);
{%- if classes %}
        number((unsigned long){{ name }}_predict(features));
        {{ name }}_scores(features, scores);
        for (i = 0; i < {{ upper }}_CLASSES; i++) {
            if (on_line == 12) {
                line_ends();
            }
            number((unsigned long)scores[i]);
        }
{%- else %}
        {{ name }}_bits(features, bits);
        for (i = 0; i < {{ upper }}_BITS; i++) {
            if (on_line == 24) {
                line_ends();
            }
            number((unsigned long)bits[i]);
        }
{%- endif %}
        line_ends();
    }
    put('#');
    put('!');
    on_line = 1;
    number(difflut_vectors);
    line_ends();
    end();
    return 0;
}
